package backfill

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crossfade/internal/durable"
	"crossfade/internal/marks"
	"crossfade/mapping"
	"crossfade/store"
	"crossfade/store/memory"
)

// marked has the bed's engines share a file of marks.
func marked(t *testing.T, b *bed) string {
	path := filepath.Join(t.TempDir(), "marks")
	b.opt = func(o *Options) {
		f, _, err := marks.Open(durable.OS{}, path)
		must(t, err)
		o.Marks = f
	}
	return path
}

// copyKV is a store as a backup has it.
func copyKV(t *testing.T, from store.KV) store.KV {
	t.Helper()
	to := memory.New()
	must(t, from.View(func(r store.Reader) error {
		return r.Scan(nil, func(key, value []byte) error {
			return to.Update(func(txn store.Txn) error { return txn.Set(key, value) })
		})
	}))
	return to
}

// halfMoved is a move in the middle: of INBOX 1 to 20 are copied, of which 3 was deleted on the destination, 4 through
// the proxy, and 20 to 25 came to the source after that.
func halfMoved(t *testing.T) (b *bed, shown uint32, backup store.KV) {
	b = newBed(t)
	marked(t, b)
	for id := 1; id <= 20; id++ {
		b.src.boxes["INBOX"].put(message(id, "old"), `\Seen`)
	}
	b.src.boxes["INBOX.Kunden"].put(message(100, "other"))
	b.start(true)
	m := b.open(b.login(), "INBOX")
	shown = m.Status().UIDValidity
	must(t, m.Expunge(t.Context(), m.Changes(0).UIDs[4:5])) // 5, a whiteout that the backup has
	b.end()
	backup = copyKV(t, b.kv)
	b.start(false)
	m = b.open(b.login(), "INBOX")
	b.wait()
	uids := m.Changes(0).UIDs
	must(t, m.Expunge(t.Context(), uids[3:4]))
	must(t, m.Store(t.Context(), uids[:1], FlagsSet, mapping.NewFlags(`\Flagged`)))
	b.dst.with("INBOX", func(box *fakeBox) { box.remove(3) })
	b.shows(m, b.dst.has("INBOX")...)
	b.end()
	for id := 21; id <= 25; id++ {
		b.src.boxes["INBOX"].put(message(id, "late"))
	}
	return b, shown, backup
}

// waits logs in, which is refused, and waits until the account is ready.
func (b *bed) waits(login bool) RebuildAccount {
	b.t.Helper()
	refused := func() {
		_, err := b.e.Login(b.t.Context(), "Ann@example.test", "pw")
		var r *Refusal
		if !errors.As(err, &r) || r.Code != "UNAVAILABLE" || !strings.Contains(r.Text, "administrator") {
			b.t.Fatalf("the login is answered with %v", err)
		}
	}
	if login {
		refused()
	}
	var ready RebuildAccount
	b.eventually(func() error {
		all, err := b.e.Rebuilding()
		if err != nil || len(all) != 1 || all[0].State != rebuildReady {
			return fmt.Errorf("%+v, %v", all, err)
		}
		ready = all[0]
		return nil
	})
	refused()
	if _, err := b.e.Login(b.t.Context(), "Ann@example.test", "wrong"); err == nil || strings.Contains(err.Error(), "administrator") {
		b.t.Error("a wrong password is answered with", err)
	}
	if r := b.e.Status(); r.Done || !strings.Contains(r.Accounts[0].Problem, "crossfade rebuild") {
		b.t.Errorf("the status does not say what to do: %+v", r.Accounts)
	}
	return ready
}

func (r RebuildAccount) folder(name string) RebuildFolder {
	for _, f := range r.Folders {
		if f.Folder == name {
			f.ready = false
			return f
		}
	}
	return RebuildFolder{}
}

// noWrites complains if a server was told to change something.
func (b *bed) noWrites() {
	b.t.Helper()
	for _, side := range []*fakeServer{b.src, b.dst} {
		side.mu.Lock()
		if len(side.writes) > 0 {
			b.t.Errorf("%s was told %q", side.host, side.writes)
		}
		side.mu.Unlock()
	}
}

