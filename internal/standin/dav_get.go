package standin

import "net/http"

// get answers with the bytes that are kept.
func (c *davCall) get() (reply, error) {
	if err := c.at.there(); err != nil {
		return reply{}, err
	}
	if c.at.kind != atObject {
		return reply{status: http.StatusMethodNotAllowed, head: map[string]string{"Allow": methods}}, nil
	}
	o := c.at.obj
	head := map[string]string{"Content-Type": o.contentType(), "ETag": o.etag(), "Last-Modified": o.changed.UTC().Format(http.TimeFormat)}
	if none := c.r.Header.Get("If-None-Match"); none != "" && holds(none, o.etag()) {
		return reply{status: http.StatusNotModified, head: head}, nil
	}
	return reply{status: http.StatusOK, head: head, body: o.body}, nil
}
