package backfill

import (
	"testing"
	"time"

	"crossfade/mapping"
	"crossfade/store"
	"crossfade/store/memory"
)

// benchFolder is a folder of n copied links in a store of its own.
func benchFolder(b *testing.B, n int) (*Engine, *folder) {
	b.Helper()
	st, err := store.Open(memory.New())
	must(b, err)
	e, err := New(Options{Source: newFake("old", ".", 1), Destination: newFake("new", "/", 2), Store: st, Hold: true})
	must(b, err)
	b.Cleanup(func() { must(b, e.Close()) })
	a, err := e.enrol(e.aliasKey("ann"), LoginIdentity{SourceLogin: "ann", DestLogin: "ann"}, "pw", true)
	must(b, err)
	must(b, a.addFolders([]store.Folder{{Account: a.id, Kind: "mail", Name: "INBOX", Path: mapping.Path{"INBOX"}, Sources: []store.SourceBox{{Name: "INBOX"}}}}))
	f := a.all()[0]
	must(b, f.use())
	must(b, f.edit(func(e *edit) error {
		r := e.record()
		r.DestUIDValidity, r.Identity = 2, store.Identity{UIDValidity: 1, NextUID: uint32(n) + gap, Fixed: true}
		set := e.flags(mapping.NewFlags(`\Seen`))
		for i := range n {
			uid := uint32(i + 1)
			e.insert(store.Link{UID: uid, Src: uid, Dst: uid, State: store.Copied, Flags: set, Base: set, Sent: set, HasDetails: true, Size: 20000, Date: int64(i), MsgID: mapping.MessageID(i) << 20, Hash: [16]byte{byte(i), byte(i >> 8), byte(i >> 16), 1}})
		}
		return nil
	}))
	return e, f
}

// BenchmarkLoad opens a folder of 100,000 links from the store.
func BenchmarkLoad(b *testing.B) {
	_, f := benchFolder(b, 100_000)
	f.done()
	b.ReportAllocs()
	for b.Loop() {
		f.unload()
		must(b, f.use())
		f.done()
	}
}

// BenchmarkChanges asks what happened in a folder of 200,000 links of which 10,000 changed.
func BenchmarkChanges(b *testing.B) {
	_, f := benchFolder(b, 200_000)
	v := f.changes(0).Version
	must(b, f.edit(func(e *edit) error {
		for i := range 10_000 {
			l, _ := e.link(uint32(1 + i*20))
			e.touch(l, FlagsAdd, mapping.NewFlags(`\Flagged`))
		}
		return nil
	}))
	b.ReportAllocs()
	for b.Loop() {
		if c := f.changes(v); len(c.Flags) != 10_000 {
			b.Fatal(len(c.Flags))
		}
	}
}

// BenchmarkList takes a source folder's first listing of 100,000 messages.
func BenchmarkList(b *testing.B) {
	entries := make([]Entry, 100_000)
	for i := range entries {
		entries[i] = Entry{UID: uint32(i + 1), Flags: mapping.NewFlags(`\Seen`), Size: 20000, Date: time.Unix(int64(i), 0)}
	}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		_, f := benchFolder(b, 0)
		b.StartTimer()
		must(b, f.mergeLower(0, BoxState{UIDValidity: 1, UIDNext: 100_001, Exists: 100_000}, entries, Scan{Flags: true, Details: true}, nil))
	}
}

// BenchmarkRelist takes a flag listing of 100,000 known messages in which nothing changed.
func BenchmarkRelist(b *testing.B) {
	_, f := benchFolder(b, 100_000)
	entries := make([]Entry, 100_000)
	for i := range entries {
		entries[i] = Entry{UID: uint32(i + 1), Flags: mapping.NewFlags(`\Seen`)}
	}
	b.ReportAllocs()
	for b.Loop() {
		must(b, f.mergeLower(0, BoxState{UIDValidity: 1, UIDNext: 100_001, Exists: 100_000}, entries, Scan{Flags: true}, nil))
	}
}

// BenchmarkOneEdit stores one flag in a folder of 200,000 links.
func BenchmarkOneEdit(b *testing.B) {
	_, f := benchFolder(b, 200_000)
	on := FlagsAdd
	b.ReportAllocs()
	for b.Loop() {
		must(b, f.edit(func(e *edit) error {
			l, _ := e.link(100_000)
			e.touch(l, on, mapping.NewFlags(`\Flagged`))
			return nil
		}))
		on = FlagsAdd + FlagsRemove - on
	}
}

// BenchmarkExpungeOne removes one message from a folder of 200,000 links.
func BenchmarkExpungeOne(b *testing.B) {
	_, f := benchFolder(b, 200_000)
	expungeUpwards(b, f)
}

// expungeUpwards removes messages one by one, the lowest first.
func expungeUpwards(b *testing.B, f *folder) {
	next := uint32(1)
	b.ReportAllocs()
	for b.Loop() {
		must(b, f.edit(func(e *edit) error {
			if l, ok := e.link(next); ok {
				e.remove(l)
			}
			next++
			return nil
		}))
	}
}

// BenchmarkExpungeAbove removes one message that only the destination had from a folder of 200,000 links.
func BenchmarkExpungeAbove(b *testing.B) {
	_, f := benchFolder(b, 200_000)
	next := uint32(1)
	b.ReportAllocs()
	for b.Loop() {
		must(b, f.edit(func(e *edit) error {
			e.forget(next)
			next++
			return nil
		}))
	}
}

// BenchmarkExpungeSettled removes one message from a settled folder of 200,000 links: its whiteout gets another number.
func BenchmarkExpungeSettled(b *testing.B) {
	_, f := benchFolder(b, 200_000)
	must(b, f.edit(func(e *edit) error {
		e.record().Identity = store.Identity{UIDValidity: 2, Native: true, Fixed: true, NextUID: provisional}
		return nil
	}))
	expungeUpwards(b, f)
}
