package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"crossfade/store"
)

// TestRenameInbox: all messages go into the new folder, copied or not, refused or only on the destination; INBOX stays,
// and what comes later comes there.
func TestRenameInbox(t *testing.T) {
	for _, how := range []string{"uncopied", "copied", "half", "deleted before"} {
		t.Run(how, func(t *testing.T) {
			b := newBed(t)
			want := many(b.src.boxes["INBOX"], 20)
			b.src.add("INBOX.Alt.2024") // INBOX.Alt is no folder
			b.dst.boxes["INBOX"].put(message(70, "above"), `\Seen`)
			b.dst.add("INBOX/Below").put(message(71, "below"))
			b.dst.refuse = func(body []byte) error {
				if subject(string(body)) == "<3@test>" {
					return b.dst.err("APPEND", "TOOBIG", Item)
				}
				return nil
			}
			b.start(how == "uncopied" || how == "deleted before")
			s := b.login()
			switch how {
			case "copied":
				b.wait()
			case "half":
				b.wait()
				b.e.Hold()
				b.src.with("INBOX", func(box *fakeBox) { box.put(message(90, "late")) })
				want = append(want, "<90@test> ")
			case "deleted before":
				must(t, s.Create(t.Context(), "Old"))
				b.see(b.open(s, "Old"))
				must(t, s.Delete(t.Context(), "Old"))
			}
			if how != "uncopied" {
				b.see(b.open(s, "INBOX"))
			}
			must(t, s.Rename(t.Context(), "inbox", "Old"))
			m := b.open(s, "INBOX")
			b.shows(m)
			want = append(want, `<70@test> \Seen`)
			old := b.open(s, "Old")
			b.shows(old, want...)
			b.src.with("INBOX", func(box *fakeBox) { box.put(message(91, "later")) })
			b.e.Release()
			b.shows(m, "<91@test> ")
			b.wait()
			b.end()
			b.start(false)
			s = b.login()
			b.wait()
			b.becomes(s, "INBOX", "INBOX/Below", "Sent Items", "Deleted Items", "Kunden", "Alt/2024", "Old")
			b.shows(b.open(s, "Old"), want...)
			b.shows(b.open(s, "INBOX"), "<91@test> ")
			b.holds("INBOX", "<91@test> ")
			b.holds("INBOX/Below", "<71@test> ")
			b.holds("Old", slices.DeleteFunc(want, func(s string) bool { return s == `<3@test> \Seen` })...)
			var no *Refusal
			if err := s.Rename(t.Context(), "INBOX", "Old"); !errors.As(err, &no) || no.Code != "ALREADYEXISTS" {
				t.Errorf("once more: %v", err)
			}
		})
	}
}

// TestRenameLargeInbox: 50,000 messages in steps that are bounded, and interrupted in the middle: each message is then in
// one of the two.
func TestRenameLargeInbox(t *testing.T) {
	const total = 50_000
	b := newBed(t)
	many(b.src.boxes["INBOX"], total)
	b.start(true)
	s := b.login()
	m := b.open(s, "INBOX")
	ctx, cancel := context.WithCancel(t.Context())
	b.src.set(func() {
		n := 0
		b.src.onScan = func(box string, _ int) {
			if n++; n == 8 {
				cancel()
			}
		}
	})
	err := s.Rename(ctx, "INBOX", "Old")
	old := b.open(s, "Old")
	here, there := m.Changes(0).UIDs, old.Changes(0).UIDs
	if err == nil || len(there) == 0 || len(here)+len(there) != total {
		t.Fatalf("%v: %d and %d messages", err, len(here), len(there))
	}
	b.src.set(func() { b.src.onScan = nil })
	if err := s.Rename(t.Context(), "INBOX", "Older"); err != nil {
		t.Fatal(err)
	}
	rest := b.open(s, "Older")
	if now := len(rest.Changes(0).UIDs); len(m.Changes(0).UIDs) > 0 || now+len(there) != total {
		t.Errorf("%d and %d messages, INBOX has %d", now, len(there), len(m.Changes(0).UIDs))
	}
	seen := make(map[uint32]int, total)
	for _, box := range []*Mailbox{old, rest} {
		for _, l := range box.f.where(func(l *store.Link) bool { return l.State == store.Listed }) {
			seen[l.Src]++
		}
	}
	if len(seen) != total {
		t.Errorf("%d of %d messages are left", len(seen), total)
	}
}

// TestStopWhileRenamingInbox kills the process at each write: each message is in one of the two folders.
func TestStopWhileRenamingInbox(t *testing.T) {
	t.Parallel()
	atEachWrite(t, stopWhileRenamingInbox)
}

func stopWhileRenamingInbox(t *testing.T, n int) (died bool) {
	b := newBed(t)
	all := append(many(b.src.boxes["INBOX"], 30), "<70@test> ")
	b.dst.boxes["INBOX"].put(message(70, "above"))
	b.dst.move = n%4 < 2
	b.start(n%3 == 0)
	s := b.login()
	if n%3 != 0 {
		b.wait()
	}
	b.see(b.open(s, "INBOX"))
	b.end()
	died, told := b.dieIn(n, func(s *Session) error { return s.Rename(t.Context(), "INBOX", "Old") })
	b.start(false)
	s = b.login()
	must(t, s.a.refreshTree(t.Context(), 0))
	inbox, boxes := b.open(s, "INBOX"), []string{"INBOX"}
	if slices.Contains(b.listed(s), "Old") {
		b.open(s, "Old")
		boxes = append(boxes, "Old")
	}
	b.wait()
	b.eventually(func() error {
		var got []string
		for _, name := range boxes {
			m := b.open(s, name)
			if err := m.f.refresh(t.Context(), 0); err != nil {
				return err
			}
			seen, err := b.trySee(m)
			if err != nil {
				return err
			}
			if got = append(got, lines(seen)...); !slices.Equal(lines(seen), b.dst.has(name)) {
				return fmt.Errorf("%s shows %q, the destination has %q", name, lines(seen), b.dst.has(name))
			}
			m.Close()
		}
		slices.Sort(got)
		if !slices.Equal(got, slices.Sorted(slices.Values(all))) {
			return fmt.Errorf("there are %q", got)
		}
		return nil
	})
	if left := len(inbox.Changes(0).UIDs); told == nil && left > 0 {
		t.Errorf("the client was told that all is moved, and %d messages are not", left)
	}
	b.verified()
	return died
}
