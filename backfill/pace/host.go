package pace

import (
	"math"
	"sync"
	"time"
)

// Limits are what the admin allows on a host. The zero value allows everything.
type Limits struct {
	Connections int     // open at the same time, clients' included; 0: no limit
	Messages    float64 // that the backfill moves in a second; 0: no limit
	Bytes       float64 // likewise
	Quiet       Hours   // when the backfill rests
}

// Note is what an answer says about a host.
type Note int

// Notes from good to bad.
const (
	Well      Note = iota // it answers
	Throttled             // it wants fewer messages a second: [THROTTLED], [LIMIT]
	Busy                  // it has too much to do: "Server is busy", [UNAVAILABLE], no answer in time
	Crowded               // too many connections
	Down                  // it cannot be reached
)

func (n Note) String() string {
	return [...]string{"well", "throttled", "busy", "crowded", "down"}[n]
}

// Host is the pace of one host. It is safe for concurrent use; nil is a host without limits that never fails.
type Host struct {
	name   string
	limits Limits
	line   chan struct{} // held by the first of the turns that wait

	mu       sync.Mutex
	changed  chan struct{} // closed when waiting may have become pointless
	breaker  breaker
	search   search
	conns    conns
	messageB bucket
	byteB    bucket
	turn     turn
	goodput  meter
	byteput  meter
	usual    float64 // the best rate lately outside quiet hours

	open, background    int
	clients, clientWait int
	stepped             time.Time // when the backfill began to step aside for clients
	messages, bytes     uint64
	refusals            map[Note]uint64
	pauses, yields      uint64
	waiting             int
	waitsFor            string
	waited              time.Duration
}

// New makes the pace of a host.
func New(name string, limits Limits) *Host {
	h := &Host{name: name, limits: limits, line: make(chan struct{}, 1), changed: make(chan struct{}), refusals: make(map[Note]uint64), turn: turn(shortTurn)}
	now := time.Now()
	h.messageB.at, h.byteB.at = now, now
	return h
}

// Note takes what the answer to a command says. why is told to those who have to wait; it holds the server's words.
func (h *Host) Note(n Note, why error) { h.note(n, why, false) }

// Knocked takes what became of the attempt to open a connection that Knock allowed.
func (h *Host) Knocked(n Note, why error) { h.note(n, why, true) }

func (h *Host) note(n Note, why error, door bool) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	if n == Well {
		if h.breaker.why != nil {
			h.breaker.well(now)
			h.wake()
		}
		return
	}
	h.refusals[n]++
	switch n {
	case Throttled:
		h.search.refused(now, h.goodput.rate(now))
	case Crowded:
		h.conns.crowded(now, h.open-1) // the refused one is counted still
	case Busy:
		h.conns.busy(now, h.open)
	}
	if n == Crowded && h.open > 1 {
		return // those that are open go on, and no more are opened
	}
	if h.breaker.fail(now, why, door && n != Throttled) {
		h.pauses++
	}
}

// Moved takes that the host gave or took messages for the backfill. Their bytes are paid for now: a message that is
// larger than what may be moved in a second passes, and the next ones wait.
func (h *Host) Moved(n int, bytes int64) {
	if h == nil || n == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	h.messages += uint64(n)
	h.bytes += uint64(bytes)
	h.goodput.add(now, float64(n))
	h.byteput.add(now, float64(bytes))
	h.byteB.take(float64(bytes))
	h.search.moved(now, float64(n))
	if quiet, _, _ := h.limits.Quiet.At(now); !quiet {
		h.usual = max(h.usual, h.goodput.rate(now))
	}
	if h.breaker.why != nil && !now.Before(h.breaker.until) {
		h.breaker.well(now)
		h.wake()
	}
}

// Forgive ends all pauses and forgets what was found, by an admin's command.
func (h *Host) Forgive() {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.breaker, h.search, h.conns = breaker{}, search{}, conns{}
	h.wake()
}

// wake lets those who wait look again; the caller holds mu.
func (h *Host) wake() {
	close(h.changed)
	h.changed = make(chan struct{})
}

// tune lets found limits grow with time; the caller holds mu.
func (h *Host) tune(now time.Time) {
	most := h.limits.Connections
	if most == 0 {
		most = math.MaxInt32
	}
	h.conns.grow(now, most)
}

// rate is how many messages a second the backfill may move now, 0 for any number; the caller holds mu.
func (h *Host) rate(now time.Time) float64 {
	r := lowest(h.limits.Messages, h.search.rate)
	if quiet, share, _ := h.limits.Quiet.At(now); quiet && share > 0 {
		if r == 0 {
			r = max(h.usual, defaultUsual)
		}
		r *= share
	}
	return r
}

// defaultUsual is taken for the usual rate in quiet hours before any was seen.
const defaultUsual = 20

// lowest is the lower of two limits, of which 0 is none.
func lowest(a, b float64) float64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// Slice is how many messages, of at most most, one turn should move: little where there is a limit, so that what
// the server counts in a second stays even, and where clients wait for the only connections.
func (h *Host) Slice(most int) int {
	if h == nil {
		return most
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	if r := h.rate(now); r > 0 {
		most = min(most, max(1, int(r*time.Duration(h.turn).Seconds())))
	}
	if b := h.limits.Bytes; b > 0 && h.bytes > 0 {
		most = min(most, max(1, int(b*longTurn.Seconds()*float64(h.messages)/float64(h.bytes))))
	}
	if c := h.connections(); c > 0 && c < 4 || h.crowd() {
		most = min(most, smallSlice)
	}
	return most
}

// Within is how many messages the backfill may move in so much time, at least one.
func (h *Host) Within(d time.Duration) int {
	if h == nil {
		return math.MaxInt32
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	n := float64(math.MaxInt32)
	if r := h.rate(time.Now()); r > 0 {
		n = min(n, r*d.Seconds())
	}
	if b := h.limits.Bytes; b > 0 && h.bytes > 0 {
		n = min(n, b*d.Seconds()*float64(h.messages)/float64(h.bytes))
	}
	return max(1, int(n))
}

// smallSlice is a turn that makes no client wait for long.
const smallSlice = 50
