package proxy

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"crossfade/backfill"
	"crossfade/mapping"
)

// folder is a mailbox of which only Changes is used, kept in the most naive way.
type folder struct {
	Mailbox
	version uint64
	uids    []uint32
	items   map[uint32]backfill.ItemState
	moved   uint64 // version of the last change of uids
	recent  uint32 // the first UID that nobody was told of
}

func (f *folder) Recent(upTo uint32) uint32 {
	from := f.recent
	f.recent = max(f.recent, upTo+1)
	return from
}

func newFolder(uids ...uint32) *folder {
	f := &folder{version: 1, moved: 1, items: map[uint32]backfill.ItemState{}}
	for _, u := range uids {
		f.add(u)
	}
	return f
}

func (f *folder) add(uid uint32) {
	f.version++
	f.moved = f.version
	f.uids = append(slices.Clone(f.uids), uid)
	slices.Sort(f.uids)
	f.items[uid] = backfill.ItemState{UID: uid, Version: f.version}
}

func (f *folder) remove(uid uint32) {
	f.version++
	f.moved = f.version
	f.uids = slices.DeleteFunc(slices.Clone(f.uids), func(u uint32) bool { return u == uid })
	delete(f.items, uid)
}

func (f *folder) flag(uid uint32, flags mapping.Flags) {
	f.version++
	f.items[uid] = backfill.ItemState{UID: uid, Flags: flags, Version: f.version}
}

func (f *folder) Changes(since uint64) backfill.Changes {
	ch := backfill.Changes{Version: f.version, UIDs: f.uids, Same: f.moved <= since}
	for _, u := range f.uids {
		if it := f.items[u]; it.Version > since {
			ch.Flags = append(ch.Flags, it)
		}
	}
	return ch
}

// client believes only what it is told.
type client struct {
	flags []mapping.Flags
	fresh []bool // announced, flags not asked for yet
}

func (c *client) apply(u Update) error {
	for _, n := range u.Expunged {
		if n < 1 || int(n) > len(c.flags) {
			return fmt.Errorf("EXPUNGE %d of %d", n, len(c.flags))
		}
		c.flags = slices.Delete(c.flags, int(n)-1, int(n))
		c.fresh = slices.Delete(c.fresh, int(n)-1, int(n))
	}
	if u.Grown {
		if int(u.Exists) <= len(c.flags) {
			return fmt.Errorf("EXISTS %d after %d", u.Exists, len(c.flags))
		}
		for len(c.flags) < int(u.Exists) {
			c.flags, c.fresh = append(c.flags, ""), append(c.fresh, true)
		}
	}
	for _, f := range u.Flags {
		if f.Seq < 1 || int(f.Seq) > len(c.flags) {
			return fmt.Errorf("FETCH %d of %d", f.Seq, len(c.flags))
		}
		c.flags[f.Seq-1] = f.Item.Flags
	}
	return nil
}

func TestViewAgainstNaiveClient(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFolder(rapid.SliceOfNDistinct(rapid.Uint32Range(1, 40), 0, 12, rapid.ID[uint32]).Draw(t, "start")...)
		v := NewView(f)
		c := &client{flags: make([]mapping.Flags, v.Len()), fresh: make([]bool, v.Len())}
		next, everHad := uint32(41), slices.Clone(f.uids)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			step(t, f, &next)
			if rapid.IntRange(0, 2).Draw(t, "sync") > 0 {
				continue
			}
			expunge := rapid.Bool().Draw(t, "expunge")
			before := slices.Clone(v.UIDs())
			u := v.Sync(expunge, nil)
			if !expunge && len(u.Expunged) > 0 {
				t.Fatal("EXPUNGE where it is forbidden")
			}
			if !expunge && !slices.Equal(before, v.UIDs()[:len(before)]) {
				t.Fatal("numbers moved without being told")
			}
			if err := c.apply(u); err != nil {
				t.Fatal(err)
			}
			checkView(t, f, v, c, expunge, everHad)
			for _, uid := range v.UIDs() {
				if !slices.Contains(everHad, uid) {
					everHad = append(everHad, uid)
				}
			}
			if again := v.Sync(expunge, nil); !again.Empty() {
				t.Fatalf("told twice: %+v", again)
			}
		}
	})
}

