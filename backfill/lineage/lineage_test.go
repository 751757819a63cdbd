package lineage

import (
	"log/slog"
	"slices"
	"testing"

	"crossfade/internal/durable/durabletest"
	"crossfade/internal/marks"
	"crossfade/store"
	"crossfade/store/memory"
)

const ann = "new.example\x00ann"

// TestReconcile: of a store and its marks, what becomes of an account whose clients were shown UIDVALIDITY 7.
func TestReconcile(t *testing.T) {
	for _, c := range []struct {
		name           string
		state, noted   uint64 // generations; state 0: the store is new, noted 0: there are no marks
		closed         bool   // the marks know that
		rebuild        string
		high           uint32
		stays, unknown bool // the account is a closed one; only the marks know it
	}{
		{name: "as it was", state: 5, noted: 5},
		{name: "ended between the two", state: 6, noted: 5},
		{name: "an older copy", state: 4, noted: 5, rebuild: Restored, high: 7},
		{name: "an older copy, closed since", state: 4, noted: 5, closed: true, stays: true},
		{name: "closed, and the program ended", state: 5, noted: 5, closed: true, stays: true},
		{name: "the store is lost", noted: 5, rebuild: Lost, high: 7, unknown: true},
		{name: "the store is lost, closed", noted: 5, closed: true, stays: true, unknown: true},
		{name: "the marks are lost", state: 5},
		{name: "the first start"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := made(t, c.state, c.noted, c.closed)
			if err := l.Reconcile(); err != nil {
				t.Fatal(err)
			}
			if got := slices.Contains(l.Unknown(map[string]bool{ann: c.state > 0}), ann); got != c.unknown {
				t.Errorf("known to the marks alone: %v", got)
			}
			rec := store.Account{Key: ann}
			if l.SinceLost(&rec); c.state > 0 {
				rec = account(t, l.store)
			}
			if rec.Rebuild != c.rebuild || rec.HighUIDValidity != c.high || rec.Closed.IsZero() == c.stays || l.WasClosed(ann) != c.closed {
				t.Errorf("rebuild %q, high %d, closed %v", rec.Rebuild, rec.HighUIDValidity, rec.Closed)
			}
			n, _, err := l.generation()
			if want := max(c.state, c.noted) + 1; err != nil || uint64(n) != want || l.marks.Generation() != want {
				t.Errorf("generation %d, noted %d, %v; want %d", n, l.marks.Generation(), err, want)
			}
		})
	}
}

// made is a store with one account, and its marks.
func made(t *testing.T, state, noted uint64, closed bool) *Lineage {
	st, err := store.Open(memory.New())
	if err != nil {
		t.Fatal(err)
	}
	if state > 0 {
		err = st.Update(func(tx *store.Tx) error {
			if err := tx.PutGeneration(uint32(state)); err != nil {
				return err
			}
			return tx.PutAccount(store.Account{ID: 1, Key: ann, DestLogin: "ann"})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	m, _, err := marks.Open(durabletest.New(), "/marks")
	if err == nil && noted > 0 {
		if err = m.SetGeneration(noted); err == nil {
			err = m.Raise(ann, 7)
		}
		if closed && err == nil {
			err = m.Close(ann)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return New(st, m, slog.New(slog.DiscardHandler))
}

func account(t *testing.T, st *store.Store) (rec store.Account) {
	if err := st.View(func(rx *store.Rx) (err error) {
		rec, err = rx.Account(1)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return rec
}

// TestAge: a generation begins only when something was written.
func TestAge(t *testing.T) {
	l := made(t, 5, 5, false)
	seen, err := l.Age(0)
	if err != nil || l.marks.Generation() != 6 {
		t.Fatalf("generation %d, %v", l.marks.Generation(), err)
	}
	if seen, err = l.Age(seen); err != nil || l.marks.Generation() != 6 {
		t.Fatalf("generation %d though nothing was written, %v", l.marks.Generation(), err)
	}
	if err := l.store.Update(func(tx *store.Tx) error { return tx.PutAccount(store.Account{ID: 1, Key: ann}) }); err != nil {
		t.Fatal(err)
	}
	if _, err = l.Age(seen); err != nil || l.marks.Generation() != 7 {
		t.Fatalf("generation %d, %v", l.marks.Generation(), err)
	}
}
