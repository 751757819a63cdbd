package backfill

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"crossfade/mapping"
)

// soak is how many times the usual count a test runs: 1, or CROSSFADE_SOAK.
func soak() int {
	if n, err := strconv.Atoi(os.Getenv("CROSSFADE_SOAK")); err == nil && n > 0 {
		return n
	}
	return 1
}

// fates are the states in which each message may end: by its short name, the alternatives, each of them the
// sorted places "folder|flags" where it must be, once each.
type fates map[string][]string

func place(folder string, flags ...string) string {
	return folder + "|" + string(mapping.NewFlags(flags...))
}

func places(p ...string) string {
	slices.Sort(p)
	return strings.Join(p, "; ")
}

// then is a command's effect: what was answered with OK must have happened, what failed may have.
func (f fates) then(id string, err error, after ...string) {
	now := places(after...)
	if err != nil {
		f[id] = append(f[id], now)
		return
	}
	f[id] = []string{now}
}

// script is what a client does while its mail is moved. It stops at the first error, as the process died.
func script(b *bed, f fates) {
	s, err := b.e.Login(b.t.Context(), "Ann@example.test", "pw")
	if err != nil {
		return
	}
	m, err := s.Open(b.t.Context(), "INBOX", false)
	if err != nil {
		return
	}
	defer m.Close()
	ctx := b.t.Context()
	step := func(uid uint32, id string, after []string, do func(uids []uint32) error) {
		if err == nil {
			err = do([]uint32{uid})
			f.then(id, err, after...)
		}
	}
	flag := func(uids []uint32) error { return m.Store(ctx, uids, FlagsAdd, mapping.NewFlags(`\Flagged`, "$Todo")) }
	copyTo := func(to string) func([]uint32) error {
		return func(uids []uint32) error { _, err := m.Copy(ctx, uids, to); return err }
	}
	moveTo := func(to string) func([]uint32) error {
		return func(uids []uint32) error { _, err := m.Move(ctx, uids, to); return err }
	}
	expunge := func(uids []uint32) error { return m.Expunge(ctx, uids) }
	add := func(id int, folder string) {
		if err == nil {
			_, _, err = s.Append(ctx, folder, []AppendItem{item(message(id, "mine"), `\Seen`, "$Mine")})
			f.then(name(id), err, place(folder, `\Seen`, "$Mine"))
			if err != nil {
				f[name(id)] = append(f[name(id)], "")
			}
		}
	}
	round := func(first uint32) {
		id := func(n uint32) string { return name(int(first + n)) }
		step(first, id(0), []string{place("INBOX", `\Seen`, `\Flagged`, "$Todo")}, flag)
		step(first+1, id(1), nil, expunge)
		step(first+2, id(2), []string{place("Kunden", `\Seen`)}, moveTo("Kunden"))
		step(first+3, id(3), []string{place("INBOX", `\Seen`), place("Sent Items", `\Seen`)}, copyTo("Sent Items"))
		step(first+4, id(4), []string{place("INBOX", `\Seen`), place("INBOX", `\Seen`)}, copyTo("INBOX"))
		step(first+5, id(5), []string{place("Plain", `\Seen`)}, moveTo("Plain"))
	}
	round(10)
	add(901, "Kunden")
	b.e.Release()
	round(20)
	add(902, "INBOX")
	round(30)
	if err == nil {
		err = waitDone(b)
	}
	if err == nil {
		round(40)
		add(903, "Plain")
	}
}

// name is how message(id, ...) is called in fates.
func name(id int) string { return fmt.Sprintf("<%d@test>", id) }

func waitDone(b *bed) error {
	kv := b.kv.(*frozenKV)
	for !b.e.Status().Done {
		select {
		case <-kv.died:
			return errDead
		case <-b.t.Context().Done():
			return b.t.Context().Err()
		case <-tick():
		}
	}
	return nil
}

// crashBed has 50 messages in INBOX, some elsewhere, and some that the destination has already.
func crashBed(t *testing.T) (*bed, fates) {
	b, f := newBed(t), fates{}
	b.dst.add("Plain")
	b.dst.with("INBOX", func(box *fakeBox) {
		box.put(message(900, "new"), `\Answered`)
		f[name(900)] = []string{place("INBOX", `\Answered`)}
	})
	b.src.with("INBOX", func(box *fakeBox) {
		box.next = 10
		for id := 10; id < 60; id++ {
			m := box.put(message(id, "old"), `\Seen`)
			f[name(id)] = []string{place("INBOX", `\Seen`)}
			if id%10 == 8 || id == 11 || id == 22 { // somebody has copied these before us
				b.dst.with("INBOX", func(d *fakeBox) { d.put(string(m.body), `\Seen`).date = m.date })
			}
		}
	})
	b.src.with("INBOX.Kunden", func(box *fakeBox) {
		for id := 70; id < 80; id++ {
			box.put(message(id, "old"), "$Work")
			f[name(id)] = []string{place("Kunden", "$Work")}
		}
	})
	return b, f
}

// judge compares the destination with the fates, message by message.
func judge(b *bed, f fates) {
	b.t.Helper()
	got := map[string][]string{}
	for folder, box := range b.dst.boxes {
		for _, m := range box.msgs {
			id := subject(string(m.body))
			got[id] = append(got[id], folder+"|"+string(m.flags))
		}
	}
	for id := range got {
		if f[id] == nil {
			b.t.Errorf("%s came from nowhere", id)
		}
	}
	for id, may := range f {
		if now := places(got[id]...); !slices.Contains(may, now) {
			b.t.Errorf("%s is at [%s], may be at %q", id, now, may)
		}
	}
	b.verified()
	if len(b.src.writes) > 0 {
		b.t.Errorf("the source was changed: %v", b.src.writes)
	}
}

// crash runs the script against a process that dies at its n-th update, and a second process to the end.
func crash(t *testing.T, n int, after bool, cut int, arrived bool) (updates int) {
	b, f := crashBed(t)
	kv := freezable(b.kv, n, after)
	under := b.kv
	b.kv = kv
	b.dst.cutAfter, b.dst.lostUID = cut, arrived
	b.start(true)
	script(b, f)
	kv.kill()
	b.end()
	b.kv = under
	b.start(false)
	s := b.login()
	for _, name := range []string{"INBOX", "Kunden", "Sent Items", "Plain"} {
		b.see(b.open(s, name))
	}
	b.wait()
	for _, name := range []string{"INBOX", "Kunden", "Sent Items", "Plain"} {
		m := b.open(s, name)
		b.shows(m, b.dst.has(name)...)
	}
	judge(b, f)
	return kv.updates
}

// TestStopAtEveryUpdate kills the process at each write of its journal, before and after it became durable. The
// first two open the store.
func TestStopAtEveryUpdate(t *testing.T) {
	t.Parallel()
	total := crash(t, 0, false, 0, false)
	if total < 30 {
		t.Fatalf("only %d updates: the script does not do what it says", total)
	}
	step := 1
	if soak() == 1 && testing.Short() {
		step = 3
	}
	for n := 3; n <= total; n += step {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			crash(t, n, n%2 == 0, 0, false)
			if soak() > 1 || n < 16 {
				crash(t, n, n%2 == 1, 0, false)
			}
		})
	}
}

// TestCutAndStop cuts the connection in the middle of an APPEND, which took place or not, and then kills.
func TestCutAndStop(t *testing.T) {
	t.Parallel()
	for i := range 16 * soak() {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			crash(t, 20+7*i%60, i%3 == 0, 1+i*5%58, i%2 == 0)
		})
	}
}
