package backfill

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill/spool"
	"crossfade/mapping"
)

// fakeServer is a mail server in memory that keeps one account, counts what it is asked, and can be told to
// fail. It is a Driver, and its account a Writer.
type fakeServer struct {
	orphans  []string // subscribed names without a mailbox
	mu       sync.Mutex
	host     string
	sep      string
	prefix   string
	boxes    map[string]*fakeBox
	order    []string
	validity uint32
	down     bool // every call fails with a host error
	modseq   bool // offers CONDSTORE
	uidplus  bool
	move     bool
	keywords bool                    // takes any keyword
	refuse   func(body []byte) error // refuses an APPEND
	binary   bool                    // offers BINARY, and takes anything in a literal8
	noSigns  string                  // signs that a name may not hold
	onCreate func(box string)        // called when a folder is made and nobody knows yet
	noSub    error                   // what a SUBSCRIBE is answered with
	noDelete error                   // what a DELETE is answered with
	noFirst  error                   // what the next DELETE is answered with
	noOpen   map[string]error        // what an EXAMINE of a folder is answered with
	noRename error                   // what a RENAME is answered with
	renameOne,
	renumber bool // RENAME leaves the folders below where they are; gives new UIDVALIDITYs
	byName   map[string]string       // special uses that hang on names
	greedy   bool                    // DELETE takes the folders below along
	phantoms bool                    // a folder that was deleted is listed as long as others are below it, as by Dovecot
	cutAfter int                     // the connection ends after so many APPENDs took place; 0 never
	lostUID  bool                    // the APPEND that is cut took place all the same
	creates  []string                // CREATEs that were asked for
	writes   []string                // everything that would change a source
	onAppend func(box string, n int) // called before an APPEND's messages are taken
	appended func(box string, n int) // called when they are taken and nobody knows yet
	onRead   func(box string, n int) // called before whole messages are read
	stored   func()                  // called when flags are changed and nobody knows yet
	onScan   func(box string, n int) // called before a listing that was made is told
	secret   string                  // the password, "pw" if empty
	asked    []string                // passwords that were tried
	pipes    []net.Conn              // the server's ends of those that were handed over
	known    func(box string) Landmarks
}

type fakeBox struct {
	phantom  bool // it was deleted, and is listed as long as others are below it
	name     string
	attrs    []string
	validity uint32
	next     uint32
	modseq   uint64
	msgs     []*fakeMsg
	sub      bool
	version  int
}

type fakeMsg struct {
	uid    uint32
	flags  mapping.Flags
	date   time.Time
	body   []byte
	modseq uint64
}

func newFake(host, sep string, validity uint32) *fakeServer {
	s := &fakeServer{host: host, sep: sep, validity: validity, boxes: map[string]*fakeBox{}, modseq: true, uidplus: true, move: true, keywords: true}
	s.add("INBOX")
	return s
}

func (s *fakeServer) add(name string, attrs ...string) *fakeBox {
	b := &fakeBox{name: name, attrs: attrs, validity: s.validity, next: 1, modseq: 1, sub: true}
	s.validity++
	s.boxes[name] = b
	s.order = append(s.order, name)
	return b
}

func (b *fakeBox) put(body string, flags ...string) *fakeMsg {
	b.modseq++
	m := &fakeMsg{uid: b.next, flags: mapping.NewFlags(flags...), date: time.Unix(1500000000+int64(b.next)*60, 0).In(time.FixedZone("", 7200)), body: []byte(body), modseq: b.modseq}
	b.next++
	b.version++
	b.msgs = append(b.msgs, m)
	return m
}

func (b *fakeBox) remove(uids ...uint32) {
	b.modseq++
	b.version++
	b.msgs = slices.DeleteFunc(b.msgs, func(m *fakeMsg) bool { return slices.Contains(uids, m.uid) })
}

func (s *fakeServer) Host() string { return s.host }

func (s *fakeServer) Login(_ context.Context, user, secret string) (Mail, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.prove(secret); err != nil {
		return nil, err
	}
	return s, nil
}

