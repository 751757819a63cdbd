//go:build integration

package badger_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"crossfade/internal/syncwatch"
	"crossfade/store/badger"
)

// acks reads what a writer has acknowledged without waiting for more.
type acks struct {
	fd   int
	text []byte
	told map[int]int // by writer: its last pair
}

func (a *acks) read() error {
	buf := make([]byte, 1<<16)
	for {
		n, err := unix.Read(a.fd, buf)
		if errors.Is(err, unix.EAGAIN) || n == 0 && err == nil {
			return nil
		}
		if err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		a.text = append(a.text, buf[:max(n, 0)]...)
		for {
			line, rest, ok := bytes.Cut(a.text, []byte("\n"))
			if !ok {
				break
			}
			var w, k int
			if _, err := fmt.Sscan(string(line), &w, &k); err != nil {
				return fmt.Errorf("%q: %w", line, err)
			}
			a.told[w], a.text = max(a.told[w], k), rest
		}
	}
}

// lost is the complaint about a store that does not hold what was acknowledged.
type lost struct{ error }

// powerCuts runs a writer until it has synced so many times and cuts the power again and again, each time in a copy:
// what was acknowledged must be there.
func powerCuts(t *testing.T, fault string, syncs, every int) (told map[int]int, err error) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir, childFault+"="+fault)
	cmd.Stderr = os.Stderr
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd.Stdout = w
	a := &acks{fd: int(r.Fd()), told: map[int]int{}} // Fd makes it blocking
	if err := unix.SetNonblock(a.fd, true); err != nil {
		t.Fatal(err)
	}
	copies, files, dense := fastDir(t), 0, 0
	watch, err := syncwatch.Run(cmd, dir, func(now *syncwatch.Watch) error {
		if err := a.read(); err != nil { // first: the disk may have more than was told, not less
			return err
		}
		if dense--; files != now.Files() { // what is fragile happens when files come
			files, dense = now.Files(), 5
		}
		if now.Syncs%every == 0 || dense > 0 {
			for seed := range uint64(3) {
				if err := cutPower(copies, now, seed, a.told); err != nil {
					return fmt.Errorf("after %d syncs, seed %d: %w", now.Syncs, seed, err)
				}
			}
		}
		if now.Syncs >= syncs {
			return syncwatch.ErrEnough
		}
		return nil
	})
	watch.Close()
	return a.told, errors.Join(err, w.Close())
}

// cutPower opens what a power cut leaves and looks for what was acknowledged.
func cutPower(in string, now *syncwatch.Watch, seed uint64, told map[int]int) error {
	var chance *rand.Rand
	if seed > 0 {
		chance = rand.New(rand.NewPCG(seed, uint64(now.Syncs)))
	}
	dir, err := os.MkdirTemp(in, "")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := now.Remains(dir, chance); err != nil {
		return err
	}
	kv, err := badger.Open(dir, badger.Options{MinFree: -1, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return lost{err}
	}
	defer kv.Close()
	for w, n := range told {
		got, err := last(kv, w)
		if err != nil {
			return lost{err}
		}
		if got < n {
			return lost{fmt.Errorf("writer %d was told of %d pairs, %d are there", w, n, got)}
		}
	}
	return nil
}

// fastDir is a directory in memory if there is room: of the copies nothing needs to be on a disk.
func fastDir(t *testing.T) string {
	const memory = "/dev/shm"
	var st unix.Statfs_t
	if err := unix.Statfs(memory, &st); err != nil || st.Bavail*uint64(st.Bsize) < 256<<20 {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(memory, "crossfade-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// soak is how many times the usual count a test runs: 1, or CROSSFADE_SOAK.
func soak() int {
	if n, err := strconv.Atoi(os.Getenv("CROSSFADE_SOAK")); err == nil && n > 0 {
		return n
	}
	return 1
}

// TestPowerCutLosesNothing: what Update acknowledged survives the loss of everything in Badger's files and in their
// directory that was not synced, memory-mapped writes included; and of what was not synced any page may survive.
func TestPowerCutLosesNothing(t *testing.T) {
	told, err := powerCuts(t, "", 450*soak(), 45)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, n := range told {
		sum += n
	}
	if sum < 150 {
		t.Errorf("only %d pairs were acknowledged: %v", sum, told)
	}
	t.Logf("%d pairs acknowledged", sum)
}

// TestPowerCutIsSeen: a store that leaves out a part of the work loses something, and the test sees it.
func TestPowerCutIsSeen(t *testing.T) {
	for _, fault := range []string{"writes", "names"} {
		t.Run(fault, func(t *testing.T) {
			_, err := powerCuts(t, fault, 400, 10)
			if !errors.As(err, &lost{}) {
				t.Fatalf("nothing was lost: %v", err)
			}
			t.Log(err)
		})
	}
}
