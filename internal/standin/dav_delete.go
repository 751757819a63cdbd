package standin

import (
	"net/http"
	"slices"
)

// delete deletes an object, or a collection that a client made.
func (c *davCall) delete() (reply, error) {
	if err := c.at.there(); err != nil {
		return reply{}, err
	}
	switch {
	case c.at.kind == atCollection && !c.at.link.fixed && !c.at.link.shared:
		c.at.home.links = slices.DeleteFunc(c.at.home.links, func(l *davLink) bool { return l == c.at.link })
		for _, h := range c.d.homes { // nobody else sees it any more
			h.links = slices.DeleteFunc(h.links, func(l *davLink) bool { return l.davCollection == c.at.link.davCollection })
		}
		return reply{status: http.StatusNoContent}, nil
	case c.at.kind != atObject || c.at.link.readOnly:
		return reply{}, davError{http.StatusForbidden, "need-privileges", nsDAV}
	}
	if err := c.conditions(c.at.obj); err != nil {
		return reply{}, err
	}
	if c.r.Header.Get("Schedule-Reply") != "F" { // RFC 6638 8.1
		c.d.schedule(c.at.link, c.at.obj, nil)
	}
	c.d.drop(c.at.link.davCollection, c.at.obj)
	return reply{status: http.StatusNoContent}, nil
}
