package backfill

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crossfade/backfill/gate"
	"crossfade/backfill/verify"
	"crossfade/internal/durable/durabletest"
	"crossfade/store"
)

// asked asks the gate and returns its conditions by name.
func (b *bed) asked(opt gate.Options) (gate.Report, map[string]gate.Condition) {
	b.t.Helper()
	opt.Accept = append(slices.Clone(opt.Accept), "settled") // nothing settles in these tests
	r, err := b.e.Finish(b.t.Context(), opt)
	must(b.t, err)
	out := map[string]gate.Condition{}
	for _, c := range r.Conditions {
		if c.Text == "" || c.Colour != gate.Green && c.Do == "" {
			b.t.Errorf("a line that says nothing, or not what to do: %+v", c)
		}
		out[c.Name] = c
	}
	return r, out
}

// follows waits until INBOX has n messages on the destination and nothing is under way.
func (b *bed) follows(n int) {
	b.t.Helper()
	b.eventually(func() error {
		b.account().kick()
		if got := len(b.dst.has("INBOX")); got != n {
			return fmt.Errorf("%d messages", got)
		}
		return nil
	})
	b.wait()
}

// notGreen are the names of the conditions that stand in the way.
func notGreen(r gate.Report) (out []string) {
	for _, c := range r.Conditions {
		if c.Colour != gate.Green && !c.Accepted {
			out = append(out, c.Name+" "+string(c.Colour))
		}
	}
	slices.Sort(out)
	return out
}

// TestGate: the old server may go only when everything is copied, was compared lately, and nobody delivers there any
// more. Whatever stands in the way is named.
func TestGate(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(b *bed)
		opt  gate.Options
		want []string
		text string // in the items of the conditions that are not green
	}{
		{"all is well", func(b *bed) { b.compared("INBOX", verify.Options{}) }, gate.Options{}, nil, ""},
		{"never compared", func(*bed) {}, gate.Options{}, []string{"verified red"}, "never compared"},
		{"compared quickly", func(b *bed) { b.compared("INBOX", verify.Options{Quick: true}) }, gate.Options{}, []string{"verified red"}, "never compared"},
		{"compared long ago", func(b *bed) { b.compared("INBOX", verify.Options{}) }, gate.Options{MaxAge: 1}, []string{"verified yellow"}, "last on"},
		{"did not agree", func(b *bed) {
			b.restsAnew()
			b.dst.with("INBOX", func(b *fakeBox) { b.remove(1) })
			b.compared("INBOX", verify.Options{})
		}, gate.Options{}, []string{"held red", "verified red"}, "1 missing on the destination"},
		{"held", func(b *bed) {
			b.compared("INBOX", verify.Options{})
			b.e.Hold()
		}, gate.Options{}, []string{"held red"}, ""},
		{"mail still arrives", func(b *bed) {
			b.src.with("INBOX", func(b *fakeBox) { b.put(message(77, "late")).date = time.Now().Add(-time.Hour) })
			b.follows(5)
			b.compared("INBOX", verify.Options{})
		}, gate.Options{}, []string{"arrivals yellow"}, "in INBOX"},
		{"and that is accepted", func(b *bed) {
			b.src.with("INBOX", func(b *fakeBox) { b.put(message(77, "late")).date = time.Now().Add(-time.Hour) })
			b.follows(5)
			b.compared("INBOX", verify.Options{})
		}, gate.Options{Accept: []string{"arrivals"}}, nil, ""},
		{"more than compared", func(b *bed) {
			b.compared("INBOX", verify.Options{})
			b.src.with("INBOX", func(b *fakeBox) { b.put(message(77, "late")) })
			b.follows(5)
		}, gate.Options{}, []string{"verified yellow"}, "4 messages then, 5 now"},
		{"a folder has stopped", func(b *bed) {
			b.compared("INBOX", verify.Options{})
			b.e.Hold()
			b.account().all()[0].setProblem("nobody clears this one", "it is gone")
		}, gate.Options{}, []string{"held red", "problems red"}, "it is gone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBed(t)
			many(b.src.boxes["INBOX"], 4)
			b.start(false)
			b.login()
			b.wait()
			c.do(b)
			var r gate.Report
			b.eventually(func() error { // a removal or an intent may be under way for a moment
				r, _ = b.asked(c.opt)
				if got := notGreen(r); !slices.Equal(got, c.want) {
					return fmt.Errorf("%q, want %q: %+v", got, c.want, r)
				}
				return nil
			})
			if (r.Colour == gate.Green) != (c.want == nil) {
				t.Errorf("it is %s", r.Colour)
			}
			text := ""
			for _, k := range r.Conditions {
				if k.Colour != gate.Green {
					text += strings.Join(k.Items, "\n")
				}
			}
			if !strings.Contains(text, c.text) {
				t.Errorf("no %q in %q", c.text, text)
			}
		})
	}
}