// prove checks a password; the caller holds mu.
func (s *fakeServer) prove(secret string) error {
	if s.down {
		return s.err("login", "", HostScope)
	}
	s.asked = append(s.asked, secret)
	if secret != cmp.Or(s.secret, "pw") {
		e := s.err("login", "AUTHENTICATIONFAILED", AccountScope).(*Error)
		e.Patience = Never
		return e
	}
	return nil
}

// Pipe implements Piper.
func (s *fakeServer) Pipe(_ context.Context, user, secret string) (*Pipe, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.prove(secret); err != nil {
		return nil, err
	}
	ours, theirs := net.Pipe()
	s.pipes = append(s.pipes, ours)
	return &Pipe{Conn: theirs, Caps: []string{"IMAP4rev1", "X-" + user}}, nil
}

func (s *fakeServer) err(op, code string, scope Scope) error {
	return &Error{Op: op, Host: s.host, Scope: scope, Patience: Later, Code: code, Text: "fake"}
}

func (s *fakeServer) box(name string) (*fakeBox, error) {
	if s.down {
		return nil, s.err("select", "", HostScope)
	}
	if err := s.noOpen[name]; err != nil {
		return nil, err
	}
	b := s.boxes[name]
	if b == nil || b.phantom {
		return nil, fmt.Errorf("%w: %w", ErrNoFolder, s.err("select", "NONEXISTENT", FolderScope))
	}
	return b, nil
}

// Prove implements Prover.
func (s *fakeServer) Prove(known func(box string) Landmarks) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = known
}

// remade holds a folder against its landmarks.
func (s *fakeServer) remade(name string) error {
	s.mu.Lock()
	known := s.known
	s.mu.Unlock()
	if known == nil {
		return nil
	}
	ls := known(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.boxes[name]
	if s.down || b == nil || len(ls.Marks) == 0 || b.validity != ls.UIDValidity {
		return nil
	}
	var there []Entry
	for _, m := range b.msgs {
		there = append(there, entryOf(m))
	}
	if !ls.Agree(b.next, there) {
		return fmt.Errorf("%w: %w", ErrRemade, s.err("select", "", FolderScope))
	}
	return nil
}

func entryOf(m *fakeMsg) Entry {
	return Entry{UID: m.uid, Flags: m.flags, Size: int64(len(m.body)), Date: m.date, MsgID: mapping.MessageIDFromHeader(spool.HeaderOf(m.body))}
}

func (s *fakeServer) Features() Features {
	f := Features{Separator: s.sep, Prefix: s.prefix}
	if s.binary {
		f.Caps = imap.CapSet{"BINARY": {}}
	}
	return f
}
func (s *fakeServer) Close() error { return nil }

func (s *fakeServer) Folders(context.Context) ([]Folder, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return nil, s.err("LIST", "", HostScope)
	}
	var out []Folder
	for _, n := range s.order {
		if b := s.boxes[n]; b != nil {
			attrs := b.attrs
			if b.phantom && !s.below(n) {
				continue
			}
			if s.byName != nil {
				attrs = nil
				if use := s.byName[n]; use != "" {
					attrs = []string{use}
				}
			}
			out = append(out, Folder{Name: n, Path: strings.Split(n, s.sep), Attrs: attrs, Separator: s.sep, Subscribed: b.sub})
		}
	}
	return out, nil
}

// Orphans implements Orphaned.
func (s *fakeServer) Orphans() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.orphans
}

func (s *fakeServer) state(b *fakeBox) BoxState {
	st := BoxState{UIDValidity: b.validity, UIDNext: b.next, Exists: uint32(len(b.msgs)), AnyKeyword: s.keywords,
		Permanent: mapping.NewFlags(`\Seen`, `\Answered`, `\Flagged`, `\Deleted`, `\Draft`)}
	if s.modseq {
		st.HighestModSeq = b.modseq
	}
	return st
}

