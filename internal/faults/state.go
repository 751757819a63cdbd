package faults

import (
	"bytes"
	"slices"
	"strings"
	"time"
)

// Message is one message. Body is never written to.
type Message struct {
	UID   uint32
	Flags []string // without \Recent
	Date  time.Time
	Body  []byte
}

// Account is one user. All of it is guarded by the server's mu.
type Account struct {
	s          *Server
	name, pass string
	boxes      map[string]*mailbox
	subscribed map[string]bool
	reserved   map[string]string // names that have a use as soon as they are made
	conns      int
}

type mailbox struct {
	name     string
	use      string // \Sent and the like
	noselect bool
	validity uint32
	next     uint32
	modseq   uint64
	msgs     []*message // ascending by UID
	tombs    []tomb     // what was expunged
	stale    string     // what STATUS told at first
	epoch    int        // grows when all is numbered anew
}

type message struct {
	Message
	modseq uint64
	by     *conn // who changed the flags last
	gone   bool
}

// Account makes an account with an INBOX, or returns the one there is.
func (s *Server) Account(name, pass string) *Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, ok := s.accounts[name]; ok {
		return a
	}
	a := &Account{s: s, name: name, pass: pass, boxes: map[string]*mailbox{}, subscribed: map[string]bool{}}
	s.accounts[name] = a
	a.create("INBOX", "")
	return a
}

// Drop removes an account and all that it holds, and ends its connections.
func (s *Server) Drop(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[name]
	delete(s.accounts, name)
	for c := range s.conns {
		if a != nil && c.acct == a {
			_ = c.nc.Close()
		}
	}
}

// Untold is the use of a mailbox that has one of which nothing is told.
const Untold = "-"

// Create makes a mailbox by its raw name; use is "", Untold or one of \Sent, \Drafts, \Trash, \Junk, \Archive.
func (a *Account) Create(name, use string) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	if b := a.create(name, use); use != "" {
		b.use = use
	}
	a.s.changed()
}

// Reserve gives a mailbox that is not there yet its use: it has it as soon as anybody makes it.
func (a *Account) Reserve(name, use string) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	if a.reserved == nil {
		a.reserved = map[string]string{}
	}
	a.reserved[canonicalName(name)] = use
}

// Rename renames a mailbox and its children, or a reserved name, past all quirks. It tells whether it could: the new name
// may be taken.
func (a *Account) Rename(from, to string) bool {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	from, to = canonicalName(from), canonicalName(to)
	if use, ok := a.reserved[from]; ok {
		delete(a.reserved, from)
		a.reserved[to] = use
	}
	if a.boxes[from] == nil || a.boxes[to] != nil {
		return a.boxes[to] == nil
	}
	a.rename(from, to)
	a.s.changed()
	return true
}

// create makes a mailbox unless it is there; the caller holds mu.
func (a *Account) create(name, use string) *mailbox {
	name = canonicalName(name)
	if b, ok := a.boxes[name]; ok && !b.noselect {
		return b
	}
	a.s.validities++
	if use == "" {
		use = a.reserved[name]
	}
	b := &mailbox{name: name, use: use, validity: a.s.validities, next: 1, modseq: 1 + a.s.quirks.ModSeqs}
	a.boxes[name] = b
	a.subscribed[name] = true
	return b
}

func canonicalName(name string) string {
	if strings.EqualFold(name, "INBOX") {
		return "INBOX"
	}
	return name
}

// Add puts messages into a mailbox, which is made if need be, past all quirks but gaps in the numbers. UIDs are given
// in order; a message that has one gets it, if it is not too low.
func (a *Account) Add(box string, msgs ...Message) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	b := a.create(box, "")
	for _, m := range msgs {
		a.s.add(b, m)
	}
	a.s.changed()
}

// add keeps a message; the caller holds mu.
func (s *Server) add(b *mailbox, m Message) *message {
	b.next += s.quirks.UIDGap
	b.next = max(b.next, m.UID)
	b.modseq++
	if m.Date.IsZero() {
		m.Date = time.Now().Truncate(time.Second)
	}
	m.UID = b.next
	m.Flags = canonicalFlags(m.Flags)
	n := &message{Message: m, modseq: b.modseq}
	b.next++
	b.msgs = append(b.msgs, n)
	return n
}

// Remove expunges messages of a mailbox, as another client would.
func (a *Account) Remove(box string, uids ...uint32) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	if b := a.boxes[canonicalName(box)]; b != nil {
		b.remove(func(m *message) bool { return slices.Contains(uids, m.UID) })
		a.s.changed()
	}
}

