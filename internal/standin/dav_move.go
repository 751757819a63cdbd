package standin

import (
	"net/http"
	"net/url"
	"strings"
)

// move is MOVE, or COPY, of an object to another place in the same mailbox (RFC 4918 9.8, 9.9).
func (c *davCall) move(copied bool) (reply, error) {
	if err := c.at.there(); err != nil {
		return reply{}, err
	}
	if c.at.kind != atObject || c.at.link.readOnly && !copied {
		return reply{}, davError{http.StatusForbidden, "need-privileges", nsDAV}
	}
	if err := c.conditions(c.at.obj); err != nil {
		return reply{}, err
	}
	u, err := url.Parse(c.r.Header.Get("Destination"))
	if err != nil || u.Path == "" {
		return reply{}, status(http.StatusBadRequest)
	}
	if u.Host != "" && !strings.EqualFold(u.Host, c.r.Host) {
		return reply{}, status(http.StatusBadGateway)
	}
	to, err := c.find(u)
	if err != nil {
		return reply{}, err
	}
	if err := to.writable(); err != nil {
		return reply{}, err
	}
	if to.obj == c.at.obj {
		return reply{}, status(http.StatusForbidden)
	}
	if to.obj != nil && strings.EqualFold(c.r.Header.Get("Overwrite"), "F") {
		return reply{}, status(http.StatusPreconditionFailed)
	}
	if to.book != c.at.book {
		return reply{}, davError{http.StatusForbidden, "supported-calendar-component", nsCal}
	}
	if err := c.transfer(to, copied); err != nil {
		return reply{}, err
	}
	if to.obj != nil {
		return reply{status: http.StatusNoContent}, nil
	}
	return reply{status: http.StatusCreated}, nil
}

// transfer moves or copies an object. What is moved, or is in the way, is no conflict.
func (c *davCall) transfer(to place, copied bool) error {
	except := []*davObject{to.obj}
	if !copied {
		except = append(except, c.at.obj)
	}
	it, err := c.accept(to, c.at.obj.body, except...)
	if err != nil {
		return err
	}
	if to.obj != nil {
		c.d.drop(to.link.davCollection, to.obj)
	}
	if !copied {
		c.d.drop(c.at.link.davCollection, c.at.obj)
	}
	c.d.store(to.link.davCollection, to.name, it, c.at.obj.body)
	return nil
}
