package imap

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"crossfade/backfill"
	"crossfade/mapping"
	"crossfade/proxy"
)

// fakeAccount is an account in memory, shared by all its sessions.
type fakeAccount struct {
	mu        sync.Mutex
	boxes     map[string]*fakeFolder
	subs      map[string]bool
	failWith  error    // every call that asks servers fails so
	cutAfter  int64    // literals end with an error after so many bytes; 0: never
	hollow    bool     // bodies are answered as NIL
	failAfter int      // the FETCH fails that comes to so many messages more; 0: none
	mute      bool     // messages are not answered about
	split     bool     // every attribute comes in an answer of its own
	searched  []string // keys that were asked
	fetched   []string // items that were asked
	opened    int      // mailboxes open now
	quotas    []backfill.Quota
	pipe      func() *backfill.Pipe
}

type fakeFolder struct {
	acc     *fakeAccount
	name    string
	attrs   []string
	val     uint32
	recent  uint32 // the first UID that no session was told of; 0: nobody has asked
	next    uint32
	version uint64
	moved   uint64
	uids    []uint32
	msgs    map[uint32]*fakeMessage
	changed chan struct{}
	life    context.Context
	end     context.CancelFunc
}

type fakeMessage struct {
	backfill.ItemState
	body    string
	unknown bool // the state knows neither size nor date
}

func newFakeAccount() *fakeAccount {
	a := &fakeAccount{boxes: map[string]*fakeFolder{}, subs: map[string]bool{"INBOX": true}}
	a.box("INBOX")
	a.box("Sent").attrs = []string{`\Sent`}
	return a
}

func (a *fakeAccount) box(name string) *fakeFolder {
	f := &fakeFolder{acc: a, name: name, val: 7, next: 1, version: 1, moved: 1, msgs: map[uint32]*fakeMessage{}, changed: make(chan struct{})}
	f.life, f.end = context.WithCancel(context.Background())
	a.boxes[name] = f
	return f
}

// renew gives the folder other numbers, as far as those know that have it open.
func (f *fakeFolder) renew() {
	f.acc.mu.Lock()
	defer f.acc.mu.Unlock()
	f.end()
	f.bump()
}

func (f *fakeFolder) bump() {
	f.version++
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *fakeFolder) add(body string, flags mapping.Flags, date time.Time) uint32 {
	uid := f.next
	f.next++
	f.bump()
	f.moved = f.version
	f.uids = append(slices.Clone(f.uids), uid)
	f.msgs[uid] = &fakeMessage{body: body, ItemState: backfill.ItemState{UID: uid, Flags: flags, Size: int64(len(body)), Date: date, Version: f.version}}
	return uid
}

func (f *fakeFolder) remove(uid uint32) {
	if f.msgs[uid] == nil {
		return
	}
	delete(f.msgs, uid)
	f.bump()
	f.moved = f.version
	f.uids = slices.DeleteFunc(slices.Clone(f.uids), func(u uint32) bool { return u == uid })
}

func (f *fakeFolder) flag(uid uint32, flags mapping.Flags) {
	f.bump()
	m := f.msgs[uid]
	m.Flags, m.Version = flags, f.version
}

func (a *fakeAccount) find(name string) (*fakeFolder, error) {
	if a.failWith != nil {
		return nil, a.failWith
	}
	if strings.EqualFold(name, "inbox") {
		name = "INBOX"
	}
	if f := a.boxes[name]; f != nil {
		return f, nil
	}
	return nil, fmt.Errorf("open %q: %w", name, backfill.ErrNoFolder)
}

// fakeSession implements proxy.Session.
type fakeSession struct{ *fakeAccount }

func (s fakeSession) Account() string   { return "alice" }
func (s fakeSession) Separator() string { return "/" }
func (s fakeSession) Close() error      { return nil }

func (s fakeSession) Pipe() *backfill.Pipe {
	if s.pipe == nil {
		return nil
	}
	return s.pipe()
}

func (s fakeSession) List(context.Context) ([]backfill.ListEntry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failWith != nil {
		return nil, s.failWith
	}
	var out []backfill.ListEntry
	for _, n := range slices.Sorted(maps.Keys(s.boxes)) {
		out = append(out, backfill.ListEntry{Name: n, Attrs: s.boxes[n].attrs, Subscribed: s.subs[n]})
	}
	for _, n := range slices.Sorted(maps.Keys(s.subs)) {
		if s.boxes[n] == nil {
			out = append(out, backfill.ListEntry{Name: n, Subscribed: true, NonExistent: true})
		}
	}
	return out, nil
}

