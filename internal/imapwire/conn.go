package imapwire

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"
)

// ErrInjected: bytes were waiting behind STARTTLS. They were sent in the clear, perhaps by somebody else,
// and must not be obeyed (RFC 9051 11.1).
var ErrInjected = errors.New("unencrypted bytes behind STARTTLS")

// Options of a Conn. The zero value is a server's end without time limits.
type Options struct {
	Limits       Limits
	Client       bool          // this end reads responses
	ReadTimeout  time.Duration // longest silence while reading; 0: none
	WriteTimeout time.Duration // longest wait for one write; 0: none
}

// Conn is one IMAP connection: a Reader and a Writer over a net.Conn, with deadlines and contexts on every
// wait. One goroutine may read while another writes.
type Conn struct {
	*Reader
	*Writer
	nc *timedConn
}

// NewConn takes over nc.
func NewConn(nc net.Conn, o Options) *Conn {
	t := &timedConn{}
	t.set(nc)
	t.readTimeout.Store(int64(o.ReadTimeout))
	t.writeTimeout.Store(int64(o.WriteTimeout))
	c := &Conn{nc: t, Writer: NewWriter(t)}
	if o.Client {
		c.Reader = NewResponseReader(t, o.Limits)
	} else {
		c.Reader = NewReader(t, o.Limits)
	}
	return c
}

// Release gives both buffers back. Call it before a long wait.
func (c *Conn) Release() {
	c.Reader.Release()
	c.Writer.Release()
}

// Buffered returns how many bytes of input wait in memory.
func (c *Conn) Buffered() int { return c.Reader.Buffered() }

// Timeouts sets the longest silences from the next operation on; 0 means none.
func (c *Conn) Timeouts(read, write time.Duration) {
	c.nc.readTimeout.Store(int64(read))
	c.nc.writeTimeout.Store(int64(write))
}

// Hurry is Timeouts for reading, and bounds a read that waits already.
func (c *Conn) Hurry(read time.Duration) {
	c.nc.readTimeout.Store(int64(read))
	if c.nc.cause.Load() == nil {
		_ = c.nc.get().SetReadDeadline(time.Now().Add(read)) // fails only on a closed connection
	}
}

// Waits is how long the read or the write that is under way has been waiting: nothing came or went meanwhile. It is 0
// while there is none, as while the one who reads does something else.
func (c *Conn) Waits() time.Duration {
	longest := time.Duration(0)
	for i := range c.nc.since {
		if at := c.nc.since[i].Load(); at != 0 {
			longest = max(longest, time.Since(epoch)-time.Duration(at))
		}
	}
	return longest
}

// Watch makes ctx's end interrupt every read and write of the connection, which then fail with the context's
// cause. stop ends the watch; it returns false if the context ended before: the stream may have been cut
// anywhere and the connection must be closed.
func (c *Conn) Watch(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() { c.nc.interrupt(context.Cause(ctx)) })
}

// Interrupt makes every present and future read and write fail with cause.
func (c *Conn) Interrupt(cause error) { c.nc.interrupt(cause) }

// Close closes the network connection.
func (c *Conn) Close() error { return c.nc.get().Close() }

// NetConn returns the network connection, for its addresses and TLS state.
func (c *Conn) NetConn() net.Conn { return c.nc.get() }

// Upgrade replaces the network connection after STARTTLS; wrap makes the new one of the old. Bytes that
// came before the handshake are dropped with ErrInjected, and nothing is replaced.
func (c *Conn) Upgrade(wrap func(net.Conn) (net.Conn, error)) error {
	if c.Reader.Buffered() > 0 {
		return ErrInjected
	}
	if err := c.Flush(); err != nil {
		return err
	}
	nc, err := wrap(c.nc.get())
	if err != nil {
		return err
	}
	c.nc.set(nc)
	return nil
}

// Hijack hands the network connection over, with the bytes already read from it. The Conn must not be used
// afterwards. Deadlines are cleared.
func (c *Conn) Hijack() (net.Conn, []byte, error) {
	if err := c.Flush(); err != nil {
		return nil, nil, err
	}
	nc := c.nc.get()
	rest := append([]byte(nil), c.Reader.buf[c.Reader.start:c.Reader.end]...)
	c.Reader.start = c.Reader.end
	c.Release()
	return nc, rest, nc.SetDeadline(time.Time{})
}

// timedConn sets a deadline before each read and write. An interruption wins over every later deadline.
type timedConn struct {
	nc                        atomic.Pointer[net.Conn]
	readTimeout, writeTimeout atomic.Int64
	cause                     atomic.Pointer[error]
	since                     [2]atomic.Int64 // when the read and the write under way began, from epoch on; 0: there is none
}

// epoch is what moments are counted from, by the clock that never jumps.
var epoch = time.Now()

// begin notes that a read or a write waits from now on.
func begin(since *atomic.Int64) { since.Store(max(1, int64(time.Since(epoch)))) }

func (t *timedConn) get() net.Conn   { return *t.nc.Load() }
func (t *timedConn) set(nc net.Conn) { t.nc.Store(&nc) }

func (t *timedConn) interrupt(cause error) {
	t.cause.CompareAndSwap(nil, &cause)
	_ = t.get().SetDeadline(time.Unix(1, 0)) // fails only on a closed connection
}

func (t *timedConn) Read(p []byte) (int, error) {
	nc := t.get()
	if err := t.arm(nc.SetReadDeadline, &t.readTimeout); err != nil {
		return 0, err
	}
	begin(&t.since[0])
	defer t.since[0].Store(0)
	n, err := nc.Read(p)
	return n, t.explain(err)
}

func (t *timedConn) Write(p []byte) (int, error) {
	nc := t.get()
	if err := t.arm(nc.SetWriteDeadline, &t.writeTimeout); err != nil {
		return 0, err
	}
	begin(&t.since[1])
	defer t.since[1].Store(0)
	n, err := nc.Write(p)
	return n, t.explain(err)
}

// arm sets the deadline, then looks whether an interruption came before or while it did.
func (t *timedConn) arm(set func(time.Time) error, timeout *atomic.Int64) error {
	var until time.Time
	if d := time.Duration(timeout.Load()); d > 0 {
		until = time.Now().Add(d)
	}
	if err := set(until); err != nil {
		return t.explain(err)
	}
	if cause := t.cause.Load(); cause != nil {
		return *cause
	}
	return nil
}

// explain replaces the time-out that an interruption made with its cause.
func (t *timedConn) explain(err error) error {
	if cause := t.cause.Load(); cause != nil && err != nil {
		return *cause
	}
	return err
}
