package backfill

import (
	"context"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"crossfade/backfill/verify"
	"crossfade/store"
	"crossfade/store/memory"
)

// bed is an engine between two fake servers.
type bed struct {
	t        tester
	src, dst *fakeServer
	kv       store.KV
	opt      func(*Options) // changes the options, if set
	e        *Engine
	stop     func()
	told     told
}

func message(id int, text string) string {
	return fmt.Sprintf("Message-ID: <%d@test>\r\nSubject: %s\r\n\r\n%s %d\r\n", id, text, text, id)
}

func newBed(t tester) *bed {
	b := &bed{t: t, src: newFake("old", ".", 1000), dst: newFake("new", "/", 2000), kv: memory.New()}
	b.src.prefix = "INBOX."
	b.src.add("INBOX.Sent", `\Sent`)
	b.src.add("INBOX.Trash", `\Trash`)
	b.src.add("INBOX.Kunden")
	b.dst.add("Sent Items", `\Sent`)
	b.dst.add("Deleted Items", `\Trash`)
	return b
}

func (b *bed) start(hold bool) {
	b.t.Helper()
	st, err := store.Open(b.kv)
	if err != nil {
		b.t.Fatal(err)
	}
	opt := Options{Source: b.src, Destination: b.dst, Store: st, Hold: hold, Poll: 20 * time.Millisecond, Recheck: 50 * time.Millisecond, Grace: 20 * time.Millisecond, AccountPause: 20 * time.Millisecond}
	if b.opt != nil {
		b.opt(&opt)
	}
	b.e, err = New(opt)
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	e := b.e
	go func() { done <- e.Run(ctx) }()
	b.stop = func() {
		cancel()
		if err := <-done; err != nil {
			b.t.Error(err)
		}
	}
	b.t.Cleanup(b.end)
}

func (b *bed) login() *Session {
	b.t.Helper()
	s, err := b.e.Login(b.t.Context(), "Ann@example.test", "pw")
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

func (b *bed) open(s *Session, name string) *Mailbox {
	b.t.Helper()
	m, err := s.Open(b.t.Context(), name, false)
	if err != nil {
		b.t.Fatalf("open %s: %v", name, err)
	}
	b.t.Cleanup(m.Close)
	return m
}

// wait waits until the engine says that everything is copied.
func (b *bed) wait() Report {
	b.t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		r := b.e.Status()
		if r.Done {
			return r
		}
		if time.Now().After(end) {
			b.t.Fatalf("not done: %+v", r)
		}
	}
}

// bodies are the messages of a folder of a server, sorted.
func (s *fakeServer) bodies(name string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, m := range s.boxes[name].msgs {
		out = append(out, string(m.body)+" "+string(m.flags)+" "+m.date.UTC().Format(time.RFC3339))
	}
	slices.Sort(out)
	return out
}

func (b *bed) same(src, dst string) {
	b.t.Helper()
	if x, y := b.src.bodies(src), b.dst.bodies(dst); !slices.Equal(x, y) {
		b.t.Errorf("%s and %s differ:\n%q\n%q", src, dst, x, y)
	}
}

func (b *bed) verified() {
	b.t.Helper()
	err := b.e.Verify(b.t.Context(), "", func(r verify.Report) error {
		if !r.OK {
			b.t.Errorf("verify: %+v", r)
		}
		return nil
	})
	if err != nil {
		b.t.Error(err)
	}
}

func read(t *testing.T, m *Mailbox, uid uint32) string {
	t.Helper()
	var out string
	err := m.Fetch(t.Context(), []uint32{uid}, []string{"BODY.PEEK[]"}, func(it *RawItem) error {
		att, err := it.Next()
		if err != nil {
			return err
		}
		b, err := io.ReadAll(att.Literal)
		out = string(b)
		if it.UID != uid {
			t.Errorf("UID %d, want %d", it.UID, uid)
		}
		return err
	})
	if err != nil {
		t.Errorf("fetch %d: %v", uid, err)
	}
	return out
}

func TestMainJob(t *testing.T) {
	b := newBed(t)
	in := b.src.boxes["INBOX"]
	in.next = 10
	for i := range 250 {
		in.put(message(i, "hello"), `\Seen`, "$Work")
	}
	b.src.boxes["INBOX.Sent"].put(message(500, "sent"))
	b.src.boxes["INBOX.Kunden"].put(message(501, "Größe"))
	b.dst.boxes["INBOX"].put(message(900, "new mail"))
	b.start(true)
	s := b.login()
	m := b.open(s, "INBOX")
	st := m.Status()
	if st.UIDValidity != 1000 || st.Messages != 251 || st.UIDNext != 260+gap+1 {
		t.Fatalf("status %+v", st)
	}
	uids := m.Changes(0).UIDs
	if uids[0] != 10 || uids[249] != 259 || uids[250] != 260+gap {
		t.Fatalf("uids %v ... %v", uids[:3], uids[248:])
	}
	if got := read(t, m, 10); got != message(0, "hello") {
		t.Errorf("body %q", got)
	}
	if got := read(t, m, 260+gap); got != message(900, "new mail") {
		t.Errorf("body %q", got)
	}
	list, err := s.List(t.Context())
	if err != nil || len(list) != 4 {
		t.Fatalf("list %v %v", list, err)
	}
	b.e.Release()
	b.wait()
	b.same("INBOX.Sent", "Sent Items")
	b.same("INBOX.Kunden", "Kunden")
	if n := len(b.dst.has("INBOX")); n != 251 {
		t.Errorf("%d messages in the destination's INBOX", n)
	}
	b.verified()
	if len(b.src.writes) > 0 {
		t.Errorf("the source was changed: %v", b.src.writes)
	}
	if got := m.Changes(0).UIDs; !slices.Equal(got, uids) {
		t.Error("the shown UIDs changed by copying")
	}
}