func (s fakeSession) Aliases(_ context.Context, _ string, patterns []string) (backfill.AliasTree, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.ContainsFunc(patterns, func(p string) bool { return strings.HasPrefix(p, "INBOX.") }) {
		return backfill.AliasTree{}, nil
	}
	t := backfill.AliasTree{Separator: "."}
	for _, n := range slices.Sorted(maps.Keys(s.boxes)) {
		if n != "INBOX" {
			t.Entries = append(t.Entries, backfill.ListEntry{Name: "INBOX." + strings.ReplaceAll(n, "/", "."), Attrs: s.boxes[n].attrs, Subscribed: s.subs[n]})
		}
	}
	return t, nil
}

func (s fakeSession) Open(_ context.Context, name string, readOnly bool) (proxy.Mailbox, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.find(name)
	if err != nil {
		return nil, err
	}
	s.opened++
	f.meet()
	return &fakeMailbox{f, readOnly}, nil
}

// meet begins with what is there: it is not new to anybody.
func (f *fakeFolder) meet() {
	if f.recent == 0 {
		f.recent = f.next
	}
}

func (f *fakeFolder) status() backfill.Status {
	st := backfill.Status{UIDValidity: f.val, UIDNext: f.next, Messages: uint32(len(f.uids))}
	for i, u := range f.uids {
		m := f.msgs[u]
		if u >= f.recent {
			st.Recent++
		}
		st.Size += int64(len(m.body))
		if !m.Flags.Has(`\Seen`) {
			if st.Unseen++; st.FirstUnseen == 0 {
				st.FirstUnseen = uint32(i) + 1
			}
		}
		if m.Flags.Has(`\Deleted`) {
			st.Deleted++
		}
	}
	return st
}

func (s fakeSession) Status(_ context.Context, name string, _ bool) (backfill.Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.find(name)
	if err != nil {
		return backfill.Status{}, err
	}
	f.meet()
	return f.status(), nil
}

func (s fakeSession) Create(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, _ := s.find(name); f != nil {
		return &backfill.Refusal{Code: "ALREADYEXISTS", Text: "It is there"}
	}
	s.box(name)
	return nil
}

func (s fakeSession) CreateUse(ctx context.Context, name string, use []string) error {
	for _, f := range s.boxes {
		if slices.Contains(f.attrs, use[0]) {
			return &backfill.Refusal{Code: "USEATTR", Text: "It is taken"}
		}
	}
	if err := s.Create(ctx, name); err != nil {
		return err
	}
	s.boxes[name].attrs = use
	return nil
}

func (s fakeSession) Quotas(_ context.Context, name string) ([]backfill.Quota, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.find(name); err != nil {
		return nil, err
	}
	return s.quotas, nil
}

func (s fakeSession) Delete(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.find(name)
	if err != nil {
		return err
	}
	if f.name == "INBOX" {
		return &backfill.Error{Op: "DELETE", Code: "NOPERM", Text: "INBOX\r\nstays", Scope: backfill.Item}
	}
	delete(s.boxes, name)
	return nil
}

func (s fakeSession) Rename(_ context.Context, name, to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.find(name)
	if err != nil {
		return err
	}
	if there, _ := s.find(to); there != nil {
		return &backfill.Refusal{Code: "ALREADYEXISTS", Text: "It is there"}
	}
	for old, child := range maps.Clone(s.boxes) {
		if below, ok := strings.CutPrefix(old, name+"/"); ok {
			delete(s.boxes, old)
			child.name = to + "/" + below
			s.boxes[child.name] = child
		}
	}
	delete(s.boxes, name)
	f.name = to
	s.boxes[to] = f
	return nil
}

func (s fakeSession) Subscribe(_ context.Context, name string, on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subs[name] = on
	if !on {
		delete(s.subs, name)
	}
	return s.failWith
}

func (s fakeSession) Append(_ context.Context, name string, items []backfill.AppendItem) (uint32, []uint32, error) {
	bodies := make([]string, len(items))
	for i, it := range items {
		for range 2 { // bytes must be there for a second try
			r, err := it.Open()
			if err != nil {
				return 0, nil, err
			}
			b, err := io.ReadAll(r)
			if err != nil || int64(len(b)) != it.Size {
				return 0, nil, fmt.Errorf("read %d of %d: %w", len(b), it.Size, err)
			}
			bodies[i] = string(b)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.find(name)
	if err != nil {
		return 0, nil, err
	}
	var uids []uint32
	for i, it := range items {
		uids = append(uids, f.add(bodies[i], it.Flags, it.Date))
	}
	return f.val, uids, nil
}
