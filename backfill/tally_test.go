package backfill

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"crossfade/store"
)

// counted complains when a tally that is stored is not what the stored links count up to: whatever was killed when,
// both are of the same transaction.
func (b *bed) counted() {
	b.t.Helper()
	err := b.kv.View(func(store.Reader) error { return nil })
	if err != nil || b.e == nil {
		return // the state is closed, or there never was one
	}
	must(b.t, b.e.store.View(func(rx *store.Rx) error {
		accounts, err := rx.Accounts()
		if err != nil {
			return err
		}
		for _, a := range accounts {
			tallies, err := rx.Tallies(a.ID)
			if err != nil {
				return err
			}
			folders, err := rx.Folders(a.ID)
			if err != nil {
				return err
			}
			for _, rec := range folders {
				if err := recount(rx, rec, tallyFrom(tallies[rec.ID])); err != nil {
					b.t.Error(err)
				}
			}
		}
		return nil
	}))
}

func recount(rx *store.Rx, rec store.Folder, stored tally) error {
	d, err := rx.LoadFolder(rec.Account, rec.ID)
	if err != nil {
		return err
	}
	q, err := rx.Quarantine(rec.Account, rec.ID)
	if err != nil {
		return err
	}
	if now := tallyOf(d.Links, d.Folder, refusals(q)); now != stored {
		return fmt.Errorf("%s is counted as\n%+v, its links are\n%+v", rec.Name, stored, now)
	}
	return nil
}

// TestCountsNeedNoLinks: after a restart everything is counted although no folder has been loaded, and a state that
// an earlier version wrote is counted once.
func TestCountsNeedNoLinks(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 7)
	many(b.src.boxes["INBOX.Kunden"], 3)
	b.start(false)
	m := b.open(b.login(), "INBOX")
	before := b.wait()
	must(t, b.noOneWaits(m))
	m.Close()
	b.end()
	for _, old := range []bool{false, true} {
		if old {
			forgetTallies(t, b.kv)
		}
		b.start(true)
		b.eventually(func() error {
			if r := b.e.Status(); r.Total != before.Total || r.Progress.Completion.Source != 10 || *r.Progress.Ratio != 1 {
				return fmt.Errorf("after a restart (old state: %v):\n%+v %+v, before\n%+v", old, r.Total, r.Progress, before.Total)
			}
			return nil
		})
		for _, f := range b.e.known()[0].all() {
			if f.loaded && !old {
				t.Errorf("%s was loaded for being counted", f.rec.Name)
			}
		}
		b.end()
	}
}

// noOneWaits looks that nothing is left to be copied.
func (b *bed) noOneWaits(m *Mailbox) error {
	if n := m.f.counted(); n.left() != 0 {
		return fmt.Errorf("%d messages are left", n.left())
	}
	return nil
}

// forgetTallies makes the state one of a version that kept none.
func forgetTallies(t *testing.T, kv store.KV) {
	t.Helper()
	must(t, kv.Update(func(txn store.Txn) error {
		var keys [][]byte
		if err := txn.Scan([]byte{'T'}, func(key, _ []byte) error { keys = append(keys, bytes.Clone(key)); return nil }); err != nil {
			return err
		}
		for _, k := range keys {
			if err := txn.Delete(k); err != nil {
				return err
			}
		}
		return nil
	}))
}

// TestCompletion: what counts as done is what was copied, what users deleted, and nothing else.
func TestCompletion(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 6)
	bad := []byte(message(3, "x"))[:20]
	b.dst.refuse = func(body []byte) error {
		if bytes.HasPrefix(body, bad) {
			return b.dst.err("APPEND", "TOOBIG", Item)
		}
		return nil
	}
	b.start(true)
	if r := b.e.Status(); r.Progress.Ratio != nil || r.Progress.ETASeconds != nil {
		t.Errorf("without any account: %+v", r.Progress)
	}
	m := b.open(b.login(), "INBOX")
	if err := m.Expunge(t.Context(), []uint32{5}); err != nil {
		t.Fatal(err)
	}
	is := func(folder string, source, done int) error {
		for _, f := range b.e.Status().Accounts[0].Folders {
			if f.Folder == folder && (f.Source != source || f.Done != done) {
				return fmt.Errorf("%s: %d of %d done, want %d of %d", folder, f.Done, f.Source, done, source)
			}
		}
		return nil
	}
	b.eventually(func() error { return is("INBOX", 6, 1) })
	if r := b.e.Status(); r.Progress.Unlisted == 0 || r.Progress.ETASeconds != nil || *r.Progress.Ratio != 1.0/6 {
		t.Errorf("while it is held: %+v", r.Progress)
	}
	b.e.Release()
	b.eventually(func() error { return is("INBOX", 6, 5) })
	r := b.wait()
	if d := r.Domains; len(d) != 1 || d[0].Domain != "example.test" || d[0].Progress.Done != 5 || d[0].Done != 1 {
		t.Errorf("domains %+v", d)
	}
	if n := m.f.counted(); n.refused != [classes]int{classTooBig: 1} {
		t.Errorf("refused %v", n.refused)
	}
	if d := b.e.domains.list[0]; d.messages.Load() != 4 || b.e.domains.all.messages.Load() != 4 || d.octets.Load() == 0 {
		t.Errorf("copied %d messages, %d bytes", d.messages.Load(), d.octets.Load())
	}
}

// TestDomains: login names lead to a bounded number of domains.
func TestDomains(t *testing.T) {
	for in, want := range map[string]string{
		"Ann@Example.TEST ": "example.test", "ann": "none", "a@b@c.test": "c.test", "ann@": "none", "ann@x\xff": "x\ufffd",
		"ann@" + strings.Repeat("x", 300): "none",
	} {
		if got := domainOf(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	var d domains
	for i := range 3 * maxDomains {
		d.of(fmt.Sprintf("u@d%d.test", i))
	}
	if d.of("x@d7.test").name != "d7.test" || d.of("x@d70.test").name != otherDomain || len(d.list) != maxDomains+1 {
		t.Errorf("%d domains", len(d.list))
	}
}

// TestMeter: a steady rate is told soon and kept; a pause lets it fade; a long one is forgotten.
func TestMeter(t *testing.T) {
	var m meter
	now := time.Unix(1_700_000_000, 0)
	if _, _, ok := m.perSecond(now); ok {
		t.Error("a rate of nothing")
	}
	for i := range 600 { // 100 messages of 1 KB every half second
		m.add(now, 100, 100<<10)
		if msgs, bytes, ok := m.perSecond(now); i >= 20 && (!ok || msgs < 185 || msgs > 205 || bytes != msgs*1024) {
			t.Fatalf("after %d: %v %v %v", i, msgs, bytes, ok)
		}
		now = now.Add(500 * time.Millisecond)
	}
	was, _, _ := m.perSecond(now)
	now = now.Add(rateWindow)
	if is, _, ok := m.perSecond(now); !ok || is > 0.3*was || is < 0.2*was {
		t.Errorf("after a pause %v, before %v", is, was)
	}
	if _, _, ok := m.perSecond(now.Add(2 * rateWindow)); ok {
		t.Error("a rate of long ago")
	}
}
