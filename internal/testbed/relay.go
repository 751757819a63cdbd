package testbed

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/semaphore"
)

// Relay stands between two parties on this machine and can cut their connections or slow them down.
type Relay struct {
	Addr string // where to connect to

	to    string
	delay time.Duration
	ln    net.Listener
	work  sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	down  bool
}

// NewRelay passes connections on to an address until the test ends. delay is added in each direction.
func NewRelay(t testing.TB, to string, delay time.Duration) *Relay {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &Relay{Addr: ln.Addr().String(), to: to, delay: delay, ln: ln, conns: map[net.Conn]struct{}{}}
	r.work.Go(r.accept)
	t.Cleanup(func() {
		_ = ln.Close()
		r.Down(true)
		r.work.Wait()
	})
	return r
}

// URL is the relay's address for --source and --destination, without TLS.
func (r *Relay) URL() string { return "imap://" + r.Addr + "?tls=off" }

// Cut closes all connections at once, in the middle of whatever they carry; new ones are let in.
func (r *Relay) Cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // RST: what is on its way is lost
		}
		_ = c.Close()
	}
	clear(r.conns)
}

// Down cuts all connections and, as long as it is true, lets no new ones in.
func (r *Relay) Down(down bool) {
	r.mu.Lock()
	r.down = down
	r.mu.Unlock()
	if down {
		r.Cut()
	}
}

func (r *Relay) accept() {
	for {
		c, err := r.ln.Accept()
		if err != nil {
			return
		}
		r.work.Go(func() { r.relay(c) })
	}
}

// keep remembers a connection for Cut; while the relay is down it closes it instead.
func (r *Relay) keep(c net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down {
		_ = c.Close()
		return false
	}
	r.conns[c] = struct{}{}
	return true
}

func (r *Relay) relay(client net.Conn) {
	if !r.keep(client) {
		return
	}
	server, err := net.Dial("tcp", r.to)
	if err != nil || !r.keep(server) {
		_ = client.Close()
		return
	}
	var both sync.WaitGroup
	both.Go(func() { r.pass(server, client) })
	both.Go(func() { r.pass(client, server) })
	both.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, client)
	delete(r.conns, server)
}

// parcel is a piece of the stream that is delivered at a certain time.
type parcel struct {
	data []byte
	at   time.Time
}

// underWay is how many bytes of one direction may wait for their time: what a well tuned connection over a long way
// holds, so that a delay alone costs no throughput.
const underWay = 16 << 20

// pass carries one direction. Reading goes on while parcels wait for their time.
func (r *Relay) pass(to, from net.Conn) {
	parcels := make(chan parcel, underWay/(4<<10))
	room := semaphore.NewWeighted(underWay)
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(parcels)
		buf := make([]byte, 256<<10)
		for {
			n, err := from.Read(buf)
			if n > 0 {
				at := time.Now().Add(r.delay)
				_ = room.Acquire(context.Background(), int64(n)) // fails only with its context
				parcels <- parcel{slices.Clone(buf[:n]), at}
			}
			if err != nil {
				return
			}
		}
	})
	var failed error
	for p := range parcels {
		room.Release(int64(len(p.data)))
		if failed != nil {
			continue // drain, so that the reader ends
		}
		if wait := time.Until(p.at); wait > 0 {
			time.Sleep(wait)
		}
		if _, failed = to.Write(p.data); failed != nil {
			_ = from.Close()
		}
	}
	reading.Wait()
	if tcp, ok := to.(*net.TCPConn); ok && (failed == nil || errors.Is(failed, io.EOF)) {
		_ = tcp.CloseWrite()
	} else {
		_ = to.Close()
	}
}
