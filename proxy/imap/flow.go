package imap

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"crossfade/internal/imapwire"
)

// flow is one direction of a splice.
type flow struct {
	s        *splice
	from, to net.Conn
	first    []byte             // what comes before anything that is read
	gone     error              // how from has ended already, if it has
	told     *imapwire.Follower // of what passes, or nil
	rest     func()             // sets the deadline of a read that may wait long
	silent   func() error       // decides when that is over; nil: the flow ends
	bytes    int64
	rested   time.Time // when the deadline of writes was set last
	read     *quick    // or nil
	write    *quick    // or nil
	small    [smallFlow]byte
}

const (
	// smallFlow is the buffer that a connection has while it waits: enough for most commands and their answers.
	smallFlow = 512
	// bulkFlow is the one it borrows while much comes.
	bulkFlow = 64 << 10
	// bulkWait is how long it keeps that one while nothing comes.
	bulkWait = time.Second
	// literalPart is how much of a literal passes between two looks at the clock.
	literalPart = 4 << 20
)

var bulkFlows = sync.Pool{New: func() any { return new([bulkFlow]byte) }}

// Read returns what was read before, then what comes.
func (f *flow) Read(p []byte) (int, error) {
	if len(f.first) > 0 {
		n := copy(p, f.first)
		if f.first = f.first[n:]; len(f.first) == 0 {
			f.first = nil
		}
		return n, nil
	}
	if f.gone != nil {
		return 0, f.gone
	}
	var n int
	var err error
	if f.read != nil {
		n, err = f.read.read(p)
	} else {
		n, err = f.from.Read(p)
	}
	if n > 0 {
		f.s.touch(time.Now())
	}
	return n, err
}

// touch notes that bytes pass.
func (s *splice) touch(now time.Time) { s.passed.Store(int64(now.Sub(s.born))) }

// pass writes.
func (f *flow) pass(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	if err := f.send(p); err != nil {
		return err
	}
	if f.told != nil {
		f.told.Feed(p)
	}
	f.bytes += int64(len(p))
	f.s.touch(time.Now())
	return nil
}

// send writes it all. What must wait has a deadline, which is not set anew for each of many writes.
func (f *flow) send(p []byte) error {
	if f.write != nil {
		if p = p[f.write.write(p):]; len(p) == 0 {
			return nil
		}
	}
	if now := time.Now(); now.Sub(f.rested) > f.s.stuck/8 {
		f.rested = now
		_ = f.to.SetWriteDeadline(now.Add(f.s.stuck)) // fails only on a closed connection, as the write does
	}
	_, err := f.to.Write(p)
	return err
}

// run passes everything on until from ends, which is io.EOF if it does so well, or to takes no more.
func (f *flow) run() error {
	f.rest()
	for {
		n, err := f.Read(f.small[:])
		if wrong := f.pass(f.small[:n]); wrong != nil {
			return wrong
		}
		switch {
		case err == nil && n == len(f.small):
			err = f.bulk()
		case expired(err) && f.silent != nil:
			err = f.silent()
		}
		if err != nil {
			return err
		}
	}
}

// bulk passes on with a large buffer until less comes.
func (f *flow) bulk() error {
	buf := bulkFlows.Get().(*[bulkFlow]byte)
	defer bulkFlows.Put(buf)
	defer f.rest()
	_ = f.from.SetReadDeadline(time.Now().Add(bulkWait)) // fails only on a closed connection, as the read does
	for {
		n, err := f.Read(buf[:])
		if wrong := f.pass(buf[:n]); wrong != nil {
			return wrong
		}
		if err == nil && n == bulkFlow && f.told != nil && f.told.Literal() >= bulkFlow {
			err = f.literal()
		}
		switch {
		case expired(err):
			return nil
		case err != nil:
			return err
		case n < smallFlow:
			return nil
		}
	}
}

// errStuck is an end that takes nothing any more.
var errStuck = errors.New("what is sent is not taken")

// literal passes the rest of a large literal on without looking at it, where both ends are plain TCP: such bytes need not
// leave the kernel.
func (f *flow) literal() error {
	from, plain := f.from.(*net.TCPConn)
	to, both := f.to.(*net.TCPConn)
	if !plain || !both {
		return nil
	}
	for left := f.told.Literal(); left > 0; left = f.told.Literal() {
		began := time.Now()
		_ = from.SetReadDeadline(began.Add(bulkWait))
		_ = to.SetWriteDeadline(began.Add(f.s.stuck)) // both fail only on a closed connection, as the copy does
		n, err := to.ReadFrom(&io.LimitedReader{R: from, N: min(left, literalPart)})
		f.told.Skip(n)
		f.bytes += n
		now := time.Now()
		if n > 0 {
			f.s.touch(now)
		}
		switch {
		case expired(err) && now.Sub(began) >= f.s.stuck:
			return errStuck
		case expired(err) && n > 0: // the time was over while bytes passed
		case err != nil:
			return err
		case n == 0:
			return io.EOF
		}
	}
	return nil
}
