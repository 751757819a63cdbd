package imap

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// link is a client's network connection. While the server is busy it can be watched: one byte is read ahead, so
// that a client that hangs up is noticed, and one that speaks during IDLE is heard.
type link struct {
	net.Conn
	flush func() error // sends what waits, before a read that may have to wait

	mu          sync.Mutex
	waiting     bool      // between commands: the read may be interrupted
	why         error     // what the reads end with from now on; see interrupt
	onInterrupt func()    // is called then; see detach
	until       time.Time // reads end here at the latest; zero: no such limit

	ahead    [1]byte // owned by the watch, else by Read
	hasAhead bool
	failed   error
	broken   bool // a write has failed: nobody listens

	stuck    *time.Timer // see progress; owned by the goroutine that writes
	patience time.Duration
}

// errDraining interrupts a wait for the next command because the server is about to end.
var errDraining = errors.New("the server is about to end")

// errSwitched interrupts it because the selected mailbox has other numbers now.
var errSwitched = errors.New("the selected mailbox was renewed")

var longAgo = time.Unix(1, 0)

// Read implements net.Conn.
func (l *link) Read(p []byte) (int, error) {
	if len(p) > 0 && l.hasAhead {
		l.hasAhead = false
		p[0] = l.ahead[0]
		l.wait(false)
		return 1, nil
	}
	if l.failed != nil {
		return 0, l.failed
	}
	if err := l.flush(); err != nil {
		return 0, err
	}
	n, err := l.Conn.Read(p)
	if n > 0 {
		l.wait(false)
	}
	if err != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		if why := l.interrupted(); why != nil {
			err = why
		}
	}
	return n, err
}

// Write implements net.Conn.
func (l *link) Write(p []byte) (int, error) {
	n, err := l.Conn.Write(p)
	if l.stuck != nil && n > 0 {
		l.stuck.Reset(l.patience)
	}
	l.broken = l.broken || err != nil
	return n, err
}

// progress calls late when nothing has been written for so long, until stop is called. Whoever runs a command calls it.
func (l *link) progress(patience time.Duration, late func()) (stop func()) {
	if l.stuck != nil { // a command within a command
		return func() {}
	}
	l.patience, l.stuck = patience, time.AfterFunc(patience, late)
	return func() {
		l.stuck.Stop()
		l.stuck = nil
	}
}

// SetReadDeadline implements net.Conn within the limits of this link.
func (l *link) SetReadDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Conn.SetReadDeadline(l.deadline(t))
}

func (l *link) deadline(t time.Time) time.Time {
	switch {
	case l.waiting && l.why != nil:
		return longAgo
	case !l.until.IsZero() && (t.IsZero() || l.until.Before(t)):
		return l.until
	}
	return t
}

// limit sets the time at which reads end whatever else was said; zero lifts the limit.
func (l *link) limit(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = until
}

// replace goes on over nc, which has taken over the old connection.
func (l *link) replace(nc net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Conn = nc
}

// wait says whether the next read waits for a command. It stops being so with the first byte.
func (l *link) wait(on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = on
}

// interrupt ends the wait for the next command, now or when it begins, for this reason. The first one counts.
func (l *link) interrupt(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.why == nil {
		l.why = why
	}
	if l.waiting {
		_ = l.Conn.SetReadDeadline(longAgo) // fails only on a closed connection
	}
	if l.onInterrupt != nil {
		l.onInterrupt()
	}
}

// detach gives the connection away, with what was read ahead and how its end was seen, if it was. The new owner is told of
// an interruption by a call that must not wait, now or when it comes.
func (l *link) detach(onInterrupt func()) (nc net.Conn, ahead []byte, gone error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hasAhead {
		ahead, l.hasAhead = append(ahead, l.ahead[0]), false
	}
	if l.onInterrupt = onInterrupt; l.why != nil {
		onInterrupt()
	}
	return l.Conn, ahead, l.failed
}

func (l *link) interrupted() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.why
}

// watch is one look-ahead.
type watch struct {
	l    *link
	done chan struct{} // closed when a byte has come or the connection has failed
}

// watch reads one byte ahead until stop is called. gone, if not nil, is called when the client hangs up. Nobody
// may read from the link meanwhile.
func (l *link) watch(gone func(error)) *watch {
	w := &watch{l: l, done: make(chan struct{})}
	if l.hasAhead || l.failed != nil {
		close(w.done)
		return w
	}
	_ = l.SetReadDeadline(time.Time{}) // fails only on a closed connection, which the read will tell
	go func() {
		defer close(w.done)
		n, err := l.Conn.Read(l.ahead[:])
		if n > 0 {
			l.hasAhead = true
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			l.failed = err
			if gone != nil && n == 0 {
				gone(err)
			}
		}
	}()
	return w
}

// stop ends the look-ahead and tells whether there is something to read: a byte or the connection's end.
func (w *watch) stop() bool {
	select {
	case <-w.done:
	default:
		_ = w.l.Conn.SetReadDeadline(longAgo) // fails only on a closed connection, which ends the read as well
		<-w.done
	}
	return w.l.hasAhead || w.l.failed != nil
}
