package backfill

import (
	"testing"

	"crossfade/store"
	"crossfade/store/memory"
)

// closedAnn is a closed account that the marks know, its state from before it was closed, and the UIDVALIDITY of INBOX.
func closedAnn(t *testing.T, piped bool) (b *bed, before store.KV, validity uint32) {
	b = newBed(t)
	marked(t, b)
	opened := b.opt
	b.opt = func(o *Options) {
		opened(o)
		if !piped {
			o.Destination = struct{ Driver }{b.dst}
		}
	}
	many(b.src.boxes["INBOX"], 5)
	many(b.src.boxes["INBOX.Kunden"], 2)
	b.start(false)
	s := b.login()
	b.wait()
	m := b.open(s, "INBOX")
	b.see(m)
	before = copyKV(t, b.kv)
	must(t, m.Expunge(t.Context(), m.Changes(0).UIDs[2:3]))
	m.Close()
	must(t, s.Close())
	b.settleAll()
	m = b.open(b.login(), "INBOX")
	b.see(m)
	validity = m.Status().UIDValidity
	m.Close()
	b.closes(false, "")
	b.end()
	return b, before, validity
}

// TestClosedOutlivesStore: an account that is closed stays so when the state is lost, or an old copy of it is put in its
// place: the source is not asked, no password is kept, deleted mail stays deleted, and clients keep their numbers.
func TestClosedOutlivesStore(t *testing.T) {
	for _, old := range []bool{false, true} {
		b, before, validity := closedAnn(t, false)
		if b.kv = memory.New(); old {
			b.kv = before
		}
		for range 2 {
			b.start(false)
			b.src.set(func() { b.src.asked = nil })
			for _, secret := range []string{"pw", "new", "pw"} {
				b.dst.set(func() { b.dst.secret = secret })
				s, err := b.e.Login(t.Context(), annName, secret)
				must(t, err)
				m := b.open(s, "INBOX")
				b.shows(m, `<0@test> \Seen`, `<1@test> \Seen`, `<3@test> \Seen`, `<4@test> \Seen`)
				if v := m.Status().UIDValidity; v != validity {
					t.Errorf("UIDVALIDITY %d, before %d", v, validity)
				}
				b.numbered(m)
				m.Close()
				must(t, s.Close())
			}

			b.erased()
			if waits, err := b.e.Rebuilding(); err != nil || len(waits) != 0 || len(b.src.asked) > 0 {
				t.Errorf("%+v %v; the source was asked %q", waits, err, b.src.asked)
			}
			if r := b.e.Status(); !r.Done || r.Accounts[0].Parting.Stage != stageClosed {
				t.Errorf("%+v", r.Accounts[0])
			}
			b.end()
		}
	}
}

// TestClosedOutlivesStorePiped: its clients go on being handed over.
func TestClosedOutlivesStorePiped(t *testing.T) {
	for _, old := range []bool{false, true} {
		b, before, _ := closedAnn(t, true)
		if b.kv = memory.New(); old {
			b.kv = before
		}
		b.start(false)
		b.src.set(func() { b.src.asked = nil })
		for range 2 {
			s, err := b.e.Login(t.Context(), annName, "pw")
			must(t, err)
			if s.Pipe() == nil {
				t.Error("it is not handed over")
			}
			must(t, s.Close())
		}
		b.erased()
		if len(b.src.asked) > 0 {
			t.Errorf("the source was asked %q", b.src.asked)
		}
		b.end()
		for _, p := range b.dst.pipes {
			_ = p.Close()
		}
	}
}
