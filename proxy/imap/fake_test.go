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

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/mapping"
	"crossfade/proxy"
)

// fakeAccount is an account in memory, shared by all its sessions.
type fakeAccount struct {
	mu       sync.Mutex
	boxes    map[string]*fakeFolder
	subs     map[string]bool
	failWith error    // every call that asks servers fails so
	cutAfter int64    // literals end with an error after so many bytes; 0: never
	hollow   bool     // bodies are answered as NIL
	split    bool     // every attribute comes in an answer of its own
	searched []string // keys that were asked
	fetched  []string // items that were asked
	opened   int      // mailboxes open now
}

type fakeFolder struct {
	acc     *fakeAccount
	name    string
	attrs   []string
	val     uint32
	next    uint32
	version uint64
	moved   uint64
	uids    []uint32
	msgs    map[uint32]*fakeMessage
	changed chan struct{}
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
	a.boxes[name] = f
	return f
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

func (s fakeSession) Open(_ context.Context, name string, readOnly bool) (proxy.Mailbox, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.find(name)
	if err != nil {
		return nil, err
	}
	s.opened++
	return &fakeMailbox{f, readOnly}, nil
}

func (f *fakeFolder) status() backfill.Status {
	st := backfill.Status{UIDValidity: f.val, UIDNext: f.next, Messages: uint32(len(f.uids))}
	for i, u := range f.uids {
		m := f.msgs[u]
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

func (s fakeSession) Status(_ context.Context, name string) (backfill.Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.find(name)
	if err != nil {
		return backfill.Status{}, err
	}
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

// fakeMailbox implements proxy.Mailbox.
type fakeMailbox struct {
	*fakeFolder
	readOnly bool
}

func (b *fakeMailbox) Name() string   { return b.name }
func (b *fakeMailbox) ReadOnly() bool { return b.readOnly }

func (b *fakeMailbox) Status() backfill.Status {
	b.acc.mu.Lock()
	defer b.acc.mu.Unlock()
	return b.status()
}

func (b *fakeMailbox) Flags() (flags, permanent mapping.Flags, anyKeyword bool) {
	all := mapping.NewFlags(`\Seen`, `\Answered`, `\Flagged`, `\Deleted`, `\Draft`)
	return all, all, true
}

func (b *fakeMailbox) Changes(since uint64) backfill.Changes {
	b.acc.mu.Lock()
	defer b.acc.mu.Unlock()
	ch := backfill.Changes{Version: b.version, UIDs: b.uids, Same: b.moved <= since}
	if since == b.version {
		return ch
	}
	for _, u := range b.uids {
		if m := b.msgs[u]; m.Version > since {
			ch.Flags = append(ch.Flags, m.ItemState)
		}
	}
	return ch
}

func (b *fakeMailbox) Changed(since uint64) <-chan struct{} {
	b.acc.mu.Lock()
	defer b.acc.mu.Unlock()
	if b.version > since {
		c := make(chan struct{})
		close(c)
		return c
	}
	return b.changed
}

func (b *fakeMailbox) Refresh(context.Context) error { return b.acc.failWith }

func (b *fakeMailbox) Items(uids []uint32) []backfill.ItemState {
	b.acc.mu.Lock()
	defer b.acc.mu.Unlock()
	out := make([]backfill.ItemState, 0, len(uids))
	for _, u := range uids {
		if m := b.msgs[u]; m != nil {
			it := m.ItemState
			if m.unknown {
				it.Size, it.Date = -1, time.Time{}
			}
			out = append(out, it)
		}
	}
	return out
}

func (b *fakeMailbox) Fetch(ctx context.Context, uids []uint32, items []string, each func(*backfill.RawItem) error) error {
	b.acc.mu.Lock()
	err := b.acc.failWith
	b.acc.fetched = append(b.acc.fetched, strings.Join(items, " "))
	b.acc.mu.Unlock()
	if err != nil {
		return err
	}
	for _, u := range uids {
		b.acc.mu.Lock()
		m := b.msgs[u]
		cut, hollow, split := b.acc.cutAfter, b.acc.hollow, b.acc.split
		b.acc.mu.Unlock()
		if m == nil {
			continue
		}
		groups := [][]string{items}
		if split {
			groups = nil
			for _, it := range items {
				groups = append(groups, []string{it})
			}
		}
		for _, g := range groups {
			raw := &backfill.RawItem{UID: u, Next: renderer(m, g, cut, hollow)}
			if err := each(raw); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// renderer answers FETCH items the way a simple server does.
func renderer(m *fakeMessage, items []string, cut int64, hollow bool) func() (backfill.RawAtt, error) {
	i := 0
	return func() (backfill.RawAtt, error) {
		if i == len(items) {
			return backfill.RawAtt{}, io.EOF
		}
		item := items[i]
		i++
		switch item {
		case "ENVELOPE":
			return backfill.RawAtt{Name: item, Value: []byte(`("raw date" {3}` + "\r\n\xfc\r\n" + ` NIL NIL NIL NIL NIL NIL NIL "<1@x>")`)}, nil
		case "BODY", "BODYSTRUCTURE":
			return backfill.RawAtt{Name: item, Value: []byte(`("text" "plain" NIL NIL NIL "7bit" 5 1)`)}, nil
		case "RFC822.SIZE":
			return backfill.RawAtt{Name: item, Value: fmt.Append(nil, len(m.body))}, nil
		case "INTERNALDATE":
			return backfill.RawAtt{Name: item, Value: []byte(`"` + m.Date.Format("_2-Jan-2006 15:04:05 -0700") + `"`)}, nil
		}
		name := strings.Replace(item, "BODY.PEEK[", "BODY[", 1)
		if hollow {
			return backfill.RawAtt{Name: name, Value: []byte("NIL")}, nil
		}
		name, text := section(name, m.body)
		r := io.Reader(strings.NewReader(text))
		if cut > 0 && cut < int64(len(text)) {
			r = io.MultiReader(io.LimitReader(r, cut), failing{})
		}
		return backfill.RawAtt{Name: name, Literal: r, Size: int64(len(text))}, nil
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// section cuts the asked part out of a message of one part.
func section(name, body string) (string, string) {
	head, text, _ := strings.Cut(body, "\r\n\r\n")
	head += "\r\n\r\n"
	var from, count int
	if spec, rest, ok := strings.Cut(name, "]<"); ok {
		_, _ = fmt.Sscanf(rest, "%d.%d", &from, &count)
		name = fmt.Sprintf("%s]<%d>", spec, from)
	}
	out := body
	switch spec, _, _ := strings.Cut(strings.TrimPrefix(name, "BODY["), "]"); {
	case spec == "":
	case spec == "TEXT" || spec == "1":
		out = text
	case spec == "HEADER" || spec == "1.MIME":
		out = head
	case strings.HasPrefix(spec, "HEADER.FIELDS ("):
		out = ""
		for line := range strings.SplitSeq(head, "\r\n") {
			field, _, _ := strings.Cut(line, ":")
			if field != "" && slices.Contains(strings.Fields(strings.Trim(spec[14:], "()")), strings.ToUpper(field)) {
				out += line + "\r\n"
			}
		}
		out += "\r\n"
	}
	if count > 0 {
		out = out[min(from, len(out)):min(from+count, len(out))]
	}
	return name, out
}

func (b *fakeMailbox) Search(_ context.Context, key backfill.SearchKey) (imap.UIDSet, error) {
	b.acc.mu.Lock()
	defer b.acc.mu.Unlock()
	asked := key.Charset + "|"
	for i, t := range key.Text {
		asked += t
		if i < len(key.Literals) {
			asked += fmt.Sprintf("{%q}", key.Literals[i])
		}
	}
	b.acc.searched = append(b.acc.searched, asked)
	if b.acc.failWith != nil {
		return nil, b.acc.failWith
	}
	words := strings.Fields(strings.ReplaceAll(strings.Join(key.Text, " "), `"`, ""))
	var set imap.UIDSet
	for _, u := range b.uids {
		if m := b.msgs[u]; len(words) > 0 && strings.Contains(strings.ToLower(m.body), strings.ToLower(words[len(words)-1])) {
			set.AddNum(imap.UID(u))
		}
	}
	return set, nil
}

func (b *fakeMailbox) Store(_ context.Context, uids []uint32, op backfill.FlagOp, flags mapping.Flags) error {
	b.acc.mu.Lock()
	defer b.acc.mu.Unlock()
	if b.acc.failWith != nil {
		return b.acc.failWith
	}
	for _, u := range uids {
		if m := b.msgs[u]; m != nil {
			b.flag(u, apply(m.Flags, op, flags))
		}
	}
	return nil
}

func (b *fakeMailbox) Expunge(_ context.Context, uids []uint32) error {
	b.acc.mu.Lock()
	defer b.acc.mu.Unlock()
	if b.acc.failWith != nil {
		return b.acc.failWith
	}
	for _, u := range uids {
		b.remove(u)
	}
	return nil
}

func (b *fakeMailbox) Copy(_ context.Context, uids []uint32, to string) (backfill.CopyResult, error) {
	b.acc.mu.Lock()
	defer b.acc.mu.Unlock()
	f, err := b.acc.find(to)
	if err != nil {
		return backfill.CopyResult{}, err
	}
	res := backfill.CopyResult{UIDValidity: f.val}
	for _, u := range uids {
		if m := b.msgs[u]; m != nil {
			res.From = append(res.From, u)
			res.To = append(res.To, f.add(m.body, m.Flags, m.Date))
		}
	}
	return res, nil
}

func (b *fakeMailbox) Move(ctx context.Context, uids []uint32, to string) (backfill.CopyResult, error) {
	res, err := b.Copy(ctx, uids, to)
	if err == nil {
		err = b.Expunge(ctx, res.From)
	}
	return res, err
}

func (b *fakeMailbox) Close() {
	b.acc.mu.Lock()
	defer b.acc.mu.Unlock()
	b.acc.opened--
}