func (s *fakeServer) Examine(_ context.Context, name string) (BoxState, error) {
	if err := s.remade(name); err != nil {
		return BoxState{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.box(name)
	if err != nil {
		return BoxState{}, err
	}
	return s.state(b), nil
}

func (s *fakeServer) Poll(ctx context.Context, name string, prev BoxState) (News, error) {
	st, err := s.Examine(ctx, name)
	differs := st.UIDNext != prev.UIDNext || st.Exists != prev.Exists || st.HighestModSeq != prev.HighestModSeq
	return News{State: st, UIDValidityDiffers: st.UIDValidity != prev.UIDValidity || st.UIDNext < prev.UIDNext, New: st.UIDNext != prev.UIDNext, Gone: st.Exists < prev.Exists, Flags: differs || !s.modseq}, err
}

// pick returns copies of the messages in a set, so that no lock is held while the caller works.
func (s *fakeServer) pick(name string, validity uint32, set imap.UIDSet, since uint64) ([]fakeMsg, BoxState, error) {
	if err := s.remade(name); err != nil {
		return nil, BoxState{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.box(name)
	if err != nil {
		return nil, BoxState{}, err
	}
	if validity != 0 && validity != b.validity {
		return nil, BoxState{}, ErrUIDValidity
	}
	var out []fakeMsg
	for _, m := range b.msgs {
		if (set == nil || set.Contains(imap.UID(m.uid))) && m.modseq > since {
			out = append(out, *m)
		}
	}
	return out, s.state(b), nil
}

func (s *fakeServer) Scan(_ context.Context, name string, what Scan, each func(Entry) error) (BoxState, error) {
	ms, st, err := s.pick(name, what.UIDValidity, what.UIDs, what.ChangedSince)
	if err != nil {
		return st, err
	}
	if s.onScan != nil {
		s.onScan(name, len(ms))
	}
	for _, m := range ms {
		e := Entry{UID: m.uid}
		if what.Flags {
			e.Flags = m.flags
		}
		if what.Sizes {
			e.Size = int64(len(m.body))
		}
		if what.Details {
			e.Size, e.Date, e.MsgID = int64(len(m.body)), m.date, mapping.MessageIDFromHeader(spool.HeaderOf(m.body))
		}
		if err := each(e); err != nil {
			return st, err
		}
	}
	return st, nil
}

func (s *fakeServer) FetchRaw(_ context.Context, name string, want RawFetch, each func(*RawItem) error) error {
	ms, _, err := s.pick(name, want.UIDValidity, want.UIDs, 0)
	if err != nil {
		return err
	}
	for _, m := range ms {
		done := false
		it := &RawItem{UID: m.uid, Next: func() (RawAtt, error) {
			if done {
				return RawAtt{}, io.EOF
			}
			done = true
			return RawAtt{Name: "BODY[]", Literal: bytes.NewReader(m.body), Size: int64(len(m.body))}, nil
		}}
		if err := each(it); err != nil {
			return err
		}
	}
	return nil
}

func (s *fakeServer) Read(_ context.Context, name string, validity uint32, set imap.UIDSet, each func(*Message) error) error {
	ms, _, err := s.pick(name, validity, set, 0)
	if err != nil {
		return err
	}
	if s.onRead != nil {
		s.onRead(name, len(ms))
	}
	for _, m := range ms {
		err := each(&Message{UID: m.uid, Flags: m.flags, Date: m.date, Size: int64(len(m.body)), Body: bytes.NewReader(m.body)})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *fakeServer) Search(_ context.Context, name string, validity uint32, key SearchKey) (imap.UIDSet, error) {
	ms, _, err := s.pick(name, validity, nil, 0)
	var out imap.UIDSet
	word := strings.ToLower(strings.Trim(strings.TrimPrefix(key.Text[0], "TEXT "), `"`))
	for _, m := range ms {
		if strings.Contains(strings.ToLower(string(m.body)), word) {
			out.AddNum(imap.UID(m.uid))
		}
	}
	return out, err
}
