package backfill

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crossfade/backfill/verify"
	"crossfade/mapping"
	"crossfade/store"
)

// compared runs a comparison and returns the report of one folder.
func (b *bed) compared(folder string, opt verify.Options) verify.Report {
	b.t.Helper()
	var out []verify.Report
	must(b.t, b.e.Compare(b.t.Context(), opt, func(r verify.Report) error {
		if r.Folder == folder {
			out = append(out, r)
		}
		return nil
	}))
	if len(out) != 1 {
		b.t.Fatalf("%d reports of %s", len(out), folder)
	}
	return out[0]
}

// moved is a bed whose INBOX of n messages has moved and whose backfill then rests, so that nobody notices what
// happens behind its back.
func moved(t *testing.T, n int) *bed {
	b := newBed(t)
	many(b.src.boxes["INBOX"], n)
	b.start(false)
	b.login()
	b.wait()
	b.restsAnew()
	return b
}

// restsAnew starts the process anew with everything paused. A pause alone has a pass that is under way look at what it
// has not looked at yet, and carry over what a test did there in the meantime.
func (b *bed) restsAnew() {
	b.t.Helper()
	b.end()
	b.start(true)
	b.login()
	must(b.t, b.account().refreshTree(b.t.Context(), 0))
}

// kinds counts the named differences by kind.
func kinds(r verify.Report) map[string]int {
	out := map[string]int{}
	for _, d := range r.Differences {
		out[d.Kind]++
	}
	return out
}

// TestVerifyFindsWhatIsDoneBehindItsBack seeds one fault each; it is found, counted and named, and nothing is changed.
func TestVerifyFindsWhatIsDoneBehindItsBack(t *testing.T) {
	seen := func(b *fakeBox, uid uint32) { b.mark(uid, `\Seen`, `\Flagged`, `\Answered`) }
	for _, c := range []struct {
		name  string
		do    func(b *bed)
		kind  string
		count func(verify.Report) int
		ok    bool
		quick bool // seen without reading bodies too
	}{
		{"a copy deleted", func(b *bed) { b.dst.with("INBOX", func(b *fakeBox) { b.remove(3) }) }, verify.KindMissing, func(r verify.Report) int { return r.Missing }, false, true},
		{"a copy doubled", func(b *bed) {
			b.dst.with("INBOX", func(b *fakeBox) { b.put(string(b.msgs[2].body)) })
		}, verify.KindDoubled, func(r verify.Report) int { return r.Doubled }, false, true},
		{"bytes changed", func(b *bed) {
			b.dst.with("INBOX", func(b *fakeBox) { b.msgs[2].body = append(slices.Clone(b.msgs[2].body), '!') })
		}, verify.KindDifferent, func(r verify.Report) int { return r.Different }, false, false},
		{"other flags", func(b *bed) { b.dst.with("INBOX", func(b *fakeBox) { seen(b, 3) }) }, verify.KindFlags, func(r verify.Report) int { return r.FlagsDiffer }, false, true},
		{"another date", func(b *bed) {
			b.dst.with("INBOX", func(b *fakeBox) { b.msgs[2].date = b.msgs[2].date.Add(time.Hour) })
		}, verify.KindDate, func(r verify.Report) int { return r.DatesDiffer }, true, true},
		{"new on the source", func(b *bed) { b.src.with("INBOX", func(b *fakeBox) { b.put(message(99, "new")) }) }, verify.KindWaiting, func(r verify.Report) int { return r.Waiting }, false, true},
		{"new on the destination", func(b *bed) { b.dst.with("INBOX", func(b *fakeBox) { b.put(message(99, "new")) }) }, verify.KindUnknown, func(r verify.Report) int { return r.Unknown }, true, true},
		{"deleted on the source", func(b *bed) { b.src.with("INBOX", func(b *fakeBox) { b.remove(3) }) }, "", func(r verify.Report) int { return r.SourceGone }, true, true},
	} {
		for _, quick := range []bool{false, true} {
			if quick && !c.quick {
				continue
			}
			t.Run(fmt.Sprint(c.name, " quick ", quick), func(t *testing.T) {
				b := moved(t, 8)
				if r := b.compared("INBOX", verify.Options{Quick: quick}); !r.OK || r.Completion != 1 || r.Total != 8 || len(r.Differences) != 0 {
					t.Fatalf("before: %+v", r)
				}
				c.do(b)
				before, writes := fmt.Sprint(b.src.bodies("INBOX"), b.dst.bodies("INBOX")), len(b.src.writes)+len(b.dst.writes)
				r := b.compared("INBOX", verify.Options{Quick: quick})
				if r.OK != c.ok || c.count(r) != 1 {
					t.Errorf("%+v", r)
				}
				want := map[string]int{}
				if c.kind != "" {
					want[c.kind] = 1
				}
				if got := kinds(r); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("named %v, want %v", got, want)
				}
				for _, d := range r.Differences {
					if !strings.HasPrefix(d.MessageID, "<") || d.SourceUID == 0 && d.DestUID == 0 {
						t.Errorf("badly named: %+v", d)
					}
				}
				if got := fmt.Sprint(b.src.bodies("INBOX"), b.dst.bodies("INBOX")); got != before || len(b.src.writes)+len(b.dst.writes) != writes {
					t.Error("the comparison changed something")
				}
			})
		}
	}
}

