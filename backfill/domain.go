package backfill

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"crossfade/store"
)

// maxDomains is how many domains are told apart; the accounts of all others are counted together, so that
// metrics stay few whoever logs in.
const maxDomains = 50

// Names of what has no domain of its own.
const (
	noDomain    = "none"  // the login name has none
	otherDomain = "other" // beyond maxDomains
)

// domain is what is counted for all accounts of one mail domain.
type domain struct {
	name             string
	messages, octets atomic.Int64 // copied since the program started
	matched          atomic.Int64 // found on the destination already, with equal bytes
	rate             meter
	total            *domain // of all domains; nil in that one
}

// domains gives each account its domain. The first ones get names of their own: accounts are loaded in the order
// of their enrolment, so a restart changes nothing.
type domains struct {
	mu    sync.Mutex
	named map[string]*domain
	list  []*domain
	all   domain
}

// of returns the domain of a login name.
func (d *domains) of(login string) *domain {
	name := domainOf(login)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.named == nil {
		d.named = make(map[string]*domain)
	}
	if len(d.list) >= maxDomains && d.named[name] == nil {
		name = otherDomain
	}
	if d.named[name] == nil {
		d.named[name] = &domain{name: name, total: &d.all}
		d.list = append(d.list, d.named[name])
	}
	return d.named[name]
}

// domainOf is the part behind the @ of a login name, made fit for a label.
func domainOf(login string) string {
	_, name, ok := strings.Cut(canonical(login), "@")
	if i := strings.LastIndexByte(name, '@'); i >= 0 {
		name = name[i+1:]
	}
	name = strings.ToValidUTF8(strings.Trim(name, "."), "\ufffd")
	if !ok || name == "" || len(name) > 255 {
		return noDomain
	}
	return name
}

// copied counts the copies that an edit makes known; it has not been applied yet.
func (d *domain) copied(e *edit) {
	messages, matched, bytes := 0, 0, int64(0)
	count := func(from uint32, l *store.Link) {
		i, ok := find(e.f.links, from)
		if !ok || l.State != store.Copied || e.f.links[i].State == store.Copied {
			return
		}
		if e.f.links[i].State != store.Copying {
			matched++
			return
		}
		messages++
		bytes += max(l.Size, 0)
	}
	for uid, l := range e.set {
		count(uid, &l)
	}
	for _, m := range e.moves {
		if i, ok := find(e.add, m.to); ok {
			count(m.from, &e.add[i])
		}
	}
	if messages+matched > 0 {
		d.count(time.Now(), messages, matched, bytes)
	}
}

func (d *domain) count(now time.Time, messages, matched int, bytes int64) {
	for ; d != nil; d = d.total {
		d.messages.Add(int64(messages))
		d.octets.Add(bytes)
		d.matched.Add(int64(matched))
		d.rate.add(now, messages+matched, bytes)
	}
}
