package backfill

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"crossfade/mapping"
	"crossfade/store"
)

// settleAll settles the account's folders, as soon as they can.
func (b *bed) settleAll() {
	b.t.Helper()
	b.eventually(func() error {
		left, err := b.e.Settle(b.t.Context(), "", "")
		if err == nil && len(left) > 0 {
			err = fmt.Errorf("not settled: %+v", left)
		}
		return err
	})
}

// numbered compares what a folder shows with what the destination has, numbers included.
func (b *bed) numbered(m *Mailbox) {
	b.t.Helper()
	want := map[uint32]string{}
	validity := uint32(0)
	b.dst.with(m.Name(), func(box *fakeBox) {
		validity = box.validity
		for _, msg := range box.msgs {
			want[msg.uid] = string(msg.body)
		}
	})
	if st := m.Status(); st.UIDValidity != validity || int(st.Messages) != len(want) {
		b.t.Errorf("%s: %+v, the destination has UIDVALIDITY %d and %d messages", m.Name(), st, validity, len(want))
	}
	for _, s := range b.see(m) {
		if want[s.uid] != s.body {
			b.t.Errorf("%s: UID %d is %q, on the destination %q", m.Name(), s.uid, subject(s.body), subject(want[s.uid]))
		}
	}
}

// TestSettle: a whole account goes over to the destination's numbers while a client has it open; who had a folder open is
// told, and nothing is lost, also in a new process.
func TestSettle(t *testing.T) {
	b := newBed(t)
	b.dst.with("INBOX", func(box *fakeBox) { box.put(message(900, "new"), `\Answered`) })
	b.src.with("INBOX", func(box *fakeBox) {
		box.next = 10
		for i := range 20 {
			box.put(message(i, "old"), `\Seen`, "$Work")
		}
	})
	b.src.with("INBOX.Kunden", func(box *fakeBox) { box.put(message(50, "k")) })
	b.start(false)
	s := b.login()
	m := b.open(s, "INBOX")
	must(t, m.Expunge(t.Context(), m.Changes(0).UIDs[:2]))
	must(t, m.Store(t.Context(), m.Changes(0).UIDs[:1], FlagsAdd, mapping.NewFlags(`\Flagged`)))
	old, v := m.Status().UIDValidity, m.Changes(0).Version
	b.wait()
	b.settleAll()
	<-m.Changed(v)
	if c := m.Changes(v); !c.Switched || m.Life().Err() == nil {
		t.Errorf("who had the folder open is not told: %+v", c)
	}
	if err := m.Store(t.Context(), m.Changes(0).UIDs, FlagsAdd, `\Deleted`); !errors.Is(err, ErrSwitched) {
		t.Errorf("a STORE by old numbers: %v", err)
	}
	m = b.open(s, "INBOX")
	rec := m.f.record()
	if rec.State != folderSettled || rec.Epoch != 1 || rec.Settled.IsZero() || !slices.Contains(rec.PastUIDValidities, old) || len(ownSources(rec)) != 1 {
		t.Errorf("record %+v", rec)
	}
	b.numbered(m)
	b.src.with("INBOX", func(box *fakeBox) { box.put(message(60, "late"), `\Seen`) })
	b.eventually(func() error { return b.watched(m, 20) })
	b.numbered(m)
	_, uids, err := s.Append(t.Context(), "INBOX", []AppendItem{item(message(61, "mine"))})
	must(t, err)
	must(t, m.Expunge(t.Context(), uids))
	b.numbered(m)
	b.verified()
	b.end()
	b.start(false)
	s = b.login()
	var acc store.Account
	must(t, b.e.store.View(func(rx *store.Rx) (err error) { acc, err = rx.Account(s.a.id); return err }))
	if acc.Settled.IsZero() || !s.a.hasSettled() {
		t.Error("the account does not know that it has settled")
	}
	m = b.open(s, "INBOX")
	b.wait()
	b.numbered(m)
	b.src.set(func() { b.src.add("INBOX.Neu").put(message(70, "new folder")) })
	b.eventually(func() error {
		m, err := s.Open(t.Context(), "Neu", false)
		if err != nil {
			return err
		}
		defer m.Close()
		if n := len(m.Changes(0).UIDs); n != 1 || !m.f.record().Identity.Native {
			return fmt.Errorf("%d messages, %+v", n, m.f.record().Identity)
		}
		return nil
	})
	b.numbered(b.open(s, "Neu"))
	b.verified()
}

// TestSettledFolderIsMadeAnew: the destination's folder is restored from an older copy, under another UIDVALIDITY. The
// folder stops; when the admin says so it is met anew, clients see it under its new numbers, and what was restored is not
// copied again.
func TestSettledFolderIsMadeAnew(t *testing.T) {
	b := newBed(t)
	want := many(b.src.boxes["INBOX"], 6)
	b.start(false)
	s := b.login()
	m := b.open(s, "INBOX")
	must(t, m.Expunge(t.Context(), m.Changes(0).UIDs[:1]))
	b.wait()
	b.settleAll()
	m = b.open(s, "INBOX")
	b.see(m)
	b.dst.with("INBOX", func(box *fakeBox) {
		kept := box.msgs[:2]
		box.validity, box.next, box.msgs = 9000, 50, nil
		for _, old := range kept {
			box.put(string(old.body), `\Seen`).date = old.date
		}
	})
	b.eventually(func() error {
		_ = m.f.refresh(t.Context(), 0)
		if !m.f.hasProblem("destination") {
			return errors.New("it goes on")
		}
		return nil
	})
	if _, err := b.e.Accept(t.Context(), "ann@example.test", "INBOX", true); err != nil {
		t.Fatal(err)
	}
	if m.Life().Err() == nil {
		t.Error("who had the folder open is not told")
	}
	b.wait()
	b.eventually(func() error { return b.dst.check("INBOX", want[1:]...) })
	m = b.open(s, "INBOX")
	b.eventually(func() error { return b.watched(m, 5) })
	b.numbered(m)
	if v := m.Status().UIDValidity; v != 9000 {
		t.Errorf("UIDVALIDITY %d", v)
	}
	b.verified()
}
