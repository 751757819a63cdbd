package imap

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime/debug"
	"time"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
	"crossfade/mapping"
	"crossfade/proxy"
)

// conn is one client's connection. All of it belongs to the goroutine that runs serve.
type conn struct {
	srv    *Server
	log    *slog.Logger
	link   *link
	wire   *imapwire.Conn
	drain  <-chan struct{}
	from   netip.Prefix
	local  bool // the client is on this machine
	secure bool // TLS

	frame    imapwire.Frame
	scratch  []byte // one response line
	session  proxy.Session
	seat     func()         // gives the session's place back
	pipe     *backfill.Pipe // to the destination, if that is whom the client is about to talk to
	view     *proxy.View    // nil unless a mailbox is selected
	flags    mapping.Flags  // those in use in it, as the client was told
	saved    numSet         // UIDs of the last SEARCH whose result was saved (RFC 5182)
	quotaBox string         // the mailbox whose quota roots were told last
	unwatch  func() bool    // of the view: ends the watch for its switch
	bad      int            // senseless commands and failed logins before login
	bye      bool           // the connection ends after the running command
	doing    int            // what it is counted as; see metrics.go
}

// stranger is what a client may make us hold before it has logged in: enough for every login there is.
var stranger = imapwire.Limits{Line: 32 << 10, Literal: 8 << 10, Frame: 48 << 10}

// newConn makes a connection; plain is the network connection below any TLS, for its addresses.
func newConn(s *Server, log *slog.Logger, nc, plain net.Conn, secure bool) *conn {
	l := &link{Conn: nc}
	l.limit(time.Now().Add(s.opts.LoginTimeout))
	c := &conn{srv: s, log: log, link: l, from: proxy.Address(plain), local: proxy.IsLoopback(plain), secure: secure}
	c.wire = imapwire.NewConn(l, imapwire.Options{Limits: stranger, ReadTimeout: s.opts.IOTimeout, WriteTimeout: s.opts.IOTimeout})
	l.flush = c.wire.Flush
	return c
}

// serve runs the connection to its end. drain ends when it should take its leave, ctx when it must stop at once.
func (c *conn) serve(ctx, drain context.Context) {
	defer func() {
		if p := recover(); p != nil { // the last net: one client's trouble is not everybody's
			c.log.Error("connection failed", "err", p, "stack", string(debug.Stack()))
		}
		c.close()
	}()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c.drain = drain.Done()
	defer context.AfterFunc(drain, func() { c.link.interrupt(errDraining) })()
	c.srv.metrics.begun.Inc()
	c.rests()
	c.line("* OK [CAPABILITY " + c.capabilities() + "] Crossfade ready")
	err := c.loop(ctx)
	c.farewell(ctx, err)
}

// loop reads and runs commands until the client leaves or must leave.
func (c *conn) loop(ctx context.Context) error {
	for !c.bye {
		cmd, err := c.next()
		if err != nil {
			return err
		}
		if cmd == nil {
			continue
		}
		if c.switched() { // what it says of messages by number is not true any more
			return errSwitched
		}
		began := time.Now()
		err = c.run(ctx, cmd)
		c.srv.metrics.took(cmd, began)
		if err != nil {
			return err
		}
		if c.pipe != nil {
			return c.splice(c.pipe)
		}
		c.rests()
	}
	return c.wire.Flush()
}

// farewell says why the connection ends, if the client can still hear it.
func (c *conn) farewell(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil && c.wire.Err() == nil {
		c.sayWhy(err)
	}
	var fatal *fatalError
	if !errors.As(err, &fatal) {
		_ = c.wire.Flush() // nobody is left to be told
	}
}

// byeSwitched is how clients are sent away whose mailbox was renewed: they come back and see it under a new UIDVALIDITY.
const byeSwitched = "* BYE This mailbox was renewed; connect again to see it"

// sayWhy takes leave of the client.
func (c *conn) sayWhy(err error) {
	var fatal *fatalError
	switch {
	case errors.As(err, &fatal), errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
	case errors.Is(err, errDraining):
		c.line("* BYE [UNAVAILABLE] The server is about to restart; come back in a moment")
	case errors.Is(err, errSwitched):
		c.line(byeSwitched)
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.line("* BYE Silent for too long")
	default:
		c.log.Debug("connection lost", "err", err)
	}
}

// close ends the session and whatever is selected.
func (c *conn) close() {
	c.does(doingNothing)
	c.unselect()
	if c.pipe != nil {
		_ = c.pipe.Conn.Close() // closed already, unless the client went before it could be told
	}
	c.endSession()
	_ = c.wire.Close() // nothing is left to be lost
}

// endSession logs out.
func (c *conn) endSession() {
	if c.session != nil {
		if err := c.session.Close(); err != nil {
			c.log.Warn("session did not close well", "err", err)
		}
		c.session = nil
	}
	if c.seat != nil {
		c.seat()
		c.seat = nil
	}
}

// unselect leaves the selected mailbox, if any.
func (c *conn) unselect() {
	if c.view != nil {
		c.unwatch()
		c.view.Mailbox().Close()
		c.view, c.saved = nil, nil
	}
}

// show makes a mailbox the selected one. When it switches to other numbers, a client that waits is sent away at once.
func (c *conn) show(view *proxy.View) {
	c.view = view
	c.unwatch = context.AfterFunc(view.Mailbox().Life(), func() { c.link.interrupt(errSwitched) })
}

// switched tells whether the selected mailbox has other numbers now than the client knows.
func (c *conn) switched() bool { return c.view != nil && c.view.Switched() }

// line adds one response line. A write error sticks to the writer and ends the connection at the next flush.
func (c *conn) line(s string) {
	_, _ = c.wire.WriteString(s)
	c.wire.CRLF()
}

// bytes adds raw response bytes.
func (c *conn) bytes(b []byte) { _, _ = c.wire.Write(b) }

// hold is how large a buffer an idle connection may keep.
const hold = 4 << 10

// pause gives memory back and flushes, unless the client has already sent more, before the server waits for it.
func (c *conn) pause() error {
	if c.wire.Buffered() > 0 {
		return nil
	}
	if err := c.wire.Flush(); err != nil {
		return err
	}
	c.wire.Release()
	if cap(c.frame.Raw) > hold {
		c.frame.Raw = nil
	}
	if cap(c.scratch) > hold {
		c.scratch = nil
	}
	return nil
}

// patience is how long the client may stay silent between commands.
func (c *conn) patience() time.Duration {
	if c.session != nil {
		return c.srv.opts.IdleTimeout
	}
	return c.srv.opts.LoginTimeout
}

// grace is how long a command goes on after the client has sent its last byte: it may only have closed its own
// half of the connection, as a script does that is fed from a file.
const grace = 2 * time.Second

// guard runs a handler that asks servers, under a context that ends when the client hangs up meanwhile. If the
// client has sent more commands already, it is plainly there.
func (c *conn) guard(ctx context.Context, run func(ctx context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer c.link.progress(c.srv.opts.CommandTimeout, func() { cancel(context.DeadlineExceeded) })()
	if c.wire.Buffered() > 0 {
		return run(ctx)
	}
	var later *time.Timer
	w := c.link.watch(func(err error) {
		if !errors.Is(err, io.EOF) {
			cancel(err)
			return
		}
		later = time.AfterFunc(grace, func() { cancel(err) })
	})
	err := run(ctx)
	if w.stop(); later != nil {
		later.Stop()
	}
	return err
}
