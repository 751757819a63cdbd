package standin

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Kind is what a collection holds.
type Kind int

// Kinds of collections. Tasks are in the calendar list, but apart from events.
const (
	Calendar Kind = iota
	Tasks
	Contacts
)

// IDs of the collections that every mailbox has: the last part of their paths. The real ones are not known. Defensive.
const (
	CalendarID = "calendar"
	TasksID    = "tasks"
	ContactsID = "contacts"
	galID      = "gal" // which is its id in the API
)

// davHome is what one mailbox sees, in order.
type davHome struct {
	email string // as the directory spells it
	links []*davLink
}

// davLink is a collection in a home: one's own, or one that somebody shares.
type davLink struct {
	*davCollection
	id       string
	name     string // "" is the collection's own
	shared   bool
	readOnly bool
}

// davCollection is a calendar, a task list or an address book.
type davCollection struct {
	serial  int // tells it from all others, those that are gone included
	kind    Kind
	owner   string // in lower case
	fixed   bool   // it cannot be deleted
	comps   []string
	props   map[xml.Name]string // what clients may set, as XML
	rev     int                 // of the last change
	floor   int                 // sync-tokens before it are not known any more
	objects map[string]*davObject
	gone    map[string]davGone
}

// davObject is one event, task or card. It is replaced, never changed.
type davObject struct {
	name, uid string
	body      []byte
	item      *davItem
	rev       int // its ETag
	changed   time.Time
}

// davGone is an object that was deleted.
type davGone struct {
	name string
	rev  int
}

func (o *davObject) etag() string { return fmt.Sprintf(`"sm-%d"`, o.rev) }

// list is what a collection holds, what changed last at the end.
func (c *davCollection) list() []*davObject {
	return slices.SortedFunc(maps.Values(c.objects), func(a, b *davObject) int { return cmp.Compare(a.rev, b.rev) })
}

// store keeps an object under a name, whose letter case does not count; the caller holds mu.
func (d *DAV) store(c *davCollection, name string, it *davItem, body []byte) *davObject {
	d.clock++
	o := &davObject{name: name, uid: it.uid, body: body, item: it, rev: d.clock, changed: d.now()}
	if was := c.objects[strings.ToLower(name)]; was != nil {
		o.name = was.name
	}
	c.objects[strings.ToLower(name)] = o
	delete(c.gone, strings.ToLower(name))
	c.rev = d.clock
	return o
}

// drop deletes an object; the caller holds mu.
func (d *DAV) drop(c *davCollection, o *davObject) {
	d.clock++
	delete(c.objects, strings.ToLower(o.name))
	c.gone[strings.ToLower(o.name)] = davGone{name: o.name, rev: d.clock}
	c.rev = d.clock
}

// collection makes one that stands in no home yet; the caller holds mu.
func (d *DAV) collection(kind Kind, owner, name string, comps ...string) *davCollection {
	d.clock++
	return &davCollection{serial: d.clock, kind: kind, owner: owner, comps: comps, props: map[xml.Name]string{nameDisplay: escape(name)},
		rev: d.clock, objects: map[string]*davObject{}, gone: map[string]davGone{}}
}

// add makes a collection of one's own; the caller holds mu.
func (d *DAV) add(h *davHome, id string, kind Kind, name string, comps ...string) *davLink {
	l := &davLink{davCollection: d.collection(kind, strings.ToLower(h.email), name, comps...), id: id}
	h.links = append(h.links, l)
	return l
}

// display is a collection's name. Of an element, which nobody sends there, its text counts.
func (l *davLink) display() string {
	if l.name != "" {
		return l.name
	}
	if n, err := parseXML([]byte("<n>" + l.props[nameDisplay] + "</n>")); err == nil {
		return n.text
	}
	return ""
}

// furnish makes the collections of a new mailbox.
func (d *DAV) furnish(m Mailbox) {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := strings.ToLower(m.Email)
	if d.homes[key] != nil {
		return
	}
	h := &davHome{email: m.Email}
	d.homes[key] = h
	names := davNames(m.Locale, d.opt.ShortNames)
	events := []string{"VEVENT"}
	if d.opt.Journals {
		events = append(events, "VJOURNAL")
	}
	d.add(h, CalendarID, Calendar, names[Calendar], events...).fixed = true
	d.add(h, TasksID, Tasks, names[Tasks], "VTODO").fixed = true
	d.add(h, ContactsID, Contacts, names[Contacts]).fixed = true
}

// translate gives the collections that every mailbox has the names of a language. Names that clients gave stay.
func (d *DAV) translate(email, locale string) error {
	m, _ := d.dir.Mailbox(email)
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.homes[strings.ToLower(email)]
	if h == nil {
		return nil
	}
	was, is := davNames(m.Locale, d.opt.ShortNames), davNames(locale, d.opt.ShortNames)
	for _, l := range h.links {
		if l.fixed && !l.shared && l.props[nameDisplay] == escape(was[l.kind]) {
			l.props[nameDisplay] = escape(is[l.kind])
		}
	}
	return nil
}

// davNames are the names of the collections that every mailbox has. The English ones were seen; the others stand in files
// that an administrator may change, so they are guesses. Defensive.
func davNames(locale string, short bool) map[Kind]string {
	lang, _, _ := strings.Cut(locale, "-")
	names := map[string][5]string{ // long, short; long, short; Contacts
		"de": {"Mein Kalender", "Kalender", "Meine Aufgaben", "Aufgaben", "Kontakte"},
		"fr": {"Mon calendrier", "Calendrier", "Mes tâches", "Tâches", "Contacts"},
		"es": {"Mi calendario", "Calendario", "Mis tareas", "Tareas", "Contactos"},
		"it": {"Il mio calendario", "Calendario", "Le mie attività", "Attività", "Contatti"},
		"nl": {"Mijn agenda", "Agenda", "Mijn taken", "Taken", "Contacten"},
		"pt": {"Meu calendário", "Calendário", "Minhas tarefas", "Tarefas", "Contatos"},
		"ja": {"マイ カレンダー", "カレンダー", "マイ タスク", "タスク", "連絡先"},
	}
	n, ok := names[lang]
	if !ok {
		n = [5]string{"My Calendar", "Calendar", "My Tasks", "Tasks", "Contacts"}
	}
	if short {
		return map[Kind]string{Calendar: n[1], Tasks: n[3], Contacts: n[4]}
	}
	return map[Kind]string{Calendar: n[0], Tasks: n[2], Contacts: n[4]}
}
