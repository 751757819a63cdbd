package durable_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"crossfade/internal/durable"
	"crossfade/internal/durable/durabletest"
)

// systems are the file systems that every test runs on, each with a directory to work in.
func systems(t *testing.T, test func(t *testing.T, fsys durable.FS, dir string)) {
	t.Run("OS", func(t *testing.T) { test(t, durable.OS{}, t.TempDir()) })
	t.Run("Disk", func(t *testing.T) { test(t, durabletest.New(), "/") })
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, fsys durable.FS, dir string) []string {
	t.Helper()
	entries, err := fsys.ReadDir(dir)
	must(t, err)
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	systems(t, func(t *testing.T, fsys durable.FS, dir string) {
		sub := filepath.Join(dir, "a", "b")
		must(t, durable.MkdirAll(fsys, sub, 0o700))
		must(t, durable.MkdirAll(fsys, sub, 0o700))
		path := filepath.Join(sub, "file")
		for _, text := range []string{"one", "", "two"} {
			must(t, durable.WriteFile(fsys, path, []byte(text), 0o600))
			if got, err := durable.ReadFile(fsys, path); err != nil || string(got) != text {
				t.Fatalf("%q, %v", got, err)
			}
		}
		for range 2 {
			must(t, durable.AppendFile(fsys, filepath.Join(sub, "log"), []byte("+"), 0o600))
		}
		if got, err := durable.ReadFile(fsys, filepath.Join(sub, "log")); err != nil || string(got) != "++" {
			t.Fatalf("%q, %v", got, err)
		}
		if got := names(t, fsys, sub); !slices.Equal(got, []string{"file", "log"}) {
			t.Fatalf("%q", got)
		}
		entries, err := fsys.ReadDir(sub)
		must(t, err)
		info, err := entries[0].Info()
		must(t, err)
		if info.Mode().Perm() != 0o600 || info.Size() != 3 || info.IsDir() {
			t.Fatalf("%v, %d bytes", info.Mode(), info.Size())
		}
		must(t, durable.Remove(fsys, path))
		must(t, durable.Remove(fsys, path))
		if _, err := durable.ReadFile(fsys, path); !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	})
}

// TestFailedFillLeavesTheOldFile: neither the new file nor a part of it stays behind.
func TestFailedFillLeavesTheOldFile(t *testing.T) {
	systems(t, func(t *testing.T, fsys durable.FS, dir string) {
		path, no := filepath.Join(dir, "file"), errors.New("no")
		must(t, durable.WriteFile(fsys, path, []byte("old"), 0o600))
		err := durable.Write(fsys, path, 0o600, func(w io.Writer) error {
			_, err := w.Write([]byte("ne"))
			return errors.Join(err, no)
		})
		if !errors.Is(err, no) {
			t.Fatal(err)
		}
		if got, err := durable.ReadFile(fsys, path); err != nil || string(got) != "old" {
			t.Fatalf("%q, %v", got, err)
		}
		if got := names(t, fsys, dir); !slices.Equal(got, []string{"file"}) {
			t.Fatalf("%q", got)
		}
	})
}

func TestSweepRemovesWhatWasCutOff(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, ".unfinished-file-XYZ"), []byte("half"), 0o600))
	must(t, durable.WriteFile(durable.OS{}, filepath.Join(dir, "file"), nil, 0o600))
	must(t, durable.Sweep(durable.OS{}, dir))
	if got := names(t, durable.OS{}, dir); !slices.Equal(got, []string{"file"}) {
		t.Fatalf("%q", got)
	}
}

// TestPowerCutAtEveryStep cuts the power before each step of three writes of one file. What was acknowledged is
// there, and what is there is one of the versions, whole.
func TestPowerCutAtEveryStep(t *testing.T) {
	versions := [][]byte{nil, bytes.Repeat([]byte("1"), 100), bytes.Repeat([]byte("2"), 50), bytes.Repeat([]byte("3"), 200)}
	write := func(d *durabletest.Disk) (acked int) {
		if durable.MkdirAll(d, "/state/deep", 0o700) != nil {
			return 0
		}
		for i, v := range versions[1:] {
			if durable.WriteFile(d, "/state/deep/file", v, 0o600) != nil {
				return i
			}
		}
		return len(versions) - 1
	}
	whole := durabletest.New()
	if write(whole) != 3 {
		t.Fatal("the writes fail without a cut")
	}
	for step := 1; step <= whole.Steps()+1; step++ {
		for seed := range uint64(20) {
			d := durabletest.New()
			d.StopAt(step)
			acked := write(d)
			var r *rand.Rand
			if seed > 0 {
				r = rand.New(rand.NewPCG(seed, uint64(step)))
			}
			got, err := durable.ReadFile(d.Cut(r), "/state/deep/file")
			if err != nil && acked > 0 {
				t.Fatalf("step %d, seed %d: version %d was acknowledged: %v", step, seed, acked, err)
			}
			if at := slices.IndexFunc(versions, func(v []byte) bool { return bytes.Equal(v, got) }); at < acked {
				t.Fatalf("step %d, seed %d: version %d was acknowledged, found %q", step, seed, acked, got)
			}
		}
	}
}

