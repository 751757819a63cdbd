package faults

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"crossfade/internal/imapwire"
)

// leg carries one direction of one connection. Reading goes on while parcels wait for their time, so that a delay
// costs no throughput.
type leg struct {
	r        *Relay
	dir      Leg
	from, to net.Conn
	filter   Filter
	other    *leg
	out      *pipe
}

// Filter looks at each line of a direction, without its line end, and returns what goes on instead: no line drops
// it, several add some. Literals belong to the line that announces them and go or fall with it; they are not looked
// at. back says a line to where this one came from: that is how a command is answered on the way.
type Filter func(line string, back func(string)) []string

// Filter changes the lines of a direction on connections that are made from now on. Connections must not be
// encrypted.
func (r *Relay) Filter(l Leg, f Filter) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.filters[l] = f
}

func (l *leg) read() {
	defer l.out.close()
	if l.filter != nil {
		l.readLines()
		return
	}
	buf := buffers.Get().(*[256 << 10]byte)
	defer func() { buffers.Put(buf) }()
	for {
		n, err := l.from.Read(buf[:])
		switch {
		case n > len(buf)/4:
			l.push(parcel{data: buf[:n], buf: buf})
			buf = buffers.Get().(*[256 << 10]byte)
		case n > 0:
			l.push(parcel{data: bytes.Clone(buf[:n])})
		}
		if err != nil {
			return
		}
	}
}

// buffers are used again: a relay that a benchmark measures through should cost little itself.
var buffers = sync.Pool{New: func() any { return new([256 << 10]byte) }}

// push sends bytes on after the leg's delay.
func (l *leg) push(p parcel) {
	l.r.mu.Lock()
	p.at = time.Now().Add(l.r.delay[l.dir])
	l.r.mu.Unlock()
	l.out.push(p)
}

// readLines passes line by line, literals in between.
func (l *leg) readLines() {
	lim := imapwire.Limits{Line: 64 << 20}
	rd := imapwire.NewReader(l.from, lim)
	if l.dir == ToClient {
		rd = imapwire.NewResponseReader(l.from, lim)
	}
	for {
		if !l.frame(rd) {
			return
		}
	}
}

// frame passes one command or response. What the filter says back does not come between its parts.
func (l *leg) frame(rd *imapwire.Reader) bool {
	text, lit, err := rd.Next()
	if err != nil {
		return false
	}
	lines := l.filter(withMarker(text, lit), l.back)
	l.out.whole.Lock()
	defer l.out.whole.Unlock()
	for {
		for _, s := range lines {
			l.push(parcel{data: []byte(s + "\r\n")})
		}
		if lit == nil {
			return true
		}
		if len(lines) == 0 {
			return lit.Refuse() == nil
		}
		body := make([]byte, lit.Size)
		if _, err := io.ReadFull(lit, body); err != nil && lit.Size > 0 {
			return false
		}
		l.push(parcel{data: body})
		if text, lit, err = rd.Next(); err != nil {
			return false
		}
		lines = []string{withMarker(text, lit)}
	}
}

// withMarker is a line as it came.
func withMarker(text []byte, lit *imapwire.Literal) string {
	if lit == nil {
		return string(text)
	}
	return strings.TrimSuffix(string(text)+string(imapwire.AppendMarker(nil, lit.Size, lit.NonSync, lit.Binary)), "\r\n")
}

// back says something to where the leg comes from.
func (l *leg) back(line string) {
	l.other.out.whole.Lock()
	defer l.other.out.whole.Unlock()
	l.other.push(parcel{data: []byte(line + "\r\n")})
}

func (l *leg) write() {
	var failed error
	for {
		p, ok := l.out.pop()
		if !ok {
			break
		}
		if failed != nil {
			continue // drain, so that the reader ends
		}
		if wait := time.Until(p.at); wait > 0 {
			time.Sleep(wait)
		}
		l.r.mu.Lock()
		frozen, rate := l.r.frozen, l.r.rate[l.dir]
		l.r.mu.Unlock()
		<-frozen
		if rate > 0 {
			time.Sleep(time.Duration(int64(len(p.data)) * int64(time.Second) / rate))
		}
		n, cut := l.r.take(l.dir, len(p.data))
		if _, failed = l.to.Write(p.data[:n]); cut && failed == nil {
			failed = errCut
			_ = l.to.Close()
		}
		if failed != nil {
			_ = l.from.Close()
		}
		if p.buf != nil {
			buffers.Put(p.buf)
		}
	}
	if tcp, ok := l.to.(*net.TCPConn); ok && (failed == nil || errors.Is(failed, io.EOF)) {
		_ = tcp.CloseWrite()
	} else {
		_ = l.to.Close()
	}
}

// parcel is a piece of the stream that is delivered at a certain time.
type parcel struct {
	data []byte
	at   time.Time
	buf  *[256 << 10]byte // data lies in it; nil: in memory of its own
}

// pipe holds parcels that wait, and what one reader adds beyond pipeBytes.
type pipe struct {
	whole sync.Mutex // held while one command or response is put in

	mu     sync.Mutex
	moved  *sync.Cond
	items  []parcel
	bytes  int
	closed bool
}

// pipeBytes of one direction may wait for their time: what a well tuned connection over a long way holds, so that a
// delay alone costs no throughput.
const pipeBytes = 16 << 20

func newPipe() *pipe {
	p := &pipe{}
	p.moved = sync.NewCond(&p.mu)
	return p
}

func (p *pipe) push(x parcel) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.bytes > pipeBytes && !p.closed {
		p.moved.Wait()
	}
	if p.closed {
		return
	}
	p.items = append(p.items, x)
	p.bytes += len(x.data)
	p.moved.Broadcast()
}

func (p *pipe) pop() (parcel, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.items) == 0 && !p.closed {
		p.moved.Wait()
	}
	if len(p.items) == 0 {
		return parcel{}, false
	}
	x := p.items[0]
	p.items = p.items[1:]
	p.bytes -= len(x.data)
	p.moved.Broadcast()
	return x, true
}

func (p *pipe) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.moved.Broadcast()
}
