package keyring

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"crossfade/internal/durable"
	"crossfade/internal/durable/durabletest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const path = "/keys"

var master = [32]byte{1, 2, 3}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, fsys durable.FS, path string, master [32]byte) (*File, Found) {
	t.Helper()
	k, found, err := Open(fsys, path, master)
	must(t, err)
	return k, found
}

// opens checks that an account's secret opens, or that it fails with an error.
func (k *File) opens(t *testing.T, id uint32, sealed []byte, want error) {
	t.Helper()
	got, err := k.Open("label", sealed)
	if !errors.Is(err, want) || want == nil && got != fmt.Sprint("secret ", id) || want != nil && got != "" {
		t.Errorf("account %d: %q, %v, want %v", id, got, err, want)
	}
}

func (k *File) seal(t *testing.T, id uint32) []byte {
	t.Helper()
	sealed, err := k.Seal(id, "label", fmt.Sprint("secret ", id))
	must(t, err)
	return sealed
}

// TestSeal: what is sealed opens, after the file was opened again, too, until the key is destroyed; then nothing that was
// ever sealed with it does, and nobody else's is touched.
func TestSeal(t *testing.T) {
	for _, fsys := range []durable.FS{durable.OS{}, durabletest.New()} {
		path := path
		if fsys == (durable.OS{}) {
			path = filepath.Join(t.TempDir(), "keys")
		}
		k, found := open(t, fsys, path, master)
		if found != (Found{}) {
			t.Errorf("%+v", found)
		}
		sealed := map[uint32][]byte{}
		for _, id := range []uint32{0, 1, 2, 7, 5000} {
			sealed[id] = k.seal(t, id)
		}
		earlier := k.seal(t, 2)
		for range 2 {
			for id, s := range sealed {
				k.opens(t, id, s, nil)
			}
			for id, want := range map[byte]error{3: ErrNone, 1: ErrSealed} {
				other := append([]byte(nil), sealed[2]...)
				other[len(mark)+3] = id
				k.opens(t, 2, other, want)
			}
			must(t, k.Close())
			if k, found = open(t, fsys, path, master); found != (Found{Keys: 5}) {
				t.Errorf("%+v", found)
			}
		}
		if _, err := k.Open("other", sealed[2]); !errors.Is(err, ErrSealed) {
			t.Error(err)
		}
		must(t, k.Destroy(2, 7, 9, 1_000_000))
		for range 2 {
			for id, s := range sealed {
				want := error(nil)
				if id == 2 || id == 7 {
					want = ErrNone
				}
				k.opens(t, id, s, want)
			}
			must(t, k.Close())
			k, found = open(t, fsys, path, master)
		}
		if found != (Found{Keys: 3}) {
			t.Errorf("%+v", found)
		}
		again := k.seal(t, 2)
		k.opens(t, 2, again, nil)
		k.opens(t, 2, sealed[2], ErrSealed)
		k.opens(t, 2, earlier, ErrSealed)
		must(t, k.Close())
	}
}

// TestNothingIsLeft: the file holds no byte of a key that was destroyed, and there is no other file.
func TestNothingIsLeft(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keys")
	k, _ := open(t, durable.OS{}, path, master)
	k.seal(t, 1)
	k.seal(t, 2)
	before, err := os.ReadFile(path)
	must(t, err)
	must(t, k.Destroy(1))
	after, err := os.ReadFile(path)
	must(t, err)
	if len(after) != len(before) || !empty(after[offset(1):offset(2)]) || empty(before[offset(1):offset(2)]) || string(after[offset(2):]) != string(before[offset(2):]) {
		t.Error("the slot was not overwritten in its place")
	}
	entries, err := os.ReadDir(dir)
	must(t, err)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || len(entries) != 1 {
		t.Error(info.Mode(), entries, err)
	}
	must(t, k.Close())
}

// TestOtherFiles: a lost file, another master key, damage: no keys, and they can be made anew.
func TestOtherFiles(t *testing.T) {
	for name, c := range map[string]struct {
		change func(b []byte) []byte
		master [32]byte
		found  Found
	}{
		"lost":            {func([]byte) []byte { return nil }, master, Found{}},
		"another master":  {func(b []byte) []byte { return b }, [32]byte{9}, Found{Bad: 2}},
		"a bit":           {func(b []byte) []byte { b[offset(1)+30] ^= 1; b[offset(2)+63] ^= 128; return b }, master, Found{Bad: 2}},
		"cut off":         {func(b []byte) []byte { return b[:offset(1)+10] }, master, Found{Bad: 1}},
		"cut in the head": {func(b []byte) []byte { return b[:5] }, master, Found{}},
		"swapped": {func(b []byte) []byte {
			one := string(b[offset(1):offset(2)])
			copy(b[offset(1):], b[offset(2):])
			copy(b[offset(2):], one)
			return b
		}, master, Found{Bad: 2}},
		"noise": {func(b []byte) []byte {
			for i := range b {
				b[i] = byte(i * 7)
			}
			return b
		}, master, Found{Bad: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keys")
			k, _ := open(t, durable.OS{}, path, master)
			sealed := map[uint32][]byte{1: k.seal(t, 1), 2: k.seal(t, 2)}
			must(t, k.Close())
			b, err := os.ReadFile(path)
			must(t, err)
			must(t, os.WriteFile(path, c.change(b), 0o600))
			k, found := open(t, durable.OS{}, path, c.master)
			if found != c.found {
				t.Errorf("%+v, want %+v", found, c.found)
			}
			for id, s := range sealed {
				k.opens(t, id, s, ErrNone)
				k.opens(t, id, k.seal(t, id), nil)
				k.opens(t, id, s, ErrSealed)
			}
			must(t, k.Destroy(1))
			must(t, k.Close())
			if k, found = open(t, durable.OS{}, path, c.master); found.Keys != 1 {
				t.Errorf("%+v", found)
			}
			must(t, k.Close())
		})
	}
	newer := filepath.Join(t.TempDir(), "keys")
	must(t, os.WriteFile(newer, []byte("crossfade keys 2\n"), 0o600))
	if _, _, err := Open(durable.OS{}, newer, master); err == nil {
		t.Error("a newer file was opened")
	}
}

