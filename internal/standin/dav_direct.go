package standin

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Collection is what a mailbox sees of a collection, past the wire.
type Collection struct {
	ID, Name, Owner  string // Owner is an address, or the domain of its addresses' book
	Kind             Kind
	Comps            []string
	Shared, ReadOnly bool
	Objects          []Object // what changed last at the end
}

// Object is an event, a task or a card.
type Object struct {
	Name, UID, ETag string
	Body            []byte
	Changed         time.Time
}

// Collections are those that a mailbox sees, in order.
func (d *DAV) Collections(email string) (out []Collection) {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.homes[strings.ToLower(email)]
	if h == nil {
		return nil
	}
	for _, l := range d.linksOf(h) {
		c := Collection{ID: l.id, Name: l.display(), Owner: l.owner, Kind: l.kind, Comps: l.comps, Shared: l.shared, ReadOnly: l.readOnly}
		for _, o := range l.list() {
			c.Objects = append(c.Objects, Object{Name: o.name, UID: o.uid, ETag: o.etag(), Body: o.body, Changed: o.changed})
		}
		out = append(out, c)
	}
	return out
}

// Collection is one of them, by its ID; the zero value if there is none.
func (d *DAV) Collection(email, id string) Collection {
	all := d.Collections(email)
	if i := slices.IndexFunc(all, func(c Collection) bool { return strings.EqualFold(c.ID, id) }); i >= 0 {
		return all[i]
	}
	return Collection{}
}

// Add makes a collection, past all rules. Comps are those of a calendar; none are VEVENT.
func (d *DAV) Add(email, id string, kind Kind, name string, comps ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if kind == Calendar && len(comps) == 0 {
		comps = []string{"VEVENT"}
	}
	d.add(d.homes[strings.ToLower(email)], id, kind, name, comps...)
}

// Put keeps an object as it is, past all rules but that it must be readable; it replaces the one of that name.
func (d *DAV) Put(email, id, name string, body []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.homes[strings.ToLower(email)]
	if h == nil || d.linkOf(h, id) == nil {
		return fmt.Errorf("%s has no collection %s", email, id)
	}
	l := d.linkOf(h, id)
	it, err := readItem(l.kind, body, false)
	if err == nil {
		d.store(l.davCollection, name, it, body)
	}
	return err
}

// Remove deletes an object, as its user would in the webmail.
func (d *DAV) Remove(email, id, name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if h := d.homes[strings.ToLower(email)]; h != nil {
		if l := d.linkOf(h, id); l != nil && l.objects[strings.ToLower(name)] != nil {
			d.drop(l.davCollection, l.objects[strings.ToLower(name)])
		}
	}
}

// Share shows one's collection to somebody else as "<owner> - My Calendar", which is a name that was seen. It does nothing
// if there is no such collection or nobody.
func (d *DAV) Share(owner, id, with string, readOnly bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	from, to := d.homes[strings.ToLower(owner)], d.homes[strings.ToLower(with)]
	if from == nil || to == nil || d.linkOf(from, id) == nil {
		return
	}
	l := d.linkOf(from, id)
	local, _, _ := strings.Cut(from.email, "@")
	to.links = append(to.links, &davLink{davCollection: l.davCollection, id: strings.ToLower(local) + "-" + l.id, name: local + " - " + l.display(), shared: true, readOnly: readOnly})
}

// ForgetSync makes all sync-tokens that were told so far unknown.
func (d *DAV) ForgetSync() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.clock++
	for _, h := range d.homes {
		for _, l := range h.links {
			l.floor, l.rev = d.clock, d.clock
		}
	}
}

// Set changes the switches of a running server. Collections that are there keep their names.
func (d *DAV) Set(change func(*DAVOptions)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(&d.opt)
}

// Break adds a fault. The first that fits a request acts.
func (d *DAV) Break(f Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1 << 30
	}
	d.broken = append(d.broken, f)
}

// Count tells how many requests of a method came.
func (d *DAV) Count(method string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.counts[method]
}
