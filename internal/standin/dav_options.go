package standin

// DAVOptions are about the CalDAV and CardDAV server. Of it only the paths of behaviour 20, the collections' names and that
// tasks are apart are stated; how it answers is not known, so the zero value is what RFC 4791, 6352 and 6578 want, and every
// other position is defensive.
type DAVOptions struct {
	// ShortNames: the calendar and the task list are "Calendar" and "Tasks", not "My Calendar" and "My Tasks". Both were seen.
	ShortNames bool
	// WellKnown is how /.well-known/caldav and /.well-known/carddav are answered. Defensive.
	WellKnown WellKnown
	// MakeCalendars is how MKCALENDAR, and an extended MKCOL of a calendar, are answered; MakeBooks an extended MKCOL of an
	// address book. Defensive.
	MakeCalendars, MakeBooks Make
	// NoSyncToken: there is neither a sync-token nor sync-collection. Defensive.
	NoSyncToken bool
	// NoCTag: there is no getctag. Defensive.
	NoCTag bool
	// NoETag: PUT is answered without an ETag. Defensive.
	NoETag bool
	// Rewrite: what is kept are other bytes than were PUT: another PRODID, other folding, another order. The UID stays. PUT
	// is answered with an ETag all the same, which is against RFC 4791 5.3.4. Defensive.
	Rewrite bool
	// Hrefs says whether a new object keeps the name that it was PUT under. Defensive.
	Hrefs Hrefs
	// AbsoluteHrefs: hrefs in answers are whole URLs. Defensive.
	AbsoluteHrefs bool
	// Journals: VJOURNAL is taken into calendars, and not refused. Nobody says that it is. Defensive.
	Journals bool
	// GAL: the addresses of the domain are one more address book, which is read-only. Defensive: the API has it.
	GAL bool
	// Conflict says where a UID may be but once. Defensive.
	Conflict Conflict
	// Strict refuses objects that have faults: a METHOD, a DTEND that is its DTSTART, a vCard 2.1, a card without a UID.
	// Defensive.
	Strict bool
	// MaxSize of an object in bytes; 0: 10 MB, more than any client sends. Defensive.
	MaxSize int64
	// Schedules: who PUTs an event with attendees sends mail to them (RFC 6638). Defensive; see DAV.Sent.
	Schedules bool
}

// WellKnown is an answer to /.well-known/caldav and /.well-known/carddav (RFC 6764 5).
type WellKnown int

// Answers: a redirect to /WebDAV/; nothing is there.
const (
	WellKnown301 WellKnown = iota
	WellKnown404
)

// Make is an answer to a client that makes a collection.
type Make int

// Answers: it is made; nobody may; there is no such method.
const (
	Make201 Make = iota
	Make403
	Make405
)

// Hrefs says what name a new object gets.
type Hrefs int

// Names: the client's; the server's own, told in a Location; the server's own, which only a listing tells.
const (
	HrefsKept Hrefs = iota
	HrefsTold
	HrefsUntold
)

// Conflict says where a UID may be but once.
type Conflict int

// Scopes: within the collection (RFC 4791 4.1), answered with 409; within all collections of the mailbox, with 403;
// nowhere: two objects may have it.
const (
	ConflictCollection Conflict = iota
	ConflictMailbox
	ConflictNone
)

// maxObject is the size of an object where no switch says another.
const maxObject = 10 << 20

func (o DAVOptions) maxSize() int64 {
	if o.MaxSize > 0 {
		return o.MaxSize
	}
	return maxObject
}

// DAVSwitches are the switches that a move of calendars and contacts meets.
func DAVSwitches() []Switch {
	at := func(name string, set func(o *DAVOptions)) Position {
		return Position{Name: name, Set: func(o *Options) { set(&o.DAV) }}
	}
	in := func(locale string) Position {
		return Position{Name: locale, Set: func(o *Options) { o.Locale = locale }}
	}
	return []Switch{
		{"names", false, []Position{{Name: "My Calendar"}, at("Calendar", func(o *DAVOptions) { o.ShortNames = true })}},
		{"language", false, []Position{{Name: "en"}, in("de"), in("fr"), in("ja")}},
		{"well-known", true, []Position{{Name: "301"}, at("404", func(o *DAVOptions) { o.WellKnown = WellKnown404 })}},
		{"MKCALENDAR", true, []Position{{Name: "201"}, at("403", func(o *DAVOptions) { o.MakeCalendars = Make403 }), at("405", func(o *DAVOptions) { o.MakeCalendars = Make405 })}},
		{"MKCOL", true, []Position{{Name: "201"}, at("403", func(o *DAVOptions) { o.MakeBooks = Make403 }), at("405", func(o *DAVOptions) { o.MakeBooks = Make405 })}},
		{"sync-token", true, []Position{{Name: "there"}, at("absent", func(o *DAVOptions) { o.NoSyncToken = true })}},
		{"getctag", true, []Position{{Name: "there"}, at("absent", func(o *DAVOptions) { o.NoCTag = true })}},
		{"ETag of a PUT", true, []Position{{Name: "told"}, at("untold", func(o *DAVOptions) { o.NoETag = true })}},
		{"bytes", true, []Position{{Name: "kept"}, at("rewritten", func(o *DAVOptions) { o.Rewrite = true })}},
		{"hrefs", true, []Position{{Name: "kept"}, at("others, told", func(o *DAVOptions) { o.Hrefs = HrefsTold }), at("others, untold", func(o *DAVOptions) { o.Hrefs = HrefsUntold })}},
		{"hrefs in answers", true, []Position{{Name: "paths"}, at("URLs", func(o *DAVOptions) { o.AbsoluteHrefs = true })}},
		{"VJOURNAL", true, []Position{{Name: "refused"}, at("taken", func(o *DAVOptions) { o.Journals = true })}},
		{"GAL", true, []Position{{Name: "no book"}, at("a book", func(o *DAVOptions) { o.GAL = true })}},
		{"a UID twice", true, []Position{{Name: "not in a collection"}, at("not in a mailbox", func(o *DAVOptions) { o.Conflict = ConflictMailbox }), at("taken", func(o *DAVOptions) { o.Conflict = ConflictNone })}},
		{"faulty objects", true, []Position{{Name: "taken"}, at("refused", func(o *DAVOptions) { o.Strict = true })}},
		{"object sizes", true, []Position{{Name: "any"}, at("30 kB", func(o *DAVOptions) { o.MaxSize = 30_000 })}},
		{"invitations", true, []Position{{Name: "silent"}, at("mailed", func(o *DAVOptions) { o.Schedules = true })}},
	}
}