// TestDiskForgetsWhatWasNotSynced is the test of the test: each missing sync is seen.
func TestDiskForgetsWhatWasNotSynced(t *testing.T) {
	for _, c := range []struct {
		name                string
		syncFile, syncNames bool
		want                string
		there               bool
	}{
		{"neither", false, false, "", false},
		{"bytes alone", true, false, "", false},
		{"name alone", false, true, "", true},
		{"both", true, true, "text", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := durabletest.New()
			f, err := d.Create("/file", 0o600)
			must(t, err)
			_, err = f.Write([]byte("text"))
			must(t, err)
			if c.syncFile {
				must(t, f.Sync())
			}
			if c.syncNames {
				must(t, d.SyncDir("/"))
			}
			after := d.Cut(nil)
			got, err := durable.ReadFile(after, "/file")
			if (err == nil) != c.there || string(got) != c.want {
				t.Fatalf("%q, %v", got, err)
			}
			if _, err := f.Write(nil); !errors.Is(err, durabletest.ErrDead) {
				t.Fatal("written to a dead disk:", err)
			}
		})
	}
}

// TestFullDisk: the error says so, the old file stays, and all is well again with room.
func TestFullDisk(t *testing.T) {
	d := durabletest.New()
	must(t, durable.WriteFile(d, "/file", []byte("old"), 0o600))
	for room := range int64(8) {
		d.SetRoom(room)
		if err := durable.WriteFile(d, "/file", []byte("new text"), 0o600); !durable.IsFull(err) {
			t.Fatal(err)
		}
		if got, err := durable.ReadFile(d, "/file"); err != nil || string(got) != "old" {
			t.Fatalf("%q, %v", got, err)
		}
	}
	d.SetRoom(-1)
	must(t, durable.WriteFile(d, "/file", []byte("new text"), 0o600))
	if got := names(t, d, "/"); !slices.Equal(got, []string{"file"}) {
		t.Fatalf("%q", got)
	}
}

// TestFailuresAreTold: whichever step fails, the caller learns it.
func TestFailuresAreTold(t *testing.T) {
	for _, op := range []string{"Create", "Write", "Sync", "Rename", "SyncDir"} {
		d, no := durabletest.New(), fmt.Errorf("no %s", op)
		must(t, durable.WriteFile(d, "/file", []byte("old"), 0o600))
		d.Fail(func(o, _ string) error {
			if o == op {
				return no
			}
			return nil
		})
		if err := durable.WriteFile(d, "/file", []byte("new"), 0o600); !errors.Is(err, no) {
			t.Errorf("%s: %v", op, err)
		}
		if got := names(t, d, "/"); !slices.Equal(got, []string{"file"}) {
			t.Errorf("%s: %q", op, got)
		}
	}
}

// TestSpoolLeavesRoom: what is promised counts, and comes back.
func TestSpoolLeavesRoom(t *testing.T) {
	dir := t.TempDir()
	s := durable.NewSpool(dir, 1<<20)
	const all = 1 << 62 // more than any disk has free
	if _, err := s.Create(all); !durable.IsFull(err) || !errors.Is(err, durable.ErrFull) {
		t.Fatal(err)
	}
	f, err := s.Create(100)
	must(t, err)
	_, err = f.Write([]byte("text"))
	must(t, err)
	if got := names(t, durable.OS{}, dir); len(got) != 0 {
		t.Fatalf("%q", got)
	}
	s.Drop(f, 100)
	s.SetFloor(all)
	if _, err := s.Create(1); !durable.IsFull(err) {
		t.Fatal(err)
	}
	s.SetFloor(-1)
	f, err = s.Create(all)
	must(t, err)
	s.Drop(f, all)
}
