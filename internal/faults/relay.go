package faults

import (
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"
)

// Leg is one direction through a Relay.
type Leg int

// The two directions.
const (
	ToServer Leg = iota
	ToClient
)

// Relay stands between two parties on this machine. Each leg can be cut, delayed, held up or changed.
type Relay struct {
	Addr string // where to connect to

	to   string
	ln   net.Listener
	work sync.WaitGroup

	mu      sync.Mutex
	conns   map[net.Conn]struct{}
	down    bool
	frozen  chan struct{} // closed when bytes may pass
	delay   [2]time.Duration
	rate    [2]int64 // bytes a second of each connection; 0: any
	filters [2]Filter
	passed  [2]int64 // bytes
	cutAt   [2]int64 // 0: never
	random  *rand.Rand
	mean    int64
	left    int   // random cuts to come
	next    int64 // bytes until the next one
	cuts    int
}

// NewRelay passes connections on to an address until the test ends. delay is added in each direction.
func NewRelay(t testing.TB, to string, delay time.Duration) *Relay {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &Relay{
		Addr: ln.Addr().String(), to: to, ln: ln, conns: map[net.Conn]struct{}{},
		delay: [2]time.Duration{delay, delay}, frozen: make(chan struct{}),
	}
	close(r.frozen)
	r.work.Go(r.accept)
	t.Cleanup(func() {
		_ = ln.Close()
		r.Freeze(false)
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

// Freeze keeps connections open, and lets new ones in, but passes nothing on as long as it is true: a host that has
// lost its way.
func (r *Relay) Freeze(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.frozen:
		if on {
			r.frozen = make(chan struct{})
		}
	default:
		if !on {
			close(r.frozen)
		}
	}
}

// Delay changes the delay of a leg.
func (r *Relay) Delay(leg Leg, d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.delay[leg] = d
}

// Throttle lets no more than so many bytes a second pass in a direction, each connection by itself; 0: any number.
func (r *Relay) Throttle(leg Leg, bytes int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rate[leg] = bytes
}

// CutAt cuts one connection, once: the one that carries the nth byte from now on in this direction, all connections
// together. The bytes up to there arrive.
func (r *Relay) CutAt(leg Leg, n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cutAt[leg] = r.passed[leg] + n
}

// CutRandomly cuts connections so many times, each after a random number of bytes, mean on average, of both legs
// and all connections together.
func (r *Relay) CutRandomly(seed uint64, mean int64, times int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.random, r.mean, r.left = rand.New(rand.NewPCG(seed, seed)), mean, times
	r.next = 1 + r.random.Int64N(2*mean)
}

// Cuts is how many connections CutAt and CutRandomly have cut.
func (r *Relay) Cuts() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cuts
}

// Passed is how many bytes went in a direction.
func (r *Relay) Passed(leg Leg) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.passed[leg]
}

// take accounts for n bytes to come; it returns how many of them may go, and whether the connection ends there.
func (r *Relay) take(leg Leg, n int) (may int, cut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	most := int64(n)
	if at := r.cutAt[leg]; at > 0 && r.passed[leg]+most >= at {
		most, cut, r.cutAt[leg] = at-r.passed[leg], true, 0
	}
	if r.left > 0 && most >= r.next {
		most, cut = r.next, true
		r.left--
		r.next = 1 + r.random.Int64N(2*r.mean)
	} else if r.left > 0 {
		r.next -= most
	}
	if cut {
		r.cuts++
	}
	r.passed[leg] += most
	return int(most), cut
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
	r.mu.Lock()
	filters := r.filters
	r.mu.Unlock()
	up := &leg{r: r, dir: ToServer, from: client, to: server, filter: filters[ToServer], out: newPipe()}
	down := &leg{r: r, dir: ToClient, from: server, to: client, filter: filters[ToClient], out: newPipe()}
	up.other, down.other = down, up
	var all sync.WaitGroup
	for _, l := range []*leg{up, down} {
		all.Go(l.read)
		all.Go(l.write)
	}
	all.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, client)
	delete(r.conns, server)
}