// TestRebuild: after the loss of the state, or with an old one, nothing is served or copied before the admin has said
// what becomes of mail that users have deleted.
func TestRebuild(t *testing.T) {
	for _, c := range []struct {
		name          string
		lost, discard bool
		inbox         RebuildFolder
		back          []int // deleted messages that come back
	}{
		{"lost, accept", true, false, RebuildFolder{Folder: "INBOX", Matched: 17, Return: 3, Uncopied: 5}, []int{3, 4, 5}},
		{"lost, discard", true, true, RebuildFolder{Folder: "INBOX", Matched: 17, Return: 3, Uncopied: 5}, nil},
		{"old, accept", false, false, RebuildFolder{Folder: "INBOX", Matched: 17, Return: 2, Uncopied: 5, Deleted: 1}, []int{3, 4}},
		{"old, discard", false, true, RebuildFolder{Folder: "INBOX", Matched: 17, Return: 2, Uncopied: 5, Deleted: 1}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, shown, backup := halfMoved(t)
			if c.lost {
				backup = memory.New()
			}
			b.kv = backup
			b.dst.set(func() { b.dst.writes = nil })
			b.start(false)
			r := b.waits(c.lost)
			if got := r.folder("INBOX"); got != c.inbox {
				t.Errorf("of INBOX it says %+v, want %+v", got, c.inbox)
			}
			if got, want := r.folder("Kunden"), (RebuildFolder{Folder: "Kunden", Matched: 1}); got != want {
				t.Errorf("of Kunden it says %+v, want %+v", got, want)
			}
			b.noWrites()
			b.end() // a new process waits still
			b.start(false)
			b.waits(false)
			b.noWrites()

			if _, err := b.e.Rebuild("nobody", true); err == nil {
				t.Error("a stranger was rebuilt")
			}
			if done, err := b.e.Rebuild("", c.discard); err != nil || !slices.Equal(done, []string{"Ann@example.test"}) {
				t.Fatal(done, err)
			}
			rebuilt(t, b, shown, c.back)
		})
	}
}

// rebuilt looks at the end: what is there, and under which numbers it is shown; a further process sees nothing else.
func rebuilt(t *testing.T, b *bed, shown uint32, back []int) {
	t.Helper()
	want := map[int]string{1: `\Flagged`}
	for id := 2; id <= 25; id++ {
		if id < 3 || id > 5 || slices.Contains(back, id) {
			want[id] = map[bool]string{true: `\Seen`, false: ""}[id <= 20]
		}
	}
	var lines []string
	for id, flags := range want {
		lines = append(lines, name(id)+" "+flags)
	}
	for range 2 {
		m := b.open(b.login(), "INBOX")
		b.wait()
		b.shows(m, lines...)
		b.holds("INBOX", lines...)
		b.holds("Kunden", name(100)+" ")
		if v := m.Status().UIDValidity; v <= shown {
			t.Errorf("INBOX is shown under %d, which is not above %d", v, shown)
		}
		b.verified()
		if all, err := b.e.Rebuilding(); err != nil || len(all) != 0 {
			t.Errorf("still waiting: %+v, %v", all, err)
		}
		b.end()
		b.start(false)
	}
}

// TestStopWhileRebuilding kills the process at each write, from the start over an old state to the end of the rebuild.
func TestStopWhileRebuilding(t *testing.T) {
	t.Parallel()
	for n, died := 1, true; died; n++ {
		died = stopWhileRebuilding(t, n)
		if n > 200 {
			t.Fatal("it never came to the end")
		}
	}
}

func stopWhileRebuilding(t *testing.T, n int) (died bool) {
	b, shown, backup := halfMoved(t)
	lost := n%2 == 0
	if lost {
		backup = memory.New()
	}
	kv := freezable(backup, n, n%4 < 2)
	b.kv = kv
	dead := func() bool {
		select {
		case <-kv.ended():
			return true
		default:
			return false
		}
	}
	func() { // errors are the death
		st, err := store.Open(kv)
		if err != nil {
			return
		}
		opt := Options{Source: b.src, Destination: b.dst, Store: st, Poll: 1, Recheck: 1}
		b.opt(&opt)
		e, err := New(opt)
		if err != nil {
			return
		}
		go func() { _ = e.Run(t.Context()) }()
		defer func() { _ = e.Close() }()
		_, _ = e.Login(t.Context(), "Ann@example.test", "pw")
		for !dead() {
			if done, err := e.Rebuild("", true); err != nil || len(done) > 0 {
				return
			}
			<-tick()
		}
	}()
	died = dead()
	kv.kill()
	b.kv = backup
	b.start(false)
	if _, err := b.e.Login(t.Context(), "Ann@example.test", "pw"); err != nil {
		b.waits(true)
		if _, err := b.e.Rebuild("", true); err != nil {
			t.Fatal(err)
		}
	}
	rebuilt(t, b, shown, nil)
	b.end()
	return died
}