func step(t *rapid.T, f *folder, next *uint32) {
	switch rapid.IntRange(0, 3).Draw(t, "what") {
	case 0:
		f.add(*next)
		*next += rapid.Uint32Range(1, 3).Draw(t, "gap")
	case 1:
		if len(f.uids) > 0 {
			f.remove(rapid.SampledFrom(f.uids).Draw(t, "gone"))
		}
	case 2:
		if len(f.uids) > 0 {
			f.flag(rapid.SampledFrom(f.uids).Draw(t, "flagged"), mapping.NewFlags(rapid.StringN(1, 2, 2).Draw(t, "flag")))
		}
	case 3: // a message that was gone comes back under its old number
		uid := rapid.Uint32Range(1, 40).Draw(t, "back")
		if !slices.Contains(f.uids, uid) {
			f.add(uid)
		}
	}
}

func checkView(t *rapid.T, f *folder, v *View, c *client, expunge bool, everHad []uint32) {
	if len(c.flags) != int(v.Len()) || !slices.IsSorted(v.UIDs()) {
		t.Fatalf("client counts %d, view %v", len(c.flags), v.UIDs())
	}
	if expunge {
		for _, uid := range v.UIDs() {
			if !slices.Contains(f.uids, uid) {
				t.Fatalf("%d is gone but still in the view", uid)
			}
		}
		highest := uint32(0)
		for _, u := range everHad {
			highest = max(highest, u)
		}
		for _, uid := range f.uids {
			if _, ok := v.Seq(uid); !ok && uid > highest {
				t.Fatalf("%d was not announced", uid)
			}
		}
	}
	for i, uid := range v.UIDs() {
		if it, ok := f.items[uid]; ok && !c.fresh[i] && it.Flags != c.flags[i] {
			t.Fatalf("flags of %d: told %q, are %q", uid, c.flags[i], it.Flags)
		}
	}
}

func TestViewTold(t *testing.T) {
	f := newFolder(1, 2, 3)
	v := NewView(f)
	f.flag(1, `\Seen`)
	f.flag(2, `\Seen`)
	u := v.Sync(false, []backfill.ItemState{{UID: 1, Flags: `\Seen`}, {UID: 2, Flags: `\Draft`}})
	if len(u.Flags) != 1 || u.Flags[0].Seq != 2 {
		t.Fatalf("only message 2 differs from what was told: %+v", u.Flags)
	}
}

func TestViewHoldsBackExpunges(t *testing.T) {
	f := newFolder(10, 20, 30)
	v := NewView(f)
	f.remove(20)
	f.add(40)
	if u := v.Sync(false, nil); !u.Empty() || v.Len() != 3 {
		t.Fatalf("told %+v with %d messages", u, v.Len())
	}
	if uid, ok := v.UID(3); !ok || uid != 30 {
		t.Fatalf("message 3 is %d", uid)
	}
	u := v.Sync(true, nil)
	if !slices.Equal(u.Expunged, []uint32{2}) || !u.Grown || u.Exists != 3 {
		t.Fatalf("told %+v", u)
	}
	if _, ok := v.UID(4); ok {
		t.Fatal("there is no message 4")
	}
	if _, ok := v.UID(0); ok {
		t.Fatal("there is no message 0")
	}
}

// BenchmarkViewBurst is 10,000 changes (a third expunges, new mail and flags each) in 200,000 messages.
func BenchmarkViewBurst(b *testing.B) {
	const size, burst = 200_000, 10_000
	before := make([]uint32, size)
	for i := range before {
		before[i] = uint32(i + 1)
	}
	var after []uint32
	var flags []backfill.ItemState
	for i, u := range before {
		switch {
		case i%20 == 0 && i/20 < burst/3:
		case i%20 == 1 && i/20 < burst/3:
			flags = append(flags, backfill.ItemState{UID: u, Flags: `\Seen`})
			fallthrough
		default:
			after = append(after, u)
		}
	}
	for i := range burst / 3 {
		after = append(after, uint32(size+1+i))
	}
	b.ReportAllocs()
	for b.Loop() {
		s := &scripted{first: before, next: after, flags: flags}
		v := NewView(s)
		u := v.Sync(true, nil)
		if len(u.Expunged) != burst/3 || len(u.Flags) != len(flags) || !u.Grown {
			b.Fatalf("%d expunged, %d flags", len(u.Expunged), len(u.Flags))
		}
	}
}

type scripted struct {
	Mailbox
	first, next []uint32
	flags       []backfill.ItemState
}

func (s *scripted) Recent(upTo uint32) uint32 { return upTo + 1 }

func (s *scripted) Changes(since uint64) backfill.Changes {
	if since == 0 {
		return backfill.Changes{Version: 1, UIDs: s.first}
	}
	return backfill.Changes{Version: 2, UIDs: s.next, Flags: s.flags}
}
