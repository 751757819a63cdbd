package strikes

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"crossfade/internal/durable"
)

func mustOpen(t *testing.T, path string) *Ledger {
	t.Helper()
	l, err := OpenLedger(durable.OS{}, path, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestLedger: a program that is started again and again causes no more strikes than one that goes on.
func TestLedger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "strikes")
	synctest.Test(t, func(t *testing.T) {
		limits := Limits{Rules: []Rule{{4, time.Minute}}, Wait: time.Second}
		for i := range 3 { // one place is for those who come again
			c := mustOpen(t, path).Counter("new", limits)
			c.mustTake(t, trier(i)).Refused()
			other := mustOpen(t, path).Counter("old", limits)
			if n := other.Stats().Strikes; n != 0 {
				t.Errorf("%d strikes of another server", n)
			}
			time.Sleep(10 * time.Second)
		}
		c := mustOpen(t, path).Counter("new", limits)
		if s := c.Stats(); s.Strikes != 3 || s.Totals.Strikes != 0 {
			t.Errorf("%+v", s)
		}
		c.wantFull(t, trier(5))
		time.Sleep(time.Minute)
		c = mustOpen(t, path).Counter("new", limits)
		if n := c.Stats().Strikes; n != 0 {
			t.Errorf("%d strikes after their time", n)
		}
		c.mustTake(t, trier(6)).Accepted()
	})
}

// TestLedgerClock: strikes of a time that is yet to come were counted now at the latest.
func TestLedgerClock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "strikes")
	limits := Limits{Rules: []Rule{{4, time.Minute}}}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Hour)
		mustOpen(t, path).Counter("new", limits).mustTake(t, trier(1)).Refused()
	})
	synctest.Test(t, func(t *testing.T) {
		c := mustOpen(t, path).Counter("new", limits)
		if n := c.Stats().Strikes; n != 1 {
			t.Errorf("%d strikes", n)
		}
		time.Sleep(time.Minute)
		if n := c.Stats().Strikes; n != 0 {
			t.Errorf("%d strikes a minute later", n)
		}
	})
}

// TestLedgerDamaged: what cannot be read is begun anew; no file and no rules are no error.
func TestLedgerDamaged(t *testing.T) {
	limits := Limits{Rules: []Rule{{4, time.Minute}}}
	for _, text := range []string{"", "{", "[]", `{"new":["x"]}`, "\x00\x00"} {
		path := filepath.Join(t.TempDir(), "strikes")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := OpenLedger(durable.OS{}, path, func(err error) { t.Error(err) })
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("%q: %v", text, err)
		}
		l.Counter("new", limits).mustTake(t, trier(1)).Refused()
		if n := mustOpen(t, path).Counter("new", limits).Stats().Strikes; n != 1 {
			t.Errorf("%q: %d strikes", text, n)
		}
	}
	none := (*Ledger)(nil).Counter("new", limits)
	none.mustTake(t, trier(1)).Refused()
	path := filepath.Join(t.TempDir(), "strikes")
	mustOpen(t, path).Counter("new", Limits{}).mustTake(t, trier(1)).Refused()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a limit strikes are noted: %v", err)
	}
}

// TestLedgerUnwritable: a strike that cannot be noted counts all the same.
func TestLedgerUnwritable(t *testing.T) {
	var told []error
	l, err := OpenLedger(durable.OS{}, filepath.Join(t.TempDir(), "gone", "strikes"), func(err error) { told = append(told, err) })
	if err != nil {
		t.Fatal(err)
	}
	c := l.Counter("new", Limits{Rules: []Rule{{4, time.Minute}}})
	c.mustTake(t, trier(1)).Refused()
	if c.Stats().Strikes != 1 || len(slices.DeleteFunc(told, func(err error) bool { return err == nil })) != 1 {
		t.Errorf("%+v, %v", c.Stats(), told)
	}
}