// TestVerifyTwins: equal messages are counted, not looked up: one copy too few or too many is seen.
func TestVerifyTwins(t *testing.T) {
	b := newBed(t)
	for range 3 {
		b.src.boxes["INBOX"].put(message(1, "twin"))
	}
	b.start(false)
	b.login()
	b.wait()
	b.restsAnew()
	if r := b.compared("INBOX", verify.Options{}); !r.OK || r.Equal != 3 {
		t.Fatalf("%+v", r)
	}
	b.dst.with("INBOX", func(b *fakeBox) { b.put(message(1, "twin")) })
	if r := b.compared("INBOX", verify.Options{}); r.OK || r.Doubled != 1 || r.Equal != 3 {
		t.Errorf("one too many: %+v", r)
	}
	b.dst.with("INBOX", func(b *fakeBox) { b.remove(1, 4) })
	if r := b.compared("INBOX", verify.Options{}); r.OK || r.Missing != 1 || r.Equal != 2 || r.Done != 2 || r.Total != 3 {
		t.Errorf("one too few: %+v", r)
	}
	b.dst.with("INBOX", func(b *fakeBox) { b.put(message(1, "twin")) }) // under another UID, but it is there
	if r := b.compared("INBOX", verify.Options{}); !r.OK || r.Missing != 0 || r.Equal != 3 {
		t.Errorf("as many as there should be: %+v", r)
	}
}

// TestVerifyAfterUsers: what users do makes no difference of a kind that is bad.
func TestVerifyAfterUsers(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 6)
	b.start(false)
	s := b.login()
	m := b.open(s, "INBOX")
	b.wait()
	uids := m.Changes(0).UIDs
	must(t, m.Store(t.Context(), uids[:1], FlagsAdd, mapping.NewFlags(`\Answered`)))
	must(t, m.Expunge(t.Context(), uids[1:2]))
	if _, err := m.Move(t.Context(), uids[2:3], "Sent Items"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Append(t.Context(), "INBOX", []AppendItem{item(message(50, "mine"))}); err != nil {
		t.Fatal(err)
	}
	r := b.compared("INBOX", verify.Options{})
	if !r.OK || r.Equal != 4 || r.Deleted != 2 || r.DestOnly != 1 || r.FlagsChanged != 1 || r.Done != 6 || r.Total != 6 {
		t.Errorf("%+v", r)
	}
}

// TestVerifyKeywordsNotHeld: a destination that drops keywords is told of, and stops nobody.
func TestVerifyKeywordsNotHeld(t *testing.T) {
	b := newBed(t)
	b.dst.keywords = false
	b.src.boxes["INBOX"].put(message(1, "m"), `\Seen`, "$Work")
	b.start(false)
	b.login()
	b.wait()
	if r := b.compared("INBOX", verify.Options{}); !r.OK || r.FlagsDiffer != 0 {
		t.Errorf("%+v", r)
	}
}

// account is the bed's only account.
func (b *bed) account() *account {
	b.t.Helper()
	all, err := b.e.accountsNamed("")
	must(b.t, err)
	return all[0]
}

// TestVerifyAgreesWithTheCount: completion by the links and by both listings is the same.
func TestVerifyAgreesWithTheCount(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 10)
	b.dst.refuse = func(body []byte) error {
		if strings.Contains(string(body), "<3@") {
			return b.dst.err("APPEND", "", Item)
		}
		return nil
	}
	b.start(true)
	m := b.open(b.login(), "INBOX")
	must(t, m.Expunge(t.Context(), m.Changes(0).UIDs[:2]))
	check := func(done, total int) {
		t.Helper()
		if r := b.compared("INBOX", verify.Options{}); r.Done != done || r.Total != total {
			t.Errorf("%d of %d done, want %d of %d: %+v", r.Done, r.Total, done, total, r)
		}
	}
	check(2, 10)
	b.e.Release()
	b.wait()
	check(9, 10)
}

