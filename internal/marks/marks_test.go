package marks_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crossfade/internal/durable"
	"crossfade/internal/durable/durabletest"
	"crossfade/internal/marks"
)

func open(t *testing.T, fsys durable.FS, path string) *marks.File {
	t.Helper()
	f, _, err := marks.Open(fsys, path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// text is all that the marks know.
func text(f *marks.File) string {
	out := fmt.Sprint(f.Generation())
	for _, a := range f.Accounts() {
		out += fmt.Sprintf(" %q:%d", a.Key, a.High)
		if a.Settled {
			out += " settled"
		}
		if a.Closed {
			out += " closed"
		}
	}
	return out
}

func TestMarksAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "marks")
	f, found, err := marks.Open(durable.OS{}, path)
	if err != nil || found {
		t.Fatal(found, err)
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if got := text(open(t, durable.OS{}, path)); got != text(f) {
			t.Fatalf("read again: %s, want %s", got, text(f))
		}
	}
	do(f.SetGeneration(1))
	do(f.Raise("b\xff\n", 0))
	do(f.Raise("a", 7))
	do(f.Raise("a", 5))
	do(f.Raise("b\xff\n", 9))
	f = open(t, durable.OS{}, path)
	do(f.SetGeneration(2))
	do(f.Raise("c", 1))
	do(f.Settle("c"))
	do(f.Raise("c", 3))
	do(f.Settle("d"))
	do(f.Close("d"))
	do(f.Settle("d"))
	do(f.Raise("d", 4))
	do(f.Close("e"))
	if want := `2 "a":7 "b\xff\n":9 "c":3 settled "d":4 settled closed "e":0 settled closed`; text(f) != want {
		t.Errorf("%s, want %s", text(f), want)
	}
	if a, ok := f.Account("a"); !ok || a.High != 7 {
		t.Error(a, ok)
	}
}

func TestDamagedMarksAreNotBelieved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "marks")
	f := open(t, durable.OS{}, path)
	for i := range uint32(4) {
		if err := f.Raise(fmt.Sprint("account ", i), 100+i); err != nil {
			t.Fatal(err)
		}
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data    string
		damaged bool
	}{
		"as it was":       {string(good), false},
		"last line cut":   {string(good[:len(good)-5]), false},
		"line in between": {strings.Replace(string(good), `"high":101`, `"high":999`, 1), true},
		"empty":           {"", false},
		"garbage":         {"garbage", true},
		"zeros":           {string(make([]byte, 100)), true},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(c.data), 0o600); err != nil {
				t.Fatal(err)
			}
			f, found, err := marks.Open(durable.OS{}, path)
			if errors.Is(err, marks.ErrDamaged) != c.damaged || !found {
				t.Fatal(found, err)
			}
			if err := f.Raise("new", 1); err != nil {
				t.Fatal(err)
			}
			open(t, durable.OS{}, path)
		})
	}
}

// TestMarksSurvivePowerCuts cuts the power before each step. What was acknowledged is there.
func TestMarksSurvivePowerCuts(t *testing.T) {
	run := func(d *durabletest.Disk) (acked uint32) {
		f, _, err := marks.Open(d, "/marks")
		for i := uint32(1); i <= 6 && err == nil; i++ {
			if err = f.Raise("a", i); err == nil {
				acked = i
			}
		}
		return acked
	}
	whole := durabletest.New()
	if run(whole) != 6 {
		t.Fatal("it fails without a cut")
	}
	for step := 1; step <= whole.Steps(); step++ {
		for seed := range uint64(12) {
			d := durabletest.New()
			d.StopAt(step)
			acked := run(d)
			var r *rand.Rand
			if seed > 0 {
				r = rand.New(rand.NewPCG(seed, uint64(step)))
			}
			f, _, err := marks.Open(d.Cut(r), "/marks")
			if err != nil {
				t.Fatalf("step %d, seed %d: %v", step, seed, err)
			}
			if a, _ := f.Account("a"); a.High < acked {
				t.Fatalf("step %d, seed %d: %d was acknowledged, %d is there", step, seed, acked, a.High)
			}
		}
	}
}

// TestFailedWriteIsMadeGood: after a full disk the next change leaves no trace of the line that was cut off.
func TestFailedWriteIsMadeGood(t *testing.T) {
	d := durabletest.New()
	f := open(t, d, "/marks")
	if err := f.Raise("a", 1); err != nil {
		t.Fatal(err)
	}
	d.SetRoom(10)
	if err := f.Raise("a", 2); !durable.IsFull(err) {
		t.Fatal(err)
	}
	if a, _ := f.Account("a"); a.High != 1 {
		t.Error("what is not durable is told:", a.High)
	}
	d.SetRoom(-1)
	if err := f.Raise("a", 3); err != nil {
		t.Fatal(err)
	}
	if got := text(open(t, d, "/marks")); got != `0 "a":3` {
		t.Error(got)
	}
}
