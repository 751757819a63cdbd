package imap

import (
	"context"
	"errors"
	"strings"
	"time"

	"crossfade/backfill"
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
	if !attempts.Allowed(c.from) {
		return &noError{"UNAVAILABLE", "Too many failed logins from your address; wait a minute"}
	}
	if user == "" {
		return c.failed(ctx)
	}
	err := c.guard(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, loginWait)
		defer cancel()
		var err error
		c.session, err = c.srv.opts.Login(ctx, user, secret)
		return err
	})
	if err != nil {
		c.session = nil
		var refused *backfill.Error
		if errors.As(err, &refused) && refused.Code == "AUTHENTICATIONFAILED" {
			c.srv.metrics.logins.WithLabelValues("refused").Inc()
			return c.failed(ctx)
		}
		c.srv.metrics.logins.WithLabelValues("failed").Inc()
		return err
	}
	c.srv.metrics.logins.WithLabelValues("ok").Inc()
	c.link.limit(time.Time{})
	c.log = c.log.With("account", c.session.Account())
	c.log.Info("logged in")
	capabilities := c.capabilities()
	if c.pipe = c.session.Pipe(); c.pipe != nil {
		capabilities = strings.Join(c.pipe.Caps, " ")
	}
	cmd.code, cmd.text = "CAPABILITY "+capabilities, "Logged in"
	return nil
}

// failed makes the client wait for its refusal.
func (c *conn) failed(ctx context.Context) error {
	c.log.Info("login failed")
	_ = c.guard(ctx, func(ctx context.Context) error {
		c.srv.opts.Attempts.Failed(ctx, c.from)
		return nil
	})
	return &noError{"AUTHENTICATIONFAILED", "The name or the password is wrong"}
}
