package smartermail

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
)

// TellLogins implements backfill.OwnLogins: the server counts the API's failed logins together with those of mail.
func (c *client) TellLogins(tell func(login string, failed bool)) { c.counter.Store(&tell) }

// prove makes a call that the server counts as a failed login when it refuses it: one with a password or a refresh token.
// It is made once. Refused tokens of other calls, and refused impersonations, are counted by no server that is known of.
func (c *client) prove(ctx context.Context, r request) (*answer, error) {
	var sent atomic.Bool // the whole of it: a part is no login
	a, err := c.once(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(i httptrace.WroteRequestInfo) {
		sent.Store(i.Err == nil)
	}}), r, "")
	tell := c.counter.Load()
	if tell == nil {
		return a, err
	}
	switch {
	case a == nil && sent.Load(), a != nil && a.denied(): // whose answer was lost may have been counted
		(*tell)(c.opts.User, true)
	case err == nil && a.well():
		(*tell)(c.opts.User, false)
	}
	return a, err
}

// denied tells whether an answer says that a login failed, whatever else it says. Something before the server may answer
// instead of it, and one that cannot answer now has counted nothing.
func (a *answer) denied() bool {
	switch {
	case a.status == http.StatusNotFound || a.status == http.StatusTooManyRequests:
		return false
	case a.status >= 400 && a.status < 500:
		return true
	}
	return a.status < 300 && !a.well()
}