// TestCopyOfOneRun: a copy that was taken while the program ran, and is restored when it starts again, is known for an
// old one; one to which nothing was added is none.
func TestCopyOfOneRun(t *testing.T) {
	for _, old := range []bool{true, false} {
		t.Run(fmt.Sprint("old ", old), func(t *testing.T) {
			b := newBed(t)
			marked(t, b)
			many(b.src.boxes["INBOX"], 6)
			b.start(false)
			m := b.open(b.login(), "INBOX")
			b.wait()
			seen, err := b.e.lineage.Age(0)
			must(t, err)
			backup := copyKV(t, b.kv)
			if old {
				must(t, m.Expunge(t.Context(), m.Changes(0).UIDs[:1]))
			}
			if _, err := b.e.lineage.Age(seen); err != nil {
				t.Fatal(err)
			}
			b.end()
			b.kv = backup
			b.start(false)
			if old {
				b.waits(false)
			} else {
				b.login()
			}
			b.end()
		})
	}
}

// TestMarksLost: the marks are written anew from a good state, and know it for an old one afterwards.
func TestMarksLost(t *testing.T) {
	b := newBed(t)
	marked(t, b)
	b.src.boxes["INBOX"].put(message(1, "a"))
	b.start(true)
	shown := b.open(b.login(), "INBOX").Status().UIDValidity
	b.end()
	path := marked(t, b) // another file
	b.start(true)
	b.open(b.login(), "INBOX")
	b.end()
	f, found, err := marks.Open(durable.OS{}, path)
	if err != nil || !found || f.Generation() != 2 {
		t.Fatal(f.Generation(), found, err)
	}
	if all := f.Accounts(); len(all) != 1 || all[0].High != shown {
		t.Errorf("%+v", all)
	}
}

// TestFolderGoneWhileLost: a folder that is not on the destination is not made before the admin has spoken.
func TestFolderGoneWhileLost(t *testing.T) {
	b := newBed(t)
	marked(t, b)
	b.src.boxes["INBOX.Kunden"].put(message(1, "a"))
	b.start(false)
	b.open(b.login(), "INBOX")
	b.wait()
	b.end()
	b.dst.set(func() {
		delete(b.dst.boxes, "Kunden")
		b.dst.writes = nil
	})
	b.kv = memory.New()
	b.start(false)
	r := b.waits(true)
	if got, want := r.folder("Kunden"), (RebuildFolder{Folder: "Kunden", Uncopied: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	b.noWrites()
	if _, err := b.e.Rebuild("ann@EXAMPLE.test", false); err != nil {
		t.Fatal(err)
	}
	b.wait()
	b.holds("Kunden", name(1)+" ")
	b.verified()
}

// TestRebuiltNumbersAreAbove: what a folder was shown under is known from the marks alone.
func TestRebuiltNumbersAreAbove(t *testing.T) {
	const high = validityLimit - 1000
	b := newBed(t)
	marked(t, b)
	b.src.boxes["INBOX"].put(message(1, "a"))
	b.src.boxes["INBOX"].validity = high
	b.start(false)
	if got := b.open(b.login(), "INBOX").Status().UIDValidity; got != high {
		t.Fatal(got)
	}
	b.wait()
	b.end()
	b.src.boxes["INBOX"].validity = 77
	b.kv = memory.New()
	b.start(false)
	b.waits(true)
	if _, err := b.e.Rebuild("", false); err != nil {
		t.Fatal(err)
	}
	if got := b.open(b.login(), "INBOX").Status().UIDValidity; got <= high || got >= validityLimit {
		t.Errorf("shown under %d, before under %d", got, high)
	}
}
