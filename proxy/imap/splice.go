package imap

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
)

// splice is a client and its server that speak to each other. Each direction has a goroutine of its own (flow.go).
type splice struct {
	client, server net.Conn
	idle           time.Duration // longest silence in both directions
	stuck          time.Duration // longest wait for one write, and longest silence once the client says no more

	born     time.Time
	passed   atomic.Int64 // when bytes passed last, since born
	deaf     atomic.Bool  // the client says no more
	hungUp   atomic.Bool  // and the server was told so
	over     atomic.Bool  // the server says no more
	draining atomic.Bool

	told     *imapwire.Follower // of what the client is told; nil if that cannot be followed
	up, down flow
}

const (
	// calm is how long nothing must have passed before a client is told that the proxy is about to end.
	calm = 500 * time.Millisecond
	// linger is how long a client may take to go once its server has.
	linger = 5 * time.Second
)

// splice connects the client, whose login was answered, with its server until both have gone.
func (c *conn) splice(p *backfill.Pipe) error {
	defer p.Conn.Close()
	c.does(doingSpliced)
	s := &splice{server: p.Conn, born: time.Now(), stuck: c.srv.opts.IOTimeout,
		idle: c.srv.opts.IdleTimeout + c.srv.opts.IdleTimeout/6} // so that a server that counts the same speaks first
	if !offers(p.Caps, "COMPRESS=DEFLATE") {
		s.told = &imapwire.Follower{}
	}
	_, read, err := c.wire.Hijack()
	if err != nil {
		return err
	}
	c.frame.Raw, c.scratch = nil, nil
	nc, ahead, gone := c.link.detach(s.drain)
	s.client = nc
	s.up = flow{s: s, from: nc, to: p.Conn, first: append(read, ahead...), gone: gone, rest: s.restUp}
	s.down = flow{s: s, from: p.Conn, to: nc, first: p.Ahead, told: s.told, rest: s.restDown, silent: s.silent}
	for _, f := range []*flow{&s.up, &s.down} {
		f.read, f.write = quickReader(f.from), quickWriter(f.to)
	}
	up, down := s.run(handOverTo(p.Caps))
	c.log.Debug("a spliced connection has ended", "received", s.up.bytes, "client", up, "sent", s.down.bytes, "server", down)
	return io.EOF
}

// offers tells whether a server says that it can do something.
func offers(caps []string, name string) bool {
	for _, c := range caps {
		if strings.EqualFold(c, name) {
			return true
		}
	}
	return false
}

// run passes bytes both ways until both have ended, and returns how each did.
func (s *splice) run(h handOver) (up, down error) {
	var wg sync.WaitGroup
	wg.Go(func() {
		down = s.down.run()
		s.downEnded(down)
	})
	if up = h.run(&s.up); up == nil {
		up = s.up.run()
	}
	s.upEnded(up)
	wg.Wait()
	return up, down
}

// upEnded passes the client's end on. A client that only says no more still gets its answers. Over TLS many servers know no
// half of a connection, and drop them: there the server is told when it has been silent for a while.
func (s *splice) upEnded(err error) {
	if !errors.Is(err, io.EOF) {
		s.cut()
		return
	}
	s.deaf.Store(true)
	if _, late := s.server.(*tls.Conn); !late {
		s.hangUp()
	}
	s.restDown()
}

// hangUp tells the server that the client says no more.
func (s *splice) hangUp() {
	s.hungUp.Store(true)
	if !closeWrite(s.server) {
		s.cut()
	}
}

// downEnded passes the server's end on. Nothing is said in its place, and a connection that broke does not look like one
// that ended well.
func (s *splice) downEnded(err error) {
	switch {
	case errors.Is(err, errDraining), errors.Is(err, errSilence):
		_ = s.server.Close() // nobody listens to it any more
	case !errors.Is(err, io.EOF):
		s.cut()
		return
	}
	if !closeWrite(s.client) {
		s.cut()
		return
	}
	s.over.Store(true)
	s.restUp()
}

// cut ends both connections without another word, not even TLS's.
func (s *splice) cut() {
	for _, nc := range []net.Conn{s.client, s.server} {
		if t, ok := nc.(*tls.Conn); ok {
			nc = t.NetConn()
		}
		_ = nc.Close() // that is all that can be done
	}
}

// closeWrite says that no more will come; it returns false if that cannot be said.
func closeWrite(nc net.Conn) bool {
	half, ok := nc.(interface{ CloseWrite() error })
	return ok && half.CloseWrite() == nil
}

// drain is called when the proxy is about to end.
func (s *splice) drain() {
	s.draining.Store(true)
	_ = s.server.SetReadDeadline(longAgo) // wakes down; fails only on a closed connection, which does so, too
}

// silence is how long nothing has passed.
func (s *splice) silence() time.Duration { return time.Since(s.born) - time.Duration(s.passed.Load()) }

// patience is how long nothing may pass.
func (s *splice) patience() time.Duration {
	switch {
	case s.draining.Load():
		return calm
	case s.hungUp.Load():
		return s.stuck
	case s.deaf.Load():
		return min(grace, s.stuck)
	}
	return s.idle
}

// restDown sets until when the server may be silent. It is set anew only when it is over, or another one holds.
func (s *splice) restDown() {
	for {
		d := s.patience()
		_ = s.server.SetReadDeadline(time.Now().Add(max(d-s.silence(), d/2))) // fails only on a closed connection
		if s.patience() == d {
			return
		}
	}
}

// restUp lets the client be silent for as long as its server listens.
func (s *splice) restUp() {
	for {
		over, until := s.over.Load(), time.Time{}
		if over {
			until = time.Now().Add(linger)
		}
		_ = s.client.SetReadDeadline(until) // fails only on a closed connection
		if s.over.Load() == over {
			return
		}
	}
}

// errSilence ends a connection on which nothing passes.
var errSilence = errors.New("silent for too long")

// silent decides what becomes of a silence. The client is told of its end where no answer is cut by that; while the proxy
// ends, the gate ends what is left over.
func (s *splice) silent() error {
	why, text := errSilence, "* BYE Silent for too long\r\n"
	if s.draining.Load() {
		why, text = errDraining, "* BYE [UNAVAILABLE] The server is about to restart; come back in a moment\r\n"
	}
	silence, between := s.silence(), s.told != nil && s.told.Between()
	switch {
	case silence < s.patience(), why == errDraining && !between:
		s.restDown()
		return nil
	case why == errSilence && s.deaf.Load() && !s.hungUp.Load():
		if between || s.told == nil || silence >= s.stuck {
			s.hangUp()
		}
		s.restDown()
		return nil
	case between:
		if err := s.down.pass([]byte(text)); err != nil {
			return err
		}
	}
	return why
}

// expired tells whether a read ended because its time was over.
func expired(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
