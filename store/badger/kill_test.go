package badger_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sync/errgroup"

	"crossfade/store"
	"crossfade/store/badger"
)

// childDir makes the test binary a writer to that directory, to be killed.
const childDir = "CROSSFADE_TEST_STORE"

// childFault makes it a careless writer: see badger.OpenCareless.
const childFault = "CROSSFADE_TEST_STORE_FAULT"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		fmt.Fprintln(os.Stderr, writeUntilKilled(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// openChild opens the store as the child was told to.
func openChild(dir string) (store.KV, error) {
	opts := badger.Options{Log: slog.New(slog.DiscardHandler)}
	if fault := os.Getenv(childFault); fault != "" {
		return badger.OpenCareless(dir, opts, fault)
	}
	return badger.Open(dir, opts)
}

const writers = 4

// writeUntilKilled has each writer write pairs of records for ever and tell of each pair once it is acknowledged.
func writeUntilKilled(dir string) error {
	kv, err := openChild(dir)
	if err != nil {
		return err
	}
	var g errgroup.Group
	for w := range writers {
		start, err := last(kv, w)
		if err != nil {
			return err
		}
		g.Go(func() error {
			for n := start + 1; ; n++ {
				err := kv.Update(func(txn store.Txn) error {
					value := make([]byte, rand.IntN(20_000))
					return errors.Join(txn.Set(pairKey('a', w, n), value), txn.Set(pairKey('b', w, n), value))
				})
				if err != nil {
					return err
				}
				fmt.Printf("%d %d\n", w, n)
			}
		})
	}
	return g.Wait()
}

func pairKey(half byte, writer, n int) []byte { return fmt.Appendf(nil, "%c%d/%08d", half, writer, n) }

// last is the number of the last pair of a writer; it is an error if one before it is not there, whole.
func last(kv store.KV, writer int) (int, error) {
	n := [2]int{}
	err := kv.View(func(r store.Reader) error {
		for i, half := range []byte("ab") {
			prefix := fmt.Appendf(nil, "%c%d/", half, writer)
			err := r.Scan(prefix, func(key, _ []byte) error {
				if n[i]++; string(key) != string(pairKey(half, writer, n[i])) {
					return fmt.Errorf("found %s, %d is lost", key, n[i])
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && n[0] != n[1] {
		err = fmt.Errorf("writer %d: half a pair, %d and %d", writer, n[0], n[1])
	}
	return n[0], err
}

// TestKilledWriterLosesNothing kills a process that writes, some times over in one directory, and looks for every
// record that was acknowledged.
func TestKilledWriterLosesNothing(t *testing.T) {
	dir := t.TempDir()
	for round := range 6 {
		acked := killedAfter(t, dir, 1+rand.IntN(400))
		kv := openDir(t, dir)
		for w, n := range acked {
			got, err := last(kv, w)
			if err != nil {
				t.Fatal(err)
			}
			if got < n {
				t.Fatalf("round %d: writer %d was told of %d pairs, %d are there", round, w, n, got)
			}
		}
		if err := kv.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killedAfter starts a writer, kills it after so many acknowledgements and returns the last of each writer. What it
// managed to tell before it died counts.
func killedAfter(t *testing.T, dir string, acks int) map[int]int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acked, lines := make(map[int]int), bufio.NewReader(out)
	for i := 0; ; i++ {
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) {
			break // a line that was cut is no acknowledgement
		}
		var w, n int
		if _, err := fmt.Sscan(line, &w, &n); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		acked[w] = max(acked[w], n)
		if i == acks {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || len(acked) == 0 {
		t.Fatalf("the writer was not killed: %v, %d told", err, len(acked))
	}
	return acked
}
