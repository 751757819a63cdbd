package backfill

import (
	"fmt"
	"testing"
	"time"

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

// TestAcceptedStays: what the admin accepted needs no second word after a restart, nor after a kill at any write that
// follows; and the word is not kept for a later loss.
func TestAcceptedStays(t *testing.T) {
	t.Parallel()
	for n, died := 0, true; died || n == 1; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) { died = acceptAndStop(t, n) })
		if n > 60 {
			t.Fatal("the process never came to the end")
		}
	}
}

// acceptAndStop has the process die at the n-th write after the accept began; 0: at once when it was answered.
func acceptAndStop(t *testing.T, n int) (died bool) {
	b := newBed(t)
	names := []string{"F0", "F1", "F2", "F3"}
	for _, name := range names {
		many(b.src.add("INBOX."+name), 40)
	}
	kv := freezable(b.kv, 0, n%2 == 0)
	b.kv = kv
	b.start(false)
	_ = b.login()
	b.wait()
	halve := func(left int) {
		for _, name := range names {
			b.src.with("INBOX."+name, func(box *fakeBox) { box.msgs = box.msgs[:left]; box.modseq++ })
		}
	}
	doubted := func() error {
		s, err := b.e.Login(t.Context(), "Ann@example.test", "pw")
		if err != nil {
			return err
		}
		defer s.Close()
		for _, name := range names {
			m, err := s.Open(t.Context(), name, true)
			if err != nil {
				return err
			}
			m.Close()
		}
		if b.e.Status().Accounts[0].Doubt == "" {
			return fmt.Errorf("nothing is in doubt")
		}
		return nil
	}
	halve(20)
	b.eventually(doubted)
	if n > 0 {
		kv.stopIn(n)
	}
	_, told := b.e.Accept(t.Context(), "ann@example.test", "", false)
	carried := func() error {
		for _, name := range names {
			if k := len(b.dst.has(name)); k != 20 {
				return fmt.Errorf("%s has %d copies", name, k)
			}
		}
		return nil
	}
	for end := time.Now().Add(time.Minute); n > 0 && carried() != nil && time.Now().Before(end); <-tick() {
		select {
		case <-kv.died:
			end = time.Now()
		default:
		}
	}
	select {
	case <-kv.died:
		died = true
	default:
	}
	kv.kill()
	b.end()
	b.kv = freezable(kv.KV, 0, false)
	b.start(false)
	_ = b.login()
	if told != nil && carried() != nil { // it was never answered: the admin asks again, if it did not last
		b.eventually(func() error {
			_, err := b.e.Accept(t.Context(), "ann@example.test", "", false)
			if carried() == nil {
				return nil
			}
			return err
		})
	}
	b.eventually(carried)
	b.eventually(func() error { // the word has served
		a, err := b.e.lookup("ann@example.test")
		if err != nil {
			return err
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.accepted || a.believed {
			return fmt.Errorf("the admin's word is kept for ever")
		}
		return nil
	})
	if n == 0 {
		for _, name := range names { // as much again is asked for again
			b.src.with("INBOX."+name, func(box *fakeBox) { box.msgs = box.msgs[:5]; box.modseq++ })
		}
		b.eventually(doubted)
	}
	return died
}
