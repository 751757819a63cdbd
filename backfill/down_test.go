package backfill

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"crossfade/backfill/verify"
	"crossfade/mapping"
)

// TestSourceDown: what was copied is served whole by the destination, everything else is unavailable, never short;
// clients' changes are kept; and the move goes on when the source is back.
func TestSourceDown(t *testing.T) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX"], 4)
	kunden := many(b.src.boxes["INBOX.Kunden"], 2)
	b.start(true)
	s := b.login()
	k := b.open(s, "Kunden")
	m := b.open(s, "INBOX")
	_, err := m.f.transfer(background(), func() bool { b.e.Release(); return false })
	must(t, err)
	b.e.Hold()
	b.src.set(func() { b.src.down = true })
	b.shows(m, want...)
	if err := fetchAll(k); k.f.counted().counts().Listed == 2 && !IsUnavailable(err) {
		t.Errorf("fetch: %v", err)
	}
	for _, name := range []string{"INBOX", "Kunden"} {
		b.open(s, name)
		if _, err := s.Status(t.Context(), name, false); err != nil {
			t.Errorf("status: %v", err)
		}
	}
	if list, err := s.List(t.Context()); err != nil || len(list) != 4 {
		t.Errorf("list %v, %v", list, err)
	}
	must(t, k.Store(t.Context(), k.Changes(0).UIDs[:1], FlagsAdd, mapping.NewFlags(`\Flagged`)))
	must(t, k.Expunge(t.Context(), k.Changes(0).UIDs[1:]))
	b.e.Release()
	b.src.set(func() { b.src.down = false })
	b.wait()
	b.shows(m, want...)
	b.shows(k, `<0@test> \Flagged \Seen`)
	_ = kunden
	b.verified()
}

// TestRestartWithSourceDown: a known account opens its folders from the state, with the destination's connection.
func TestRestartWithSourceDown(t *testing.T) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX"], 3)
	b.start(false)
	b.see(b.open(b.login(), "INBOX"))
	b.wait()
	b.end()
	b.src.set(func() { b.src.down = true })
	b.start(true)
	s := b.login()
	if _, err := s.a.dest(t.Context()); err != nil {
		t.Errorf("the destination answers: %v", err)
	}
	m := b.open(s, "INBOX")
	b.shows(m, want...)
	if _, _, err := s.Append(t.Context(), "INBOX", []AppendItem{item(message(50, "mine"))}); err != nil {
		t.Errorf("append: %v", err)
	}
	b.shows(m, append(want, `<50@test> `)...)
}

// TestDestinationDown: nothing is copied, what is on the source is served, changes that need the destination fail.
func TestDestinationDown(t *testing.T) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX"], 3)
	b.start(true)
	s := b.login()
	m := b.open(s, "INBOX")
	b.dst.set(func() { b.dst.down = true })
	b.shows(m, want...)
	if _, _, err := s.Append(t.Context(), "INBOX", []AppendItem{item(message(50, "mine"))}); !IsUnavailable(err) {
		t.Errorf("append: %v", err)
	}
	must(t, m.Store(t.Context(), m.Changes(0).UIDs[:1], FlagsAdd, mapping.NewFlags(`\Flagged`)))
	b.e.Release()
	b.dst.set(func() { b.dst.down = false })
	b.wait()
	b.holds("INBOX", `<0@test> \Flagged \Seen`, want[1], want[2])
	if err := m.Store(t.Context(), m.Changes(0).UIDs[:1], FlagsRemove, mapping.NewFlags(`\Flagged`)); err != nil {
		t.Error(err)
	}
	b.dst.set(func() { b.dst.down = true })
	if err := m.Store(t.Context(), m.Changes(0).UIDs[:1], FlagsAdd, mapping.NewFlags(`\Draft`)); !IsUnavailable(err) {
		t.Errorf("store: %v", err)
	}
	b.dst.set(func() { b.dst.down = false })
	b.shows(m, want...)
	b.verified()
}

// TestRefusedMessage: it is set aside with the server's words, served from the source, and stops nothing else.
func TestRefusedMessage(t *testing.T) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX"], 5)
	b.dst.refuse = func(body []byte) error {
		if bytes.Contains(body, []byte("m 2\r\n")) {
			return b.dst.err("APPEND", "CANNOT", Item)
		}
		return nil
	}
	b.start(false)
	m := b.open(b.login(), "INBOX")
	b.wait()
	b.shows(m, want...)
	b.holds("INBOX", want[0], want[1], want[3], want[4])
	err := b.e.Verify(t.Context(), "", func(r verify.Report) error {
		if r.Folder == "INBOX" && (len(r.Refused) != 1 || r.Refused[0].Code != "CANNOT" || r.Refused[0].Words != "fake" || r.OK || r.Equal != 4) {
			t.Errorf("%+v", r)
		}
		return nil
	})
	must(t, err)
	must(t, m.Expunge(t.Context(), m.Changes(0).UIDs[2:3]))
	b.verified()
}

// TestOverQuota: a refusal of the account is none of a message. It waits and goes on.
func TestOverQuota(t *testing.T) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX"], 5)
	b.dst.refuse = func([]byte) error { return b.dst.err("APPEND", "OVERQUOTA", AccountScope) }
	b.start(false)
	m := b.open(b.login(), "INBOX")
	time.Sleep(100 * time.Millisecond)
	if err := count(m, func(c Counts) int { return c.Quarantined }, 0); err != nil {
		t.Error(err)
	}
	b.dst.set(func() { b.dst.refuse = nil })
	b.wait()
	b.holds("INBOX", want...)
}