// TestGateBeforeTheMove: nothing known, and nothing copied.
func TestGateBeforeTheMove(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 4)
	b.start(true)
	if r, _ := b.asked(gate.Options{}); r.Colour != gate.Red || notGreen(r)[0] != "accounts red" {
		t.Errorf("%+v", r)
	}
	b.open(b.login(), "INBOX")
	r, by := b.asked(gate.Options{})
	if r.Colour != gate.Red || by["copied"].Colour != gate.Red || by["listed"].Colour != gate.Red || by["held"].Colour != gate.Red {
		t.Errorf("%+v", r)
	}
	a := b.account()
	a.mu.Lock()
	a.rebuild = "the state that it had is lost"
	a.mu.Unlock()
	if _, by := b.asked(gate.Options{}); by["rebuild"].Colour != gate.Red || !strings.Contains(by["rebuild"].Items[0], "is lost") {
		t.Errorf("%+v", by["rebuild"])
	}
	if _, err := b.e.Finish(t.Context(), gate.Options{Accept: []string{"everything"}}); err == nil {
		t.Error("a condition that is none was accepted")
	}
	if _, err := b.e.Finish(t.Context(), gate.Options{Account: "nobody"}); err == nil {
		t.Error("an unknown account")
	}
}

// TestGateAsksForSignatures: what was refused must be signed off.
func TestGateAsksForSignatures(t *testing.T) {
	b := refusing(t, durabletest.New())
	b.start(false)
	m := b.open(b.login(), "INBOX")
	b.isRefused(m, 1)
	b.compared("INBOX", verify.Options{})
	if _, by := b.asked(gate.Options{}); by["quarantine"].Colour != gate.Red || by["verified"].Colour != gate.Red || !strings.Contains(by["quarantine"].Items[0], "too_big") {
		t.Errorf("%+v", by)
	}
	if _, err := b.e.SignOff(t.Context(), QuarantineFilter{}, "Eve", false); err != nil {
		t.Fatal(err)
	}
	b.compared("INBOX", verify.Options{})
	if _, by := b.asked(gate.Options{}); by["quarantine"].Colour != gate.Green || by["verified"].Colour != gate.Green {
		t.Errorf("%+v", by)
	}
}

// TestGateSeesClients: sessions are counted, and the last login is kept.
func TestGateSeesClients(t *testing.T) {
	b := newBed(t)
	b.start(false)
	s1, s2 := b.login(), b.login()
	b.wait()
	if _, by := b.asked(gate.Options{}); !strings.Contains(by["clients"].Text, "2 sessions of 1 accounts") {
		t.Errorf("%+v", by["clients"])
	}
	for range 2 {
		must(t, s1.Close())
	}
	must(t, s2.Close())
	if _, by := b.asked(gate.Options{}); !strings.Contains(by["clients"].Items[0], "last login on "+time.Now().UTC().Format("2006-01")) {
		t.Errorf("%+v", by["clients"])
	}
	var rec store.Account
	must(t, b.e.store.View(func(rx *store.Rx) (err error) {
		rec, err = rx.Account(b.account().id)
		return err
	}))
	if time.Since(rec.LastLogin) > time.Minute {
		t.Errorf("%+v", rec)
	}
}
