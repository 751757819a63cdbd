package backfill

import (
	"fmt"
	"testing"

	"crossfade/mapping"
)

// asks waits until the folder has stopped to ask.
func (b *bed) asks(m *Mailbox) {
	b.t.Helper()
	b.eventually(func() error {
		_ = m.f.refresh(b.t.Context(), 0)
		if m.f.problem().Text == "" {
			return fmt.Errorf("no problem is told")
		}
		return nil
	})
}

func (b *bed) accept(folder string, again bool) {
	b.t.Helper()
	got, err := b.e.Accept(b.t.Context(), "ann@example.test", folder, again)
	if err != nil || got.Done == "" {
		b.t.Fatalf("accept %s: %+v, %v", folder, got, err)
	}
}

// TestAcceptSourceLoss: the admin says that what vanished from the source was deleted: untouched copies go, touched
// ones stay.
func TestAcceptSourceLoss(t *testing.T) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX"], 200)
	b.start(false)
	m := b.open(b.login(), "INBOX")
	b.wait()
	if _, err := b.e.Accept(t.Context(), "ann@example.test", "INBOX", false); err == nil {
		t.Error("an answer nobody asked for was taken")
	}
	must(t, m.Store(t.Context(), m.Changes(0).UIDs[:1], FlagsAdd, mapping.NewFlags(`\Flagged`)))
	b.src.with("INBOX", func(box *fakeBox) { box.msgs = box.msgs[150:]; box.modseq++ })
	b.asks(m)
	b.accept("INBOX", false)
	want = append([]string{`<0@test> \Flagged \Seen`}, want[150:]...)
	b.shows(m, want...)
	b.settled(m)
	b.holds("INBOX", want...)
	b.wait()
	b.verified()
}

// TestAcceptDestinationLoss: what vanished from the destination stays deleted, or is copied again.
func TestAcceptDestinationLoss(t *testing.T) {
	for _, again := range []bool{false, true} {
		b := newBed(t)
		want := many(b.src.boxes["INBOX"], 200)
		b.start(false)
		m := b.open(b.login(), "INBOX")
		b.wait()
		b.dst.with("INBOX", func(box *fakeBox) { box.msgs = box.msgs[120:]; box.modseq++ })
		b.asks(m)
		b.accept("INBOX", again)
		if !again {
			want = want[120:]
		}
		b.shows(m, want...)
		b.wait()
		b.holds("INBOX", want...)
		b.verified()
	}
}

// TestAcceptDestinationAnew: a folder that was deleted on the destination, or restored from a backup under other
// numbers, is met anew: nothing is doubled, nothing is missing.
func TestAcceptDestinationAnew(t *testing.T) {
	for _, how := range []string{"deleted", "restored", "rolled back"} {
		t.Run(how, func(t *testing.T) {
			b := newBed(t)
			want := many(b.src.boxes["INBOX.Kunden"], 30)
			b.start(false)
			s := b.login()
			m := b.open(s, "Kunden")
			b.wait()
			uids := m.Changes(0).UIDs
			must(t, m.Expunge(t.Context(), uids[:1]))
			must(t, m.Store(t.Context(), uids[1:2], FlagsAdd, mapping.NewFlags(`\Flagged`)))
			want = append([]string{`<1@test> \Flagged \Seen`}, want[2:]...)
			b.shows(m, want...)
			switch how {
			case "deleted":
				b.dst.set(func() { delete(b.dst.boxes, "Kunden") })
			case "restored":
				b.dst.with("Kunden", func(box *fakeBox) { box.validity += 50; box.msgs = box.msgs[:20] })
			default:
				b.dst.with("Kunden", func(box *fakeBox) { box.msgs = box.msgs[:20]; box.next = 22; box.modseq++ })
			}
			b.asks(m)
			b.accept("Kunden", true)
			b.shows(m, want...)
			b.wait()
			b.shows(m, want...)
			b.holds("Kunden", want...)
			b.verified()
		})
	}
}

// TestAcceptLostFolder: what was not copied from a source folder that is gone is given up, and the move goes on.
func TestAcceptLostFolder(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX.Kunden"], 3)
	b.start(true)
	s := b.login()
	m := b.open(s, "Kunden")
	must(t, m.Store(t.Context(), m.Changes(0).UIDs[:1], FlagsAdd, mapping.NewFlags(`\Flagged`)))
	b.src.set(func() { delete(b.src.boxes, "INBOX.Kunden") })
	b.e.Release()
	b.asks(m)
	if b.e.Status().Done {
		t.Error("done although messages are missing")
	}
	b.accept("Kunden", false)
	b.wait()
	if err := count(m, func(c Counts) int { return c.Listed + 10*c.Quarantined }, 10); err != nil {
		t.Error(err)
	}
}
