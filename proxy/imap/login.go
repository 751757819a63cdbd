package imap

import (
	"context"
	"errors"
	"strings"
	"time"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
	"crossfade/proxy"
)

// loginCommand is LOGIN (RFC 3501 6.2.3).
func (c *conn) loginCommand(ctx context.Context, cmd *command) error {
	var args [2]string
	for i := range args {
		if err := cmd.space(); err != nil {
			return err
		}
		s, ok := cmd.args.AString()
		if !ok {
			return badError("LOGIN needs a name and a password")
		}
		args[i] = string(s)
	}
	if err := cmd.end(); err != nil {
		return err
	}
	return c.login(ctx, cmd, args[0], args[1])
}

// mayLogin tells whether a password may be sent over this connection.
func (c *conn) mayLogin() bool { return c.secure || c.local || c.srv.opts.AllowPlainLogin }

// loginWait is the longest wait for both servers to accept a login.
const loginWait = time.Minute

// login opens the session and answers with the capabilities that hold from now on.
func (c *conn) login(ctx context.Context, cmd *command, user, secret string) error {
	if !c.mayLogin() {
		return &noError{"PRIVACYREQUIRED", "Passwords are accepted over encrypted connections only"}
	}
	attempts := c.srv.opts.Attempts
	err := c.guard(ctx, func(ctx context.Context) error { return attempts.Admit(ctx, c.from, user) })
	var tooMany proxy.TooMany
	switch {
	case errors.As(err, &tooMany):
		c.log.Warn("login not tried", "why", tooMany.Error())
		return &noError{"UNAVAILABLE", tooMany.Error()}
	case err != nil:
		return err
	case user == "":
		return c.failed(ctx, user)
	}
	err = c.guard(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(backfill.WithNetwork(ctx, proxy.Network(c.from)), loginWait)
		defer cancel()
		var err error
		apart(func() { c.session, err = c.srv.opts.Login(ctx, user, secret) })
		return err
	})
	if err != nil {
		c.session = nil
		var refused *backfill.Error
		if errors.As(err, &refused) && refused.Code == "AUTHENTICATIONFAILED" {
			c.srv.metrics.logins.WithLabelValues("refused").Inc()
			return c.failed(ctx, user)
		}
		c.srv.metrics.logins.WithLabelValues("failed").Inc()
		return err
	}
	attempts.Succeeded(c.from, user)
	if err := c.sit(); err != nil {
		c.srv.metrics.logins.WithLabelValues("failed").Inc()
		return err
	}
	c.srv.metrics.logins.WithLabelValues("ok").Inc()
	c.link.limit(time.Time{})
	c.wire.Limit(imapwire.Limits{})
	c.log = c.log.With("account", c.session.Account())
	c.log.Info("logged in")
	capabilities := c.capabilities()
	if c.pipe = c.session.Pipe(); c.pipe != nil {
		capabilities = strings.Join(c.pipe.Caps, " ")
	}
	cmd.code, cmd.text = "CAPABILITY "+capabilities, "Logged in"
	return nil
}

// sit takes the session's place among those of its account, or ends it.
func (c *conn) sit() error {
	leave, ok := c.srv.opts.Seats.Take(c.session.Account())
	if ok {
		c.seat = leave
		return nil
	}
	c.log.Warn("too many connections of one account", "account", c.session.Account())
	if p := c.session.Pipe(); p != nil {
		_ = p.Conn.Close() // nothing was said on it
	}
	c.endSession()
	return &noError{"LIMIT", "Too many connections of this account are open; close a mail program that is not needed"}
}

// failed makes the client wait for its refusal.
func (c *conn) failed(ctx context.Context, user string) error {
	c.log.Info("login failed")
	_ = c.guard(ctx, func(ctx context.Context) error {
		c.srv.opts.Attempts.Failed(ctx, c.from, user)
		return nil
	})
	return &noError{"AUTHENTICATIONFAILED", "The name or the password is wrong"}
}
