package standin

import (
	"net/netip"
	"slices"
	"sync"
	"time"
)

// IDS counts failed logins by source address, over all protocols together.
type IDS struct {
	opt IDSOptions

	mu    sync.Mutex
	hosts map[netip.Addr]*suspect
}

// suspect is one source address.
type suspect struct {
	failures []time.Time // ascending
	blocked  time.Time   // until then
	blocks   int
	total    int // failures that were ever counted
	peak     int // most within 10 minutes
	praised  map[string]time.Time
}

// NewIDS makes a counter.
func NewIDS(o IDSOptions) *IDS {
	if o.Rules == nil {
		o.Rules = DefaultRules()
	}
	if o.SuccessOff == 0 {
		o.SuccessOff = 2
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &IDS{opt: o, hosts: map[netip.Addr]*suspect{}}
}

// Allowed tells how long a login's answer waits, and whether the address is blocked and its connections are refused.
func (i *IDS) Allowed(ip netip.Addr) (delay time.Duration, blocked bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	s := i.hosts[ip.Unmap()]
	if s == nil {
		return 0, false
	}
	now := i.opt.Now()
	for _, r := range i.opt.Rules {
		if s.within(now, r.Within) >= r.Failures {
			delay = max(delay, r.Delay)
		}
	}
	return delay, now.Before(s.blocked)
}

// Failed counts one failure, unless the address is exempt.
func (i *IDS) Failed(ip netip.Addr) {
	ip = ip.Unmap()
	if i.exempt(ip) {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	s, now := i.hosts[ip], i.opt.Now()
	if s == nil {
		s = &suspect{praised: map[string]time.Time{}}
		i.hosts[ip] = s
	}
	s.failures = append(s.failures, now)
	s.total++
	s.peak = max(s.peak, s.within(now, 10*time.Minute))
	for _, r := range i.opt.Rules {
		until := now.Add(r.Block)
		if r.Block > 0 && s.within(now, r.Within) >= r.Failures && until.After(s.blocked) {
			s.blocked = until
			s.blocks++
		}
	}
}

// Succeeded takes failures off, at most once for a login in 5 minutes.
func (i *IDS) Succeeded(ip netip.Addr, login string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	s, now := i.hosts[ip.Unmap()], i.opt.Now()
	if s == nil || i.opt.SuccessOff < 0 {
		return
	}
	if last, ok := s.praised[login]; ok && now.Sub(last) < 5*time.Minute {
		return
	}
	s.praised[login] = now
	s.within(now, 50*time.Minute) // only what still counts is worth taking off
	s.failures = s.failures[min(i.opt.SuccessOff, len(s.failures)):]
}

func (i *IDS) exempt(ip netip.Addr) bool {
	return i.opt.ExemptPrivate && ip.Is4() && ip.IsPrivate() ||
		slices.ContainsFunc(i.opt.Whitelist, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// within counts the failures of a time that ends now. What no rule may count any more is forgotten.
func (s *suspect) within(now time.Time, d time.Duration) int {
	for len(s.failures) > 0 && now.Sub(s.failures[0]) > time.Hour {
		s.failures = s.failures[1:]
	}
	n := 0
	for k := len(s.failures) - 1; k >= 0 && now.Sub(s.failures[k]) < d; k-- {
		n++
	}
	return n
}

// Tally is what the counter knows of an address.
type Tally struct {
	Total   int // failures that were ever counted
	Peak    int // most of them within 10 minutes
	Blocks  int // how often a block began or grew
	Blocked bool
}

// Tally tells what was counted for an address.
func (i *IDS) Tally(ip netip.Addr) Tally {
	i.mu.Lock()
	defer i.mu.Unlock()
	s := i.hosts[ip.Unmap()]
	if s == nil {
		return Tally{}
	}
	return Tally{Total: s.total, Peak: s.peak, Blocks: s.blocks, Blocked: i.opt.Now().Before(s.blocked)}
}