// TestRefusedFolder: a folder that the destination does not create is served from the source and reported, and the
// others are copied.
func TestRefusedFolder(t *testing.T) {
	b := newBed(t)
	want := many(b.src.add("INBOX.forbidden"), 2)
	kunden := many(b.src.boxes["INBOX.Kunden"], 2)
	b.start(false)
	s := b.login()
	m := b.open(s, "forbidden")
	b.shows(m, want...)
	b.eventually(func() error { return b.dst.check("Kunden", kunden...) })
	must(t, m.Store(t.Context(), m.Changes(0).UIDs[:1], FlagsAdd, mapping.NewFlags(`\Flagged`)))
	_, err := m.Copy(t.Context(), m.Changes(0).UIDs[:1], "Kunden")
	must(t, err)
	var r *Refusal
	if _, _, err := s.Append(t.Context(), "forbidden", []AppendItem{item(message(50, "mine"))}); !errors.As(err, &r) {
		t.Errorf("append: %v", err)
	}
	b.shows(m, `<0@test> \Flagged \Seen`, want[1])
	b.eventually(func() error { return b.dst.check("Kunden", `<0@test> \Flagged \Seen`, want[0], want[1]) })
	if p := m.f.report(); p.State != "stopped" {
		t.Errorf("%+v", p)
	}
}

// TestAppend: several messages at once, with and without UIDPLUS, and a keyword that the destination drops.
func TestAppend(t *testing.T) {
	for _, uidplus := range []bool{true, false} {
		for _, keywords := range []bool{true, false} {
			t.Run(fmt.Sprint(uidplus, keywords), func(t *testing.T) {
				b := newBed(t)
				b.dst.uidplus, b.dst.keywords = uidplus, keywords
				want := many(b.src.boxes["INBOX"], 2)
				b.start(true)
				s := b.login()
				m := b.open(s, "INBOX")
				items := []AppendItem{item(message(50, "x"), `\Seen`, "$Mine"), item(message(51, "y")), item(message(51, "y"))}
				v, uids, err := s.Append(t.Context(), "INBOX", items)
				if err != nil || v != 1000 || len(uids) != 3 {
					t.Fatal(v, uids, err)
				}
				want = append(want, `<50@test> $Mine \Seen`, `<51@test> `, `<51@test> `)
				b.shows(m, want...)
				b.dst.with("INBOX", func(box *fakeBox) { box.mark(box.msgs[1].uid, `\Flagged`) })
				want[3] = `<51@test> \Flagged`
				b.shows(m, want...)
				b.e.Release()
				b.wait()
				b.shows(m, want...)
				b.verified()
			})
		}
	}
}

// TestAppendAllOrNone: when one message of several is refused, none stays.
func TestAppendAllOrNone(t *testing.T) {
	b := newBed(t)
	b.dst.refuse = func(body []byte) error {
		if bytes.Contains(body, []byte("bad")) {
			return b.dst.err("APPEND", "CANNOT", Item)
		}
		return nil
	}
	b.start(false)
	s := b.login()
	m := b.open(s, "INBOX")
	if _, _, err := s.Append(t.Context(), "INBOX", []AppendItem{item(message(1, "good")), item(message(2, "bad"))}); err == nil {
		t.Error("no error")
	}
	b.shows(m)
	b.holds("INBOX")
}

// TestSessions: two sessions see each other's changes, also in a folder reached by its old name.
func TestSessions(t *testing.T) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX.Sent"], 3)
	b.start(false)
	s1, s2 := b.login(), b.login()
	m1, m2 := b.open(s1, "Sent Items"), b.open(s2, "INBOX.Sent")
	v := m2.Changes(0).Version
	wake := m2.Changed(v)
	must(t, m1.Store(t.Context(), m1.Changes(0).UIDs[:1], FlagsAdd, mapping.NewFlags(`\Flagged`)))
	<-wake
	b.eventually(func() error {
		if c := m2.Changes(v); len(c.Flags) != 1 {
			return fmt.Errorf("%+v", c)
		}
		return nil
	})
	must(t, m2.Expunge(t.Context(), m2.Changes(0).UIDs[2:]))
	if n := len(m1.Changes(0).UIDs); n != 2 {
		t.Errorf("%d messages", n)
	}
	b.wait()
	b.shows(m1, `<0@test> \Flagged \Seen`, want[1])
	b.verified()
}

// TestUnfixedSourceCountsUp: a source that counts up to the end of all numbers between the backfill and the first
// open leaves no room above its numbers.
func TestUnfixedSourceCountsUp(t *testing.T) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX"], 3)
	b.dst.boxes["INBOX"].put(message(50, "above"))
	b.start(false)
	s := b.login()
	b.wait()
	b.src.with("INBOX", func(box *fakeBox) { box.next = 1<<32 - 2; box.put(message(51, "late")) })
	m := b.open(s, "INBOX")
	b.shows(m, append(want, `<50@test> `, `<51@test> `)...)
	if id := m.f.record().Identity; !id.Own || id.UIDValidity == 1000 {
		t.Errorf("%+v", id)
	}
	b.wait()
	b.verified()
}