// TestVerifyAltered: a copy that the destination rewrote is told apart from one that was damaged since.
func TestVerifyAltered(t *testing.T) {
	b := moved(t, 4)
	rewrite := func(change func(string) string) {
		b.dst.with("INBOX", func(b *fakeBox) { b.msgs[1].body = []byte(change(string(b.msgs[1].body))) })
	}
	rewrite(func(s string) string { return "X-Seen-By: new\r\n" + s })
	if r := b.compared("INBOX", verify.Options{}); r.OK || r.Different != 1 || r.Altered != 0 {
		t.Errorf("nobody knows of it: %+v", r)
	}
	f := b.account().all()[0]
	must(t, f.use())
	defer f.done()
	must(t, f.edit(func(e *edit) error {
		l, _ := e.link(2)
		l.Altered = true
		e.put(l)
		return nil
	}))
	if r := b.compared("INBOX", verify.Options{}); !r.OK || r.Different != 0 || r.Altered != 1 || r.Done != 4 || kinds(r)[verify.KindAltered] != 1 {
		t.Errorf("known: %+v", r)
	}
	rewrite(func(s string) string { return s[:len(s)-5] + "..." })
	if r := b.compared("INBOX", verify.Options{}); r.OK || r.Different != 1 || r.Altered != 0 {
		t.Errorf("damaged since: %+v", r)
	}
}

// TestVerifyIsKept: the end of a full comparison is in the state, a quick one's is not.
func TestVerifyIsKept(t *testing.T) {
	b := moved(t, 3)
	kept := func() *store.Verified {
		var rec store.Account
		must(t, b.e.store.View(func(rx *store.Rx) (err error) {
			rec, err = rx.Account(b.account().id)
			return err
		}))
		return rec.Verified
	}
	b.compared("INBOX", verify.Options{Quick: true})
	if v := kept(); v != nil {
		t.Fatalf("%+v", v)
	}
	b.compared("INBOX", verify.Options{})
	if v := kept(); v == nil || !v.OK || v.Folders != 4 || v.Done != 3 || v.Total != 3 || v.Ended.Before(v.Begun) {
		t.Fatalf("%+v", v)
	}
	b.dst.with("INBOX", func(b *fakeBox) { b.remove(1) })
	b.compared("INBOX", verify.Options{})
	if v := kept(); v.OK || v.Bad != 1 || !strings.Contains(v.Problem, "INBOX: 1 missing") {
		t.Fatalf("%+v", v)
	}
}

// TestVerifyNamesSoMany: names are bounded, counts are not.
func TestVerifyNamesSoMany(t *testing.T) {
	b := moved(t, 30)
	b.dst.with("INBOX", func(b *fakeBox) { b.msgs = nil })
	if r := b.compared("INBOX", verify.Options{Names: 5}); r.Missing != 30 || len(r.Differences) != 5 {
		t.Errorf("%d missing, %d named", r.Missing, len(r.Differences))
	}
}

// TestVerifyWithoutALender: what a client copied or moved from another folder is proven as far as it can be when that folder
// is gone from the source, or another one is there under its name.
func TestVerifyWithoutALender(t *testing.T) {
	for name, anew := range map[string]bool{"gone": false, "made anew": true} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			b.src.with("INBOX.Kunden", func(box *fakeBox) { many(box, 3) })
			b.start(true)
			m := b.open(b.login(), "Kunden")
			_, err := m.Move(t.Context(), []uint32{2}, "INBOX")
			must(t, err)
			b.e.Release()
			b.wait()
			b.verified()
			b.src.set(func() {
				b.src.drop("INBOX.Kunden")
				if anew {
					b.src.add("INBOX.Kunden").put(message(9, "anew"))
				}
			})
			b.eventually(func() error {
				must(t, b.account().refreshTree(t.Context(), 0))
				_ = m.f.refresh(t.Context(), 0)
				if r := b.compared("INBOX", verify.Options{}); !r.OK || r.Missing+r.Different > 0 {
					return fmt.Errorf("%+v", r)
				}
				return nil
			})
			b.holds("INBOX", `<1@test> \Seen`)
		})
	}
}