// TestOneKeyForTwo: two who seal for one account at once both can open what they sealed.
func TestOneKeyForTwo(t *testing.T) {
	k, _ := open(t, durabletest.New(), path, master)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			s, err := k.Seal(uint32(i/10), "label", fmt.Sprint("secret ", i/10))
			if err != nil {
				t.Error(err)
			}
			k.opens(t, uint32(i/10), s, nil)
		})
	}
	all.Wait()
}

// TestFull: on a full disk a new account gets no key, one that has a slot can be erased.
func TestFull(t *testing.T) {
	d := durabletest.New()
	k, _ := open(t, d, path, master)
	sealed := k.seal(t, 1)
	d.SetRoom(20)
	if _, err := k.Seal(2, "label", "x"); !durable.IsFull(err) {
		t.Errorf("%v", err)
	}
	k.opens(t, 1, sealed, nil)
	if _, err := k.Key(2); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
	must(t, k.Destroy(1))
	k.opens(t, 1, sealed, ErrNone)
	d.SetRoom(-1)
	k.opens(t, 2, k.seal(t, 2), nil)
}

// TestPowerLoss cuts the power before every step: what was sealed opens unless its key was to be destroyed, and what was
// destroyed is gone, whatever the disk made of the step under way.
func TestPowerLoss(t *testing.T) {
	type state struct {
		sealed    map[uint32][]byte
		doomed    map[uint32]bool // Destroy was called
		destroyed map[uint32]bool // and has returned
	}
	story := func(d *durabletest.Disk, s *state) {
		k, _, err := Open(d, path, master)
		if err != nil {
			return
		}
		for id := range uint32(4) {
			b, err := k.Seal(id, "label", fmt.Sprint("secret ", id))
			if err != nil {
				return
			}
			s.sealed[id] = b
		}
		for _, id := range []uint32{1, 3} {
			s.doomed[id] = true
			if k.Destroy(id) != nil {
				return
			}
			s.destroyed[id] = true
		}
	}
	fresh := func() *state { return &state{map[uint32][]byte{}, map[uint32]bool{}, map[uint32]bool{}} }
	whole := durabletest.New()
	story(whole, fresh())
	if whole.Steps() < 15 {
		t.Fatalf("only %d steps", whole.Steps())
	}
	for stop := 1; stop <= whole.Steps()+1; stop++ {
		for seed := range uint64(20) {
			d, s := durabletest.New(), fresh()
			d.StopAt(stop)
			story(d, s)
			r := rand.New(rand.NewPCG(uint64(stop), seed))
			if seed == 0 {
				r = nil
			}
			d = d.Cut(r)
			k, _ := open(t, d, path, master)
			for id, b := range s.sealed {
				got, err := k.Open("label", b)
				switch {
				case s.destroyed[id] && !errors.Is(err, ErrNone):
					t.Errorf("stop %d, seed %d: account %d opens after it was destroyed: %q %v", stop, seed, id, got, err)
				case !s.doomed[id] && err != nil:
					t.Errorf("stop %d, seed %d: account %d: %v", stop, seed, id, err)
				}
			}
			for id := range uint32(5) {
				k.opens(t, id, k.seal(t, id), nil)
			}
			must(t, k.Destroy(0))
			if b := s.sealed[0]; b != nil {
				k.opens(t, 0, b, ErrNone)
			}
		}
	}
}

// TestFailedSync: a key that may not be on the disk seals nothing.
func TestFailedSync(t *testing.T) {
	d := durabletest.New()
	k, _ := open(t, d, path, master)
	sealed := k.seal(t, 1)
	bad := errors.New("bad disk")
	d.Fail(func(op, _ string) error {
		if op == "Sync" {
			return bad
		}
		return nil
	})
	if _, err := k.Seal(2, "label", "x"); !errors.Is(err, bad) {
		t.Error(err)
	}
	if _, err := k.Key(2); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
	if err := k.Destroy(1); !errors.Is(err, bad) {
		t.Error(err)
	}
	k.opens(t, 1, sealed, ErrNone)
	d.Fail(nil)
	must(t, k.Destroy(1))
	k.opens(t, 2, k.seal(t, 2), nil)
}

func FuzzOpen(f *testing.F) {
	k, _, err := Open(durabletest.New(), path, master)
	if err != nil {
		f.Fatal(err)
	}
	good, err := k.Seal(1, "label", "secret")
	if err != nil {
		f.Fatal(err)
	}
	for _, b := range [][]byte{nil, []byte(mark), good[:20], good, append(good, 0)} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := k.Open("label", b); err == nil && (got != "secret" || string(b) != string(good)) {
			t.Errorf("%x opens as %q", b, got)
		}
	})
}

// FuzzFile opens whatever lies in the file's place.
func FuzzFile(f *testing.F) {
	for _, s := range []string{"", title, "crossfade keys 2\n", magic, title + string(make([]byte, 47)) + magic + string(make([]byte, 60))} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d := durabletest.New()
		must(t, durable.WriteFile(d, path, b, 0o600))
		k, found, err := Open(d, path, master)
		if err != nil {
			return
		}
		if found.Keys != 0 || found.Bad > len(b)/slotSize+1 {
			t.Errorf("%+v of %d bytes", found, len(b))
		}
		k.opens(t, 1, k.seal(t, 1), nil)
	})
}
