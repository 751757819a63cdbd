package strikes

import (
	"math/bits"
	"slices"
	"strings"
	"time"
)

const (
	// maxPast bounds the names and the networks that are remembered.
	maxPast = 10_000
	// maxPairs bounds what is remembered of a network's tries.
	maxPairs = 16
	// pastFor is how long what a name or a network did is held against it.
	pastFor = time.Hour
	// forgiven is how many tries of its network a success makes up for.
	forgiven = 4
	// refusedWeight is how many tries that were not made yet a refused one stands for.
	refusedWeight = 4
	// returned is how long after it came first a try has come again.
	returned = 15 * time.Second
	// maxText bounds what is kept of a name; longer ones share a record.
	maxText = 256
)

// past is what was seen of names and networks.
type past struct {
	names    map[string]*nameRecord
	networks map[string]*networkRecord
	turn     uint64
}

// nameRecord is what was seen of a name.
type nameRecord struct {
	failures int
	last     time.Time // failure, or the first sight
	served   uint64    // turn in which it got a place last; 0: none
	credited time.Time // when a success counted last
}

// networkRecord is what was seen of a network: different passwords, which is what tells a guesser from a mail program that
// tries the same again and again.
type networkRecord struct {
	pairs []pair // the oldest first
	last  time.Time
}

// pair is a name with a password, as Try has it.
type pair struct {
	id      uint64
	first   time.Time // when it came first
	refused bool
}

func newPast() past {
	return past{names: make(map[string]*nameRecord), networks: make(map[string]*networkRecord)}
}

// cut bounds what a try takes in memory.
func (t Try) cut() Try {
	return Try{Name: short(t.Name), Network: short(t.Network), Pair: t.Pair}
}

func short(s string) string { return strings.Clone(s[:min(len(s), maxText)]) }

// rank is a try's place in the order.
type rank struct {
	doubt         int // how much of what is kept for others is kept from it: 0 to maxDoubt
	network, name int // lengths of the numbers of faults in bits
	served        uint64
}

// maxDoubt is a guesser's.
const maxDoubt = 3

// rank is how a try stands. One password from a network is no fault, a second one is a small one; one that was put off
// before and comes again is a mail program's.
func (p *past) rank(w *waiter, now time.Time) rank {
	t := w.t
	name := p.names[t.Name]
	faults := p.networks[t.Network].faults(now)
	r := rank{network: bits.Len(uint(faults)), name: bits.Len(uint(name.fresh(now)))}
	if name != nil {
		r.served = name.served
	}
	if t.Network == "" {
		faults = name.fresh(now)
	}
	switch {
	case faults >= refusedWeight:
		r.doubt = maxDoubt
	case faults > 0:
		r.doubt = 2
	case !w.again:
		r.doubt = 1
	}
	return r
}

// returns tells whether a try came before, a while ago.
func (p *past) returns(t Try, now time.Time) bool {
	n := p.networks[t.Network]
	return n != nil && slices.ContainsFunc(n.pairs, func(p pair) bool { return p.id == t.Pair && now.Sub(p.first) >= returned })
}

// faults weigh what a network did.
func (n *networkRecord) faults(now time.Time) (sum int) {
	if n == nil || now.Sub(n.last) >= pastFor {
		return 0
	}
	refused := 0
	for _, p := range n.pairs {
		if p.refused {
			refused++
		}
	}
	return refusedWeight*refused + max(0, len(n.pairs)-refused-1)
}

// fresh is how many failures still count.
func (r *nameRecord) fresh(now time.Time) int {
	if r == nil || now.Sub(r.last) >= pastFor {
		return 0
	}
	return r.failures
}

func (p *past) nameOf(name string, now time.Time) *nameRecord {
	r := p.names[name]
	if r == nil {
		forget(p.names, maxPast, func(r *nameRecord) bool { return now.Sub(r.last) >= pastFor })
		r = &nameRecord{last: now}
		p.names[name] = r
	}
	return r
}

// forget makes room in a full map: what does not matter any more goes, or else any tenth.
func forget[K comparable, V any](m map[K]V, most int, over func(V) bool) {
	if len(m) < most {
		return
	}
	for k, v := range m {
		if over(v) || len(m) > most*9/10 {
			delete(m, k)
		}
	}
}

func (p *past) serve(t Try, now time.Time) {
	p.turn++
	p.nameOf(t.Name, now).served = p.turn
}

// came notes that a network tries a password, and how that ended, if it has.
func (p *past) came(t Try, refused bool, now time.Time) {
	if t.Network == "" {
		return
	}
	n := p.networks[t.Network]
	if n == nil {
		forget(p.networks, maxPast, func(n *networkRecord) bool { return now.Sub(n.last) >= pastFor })
		n = &networkRecord{}
		p.networks[t.Network] = n
	}
	if now.Sub(n.last) >= pastFor {
		n.pairs = nil
	}
	n.last = now
	i := slices.IndexFunc(n.pairs, func(o pair) bool { return o.id == t.Pair })
	if i < 0 {
		if len(n.pairs) == maxPairs {
			n.pairs = slices.Delete(n.pairs, 0, 1)
		}
		n.pairs = append(n.pairs, pair{id: t.Pair, first: now})
		i = len(n.pairs) - 1
	}
	n.pairs[i].refused = n.pairs[i].refused || refused
}

// refused notes a failure.
func (p *past) refused(t Try, now time.Time) {
	r := p.nameOf(t.Name, now)
	r.failures, r.last = r.fresh(now)+1, now
	p.came(t, true, now)
}

// accepted notes a success, and tells whether it is the first one of the name in a while: only that counts.
func (p *past) accepted(t Try, now time.Time, every time.Duration) bool {
	r := p.nameOf(t.Name, now)
	r.failures = 0
	n := p.networks[t.Network]
	if n != nil {
		n.pairs = slices.DeleteFunc(n.pairs, func(o pair) bool { return o.id == t.Pair })
	}
	if !r.credited.IsZero() && now.Sub(r.credited) < every {
		return false
	}
	r.credited = now
	if n != nil {
		n.pairs = slices.Delete(n.pairs, 0, min(forgiven, len(n.pairs)))
	}
	return true
}