// Flag sets a message's flags, as another client would.
func (a *Account) Flag(box string, uid uint32, flags ...string) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	b := a.boxes[canonicalName(box)]
	if b == nil {
		return
	}
	for _, m := range b.msgs {
		if m.UID == uid {
			b.modseq++
			m.Flags, m.modseq, m.by = canonicalFlags(flags), b.modseq, nil
		}
	}
	a.s.changed()
}

// Delete removes a mailbox, as another client would.
func (a *Account) Delete(box string) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.drop(canonicalName(box))
	a.s.changed()
}

// Renumber gives a mailbox another UIDVALIDITY and its messages new UIDs. Connections that have it open are told by an
// untagged UIDVALIDITY and go on.
func (a *Account) Renumber(box string) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	if b := a.boxes[canonicalName(box)]; b != nil {
		a.s.renumber(b)
		a.s.changed()
	}
}

// renumber leaves the numbers as dense as they can be; the caller holds mu.
func (s *Server) renumber(b *mailbox) {
	s.validities++
	b.validity, b.next, b.epoch, b.tombs = s.validities, 1, b.epoch+1, nil
	for i, m := range b.msgs {
		n := *m
		n.UID = b.next
		b.msgs[i] = &n
		b.next++
	}
}

// remove expunges; the caller holds mu. It returns the sequence of what went.
func (b *mailbox) remove(which func(*message) bool) int {
	before := len(b.msgs)
	b.msgs = slices.DeleteFunc(slices.Clone(b.msgs), func(m *message) bool {
		if which(m) {
			m.gone = true
			b.tombs = append(b.tombs, tomb{uid: m.UID})
			return true
		}
		return false
	})
	if n := before - len(b.msgs); n > 0 {
		b.modseq++
		for i := len(b.tombs) - n; i < len(b.tombs); i++ {
			b.tombs[i].modseq = b.modseq
		}
		return n
	}
	return 0
}

// Mailboxes lists the raw names of the mailboxes that can be opened, sorted.
func (a *Account) Mailboxes() []string {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	var out []string
	for n, b := range a.boxes {
		if !b.noselect {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// Messages tells what a mailbox holds in truth, in order.
func (a *Account) Messages(box string) []Message {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	b := a.boxes[canonicalName(box)]
	if b == nil {
		return nil
	}
	out := make([]Message, len(b.msgs))
	for i, m := range b.msgs {
		out[i] = m.Message
		out[i].Flags = slices.Clone(m.Flags)
	}
	return out
}

// size is what the account holds in bytes; the caller holds mu.
func (a *Account) size() (n int64) {
	for _, b := range a.boxes {
		for _, m := range b.msgs {
			n += int64(len(m.Body))
		}
	}
	return n
}

// canonicalFlags drops \Recent and doubles, and spells system flags properly.
func canonicalFlags(flags []string) []string {
	var out []string
	for _, f := range flags {
		for _, s := range [...]string{`\Seen`, `\Answered`, `\Flagged`, `\Deleted`, `\Draft`} {
			if strings.EqualFold(f, s) {
				f = s
			}
		}
		if !strings.EqualFold(f, `\Recent`) && !hasFlag(out, f) {
			out = append(out, f)
		}
	}
	slices.Sort(out)
	return out
}

func hasFlag(flags []string, flag string) bool {
	return slices.ContainsFunc(flags, func(f string) bool { return strings.EqualFold(f, flag) })
}

// header returns the header of a message with the blank line behind it, and the text.
func header(b []byte) (head, text []byte) {
	for at := 0; at < len(b); {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			break
		}
		line := bytes.TrimRight(b[at:at+i], "\r")
		at += i + 1
		if len(line) == 0 {
			return b[:at], b[at:]
		}
	}
	return b, nil
}

// fields cuts a header into its fields, each with its continuation lines and line ends.
func fields(head []byte) [][]byte {
	var out [][]byte
	for len(head) > 0 {
		n := len(head)
		if i := bytes.IndexByte(head, '\n'); i >= 0 {
			n = i + 1
		}
		line := head[:n]
		head = head[n:]
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			break
		}
		if k := len(out); k > 0 && (line[0] == ' ' || line[0] == '\t') {
			out[k-1] = append(out[k-1][:len(out[k-1]):len(out[k-1])], line...)
			continue
		}
		out = append(out, line)
	}
	return out
}

func fieldName(field []byte) string {
	name, _, _ := strings.Cut(string(field), ":")
	return strings.TrimSpace(name)
}

// headerValue is the value of the first field of a name, unfolded.
func headerValue(body []byte, name string) string {
	head, _ := header(body)
	for _, f := range fields(head) {
		if strings.EqualFold(fieldName(f), name) {
			_, v, _ := strings.Cut(string(f), ":")
			return strings.Join(strings.Fields(v), " ")
		}
	}
	return ""
}
