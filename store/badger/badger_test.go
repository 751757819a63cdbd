package badger_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"crossfade/store"
	"crossfade/store/badger"
	"crossfade/store/storetest"
)

// quiet fails the test when Badger complains.
type quiet struct{ t testing.TB }

func (quiet) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }
func (q quiet) WithAttrs([]slog.Attr) slog.Handler         { return q }
func (q quiet) WithGroup(string) slog.Handler              { return q }
func (q quiet) Handle(_ context.Context, r slog.Record) error {
	q.t.Error(r.Message)
	return nil
}

func openDir(t testing.TB, dir string) store.KV {
	t.Helper()
	kv, err := badger.Open(dir, badger.Options{Log: slog.New(quiet{t})})
	if err != nil {
		t.Fatal(err)
	}
	return kv
}

func open(t *testing.T) (store.KV, func() store.KV) {
	dir := t.TempDir()
	kv := openDir(t, dir)
	return kv, func() store.KV {
		if err := kv.Close(); err != nil {
			t.Fatal(err)
		}
		kv = openDir(t, dir)
		return kv
	}
}

func TestKV(t *testing.T) {
	defer goleak.VerifyNone(t)
	storetest.KV(t, open)
}

func TestSecondOpenIsRefused(t *testing.T) {
	dir := t.TempDir()
	kv := openDir(t, dir)
	defer kv.Close()
	_, err := badger.Open(dir, badger.Options{})
	if err == nil || !strings.Contains(err.Error(), "in use by another process") || strings.Contains(err.Error(), "\n") {
		t.Fatalf("%v", err)
	}
}

func TestAlmostFullDiskIsRefused(t *testing.T) {
	kv, err := badger.Open(t.TempDir(), badger.Options{MinFree: math.MaxInt64 - 1})
	if err != nil {
		t.Fatal(err)
	}
	defer kv.Close()
	err = kv.Update(func(txn store.Txn) error { return txn.Set([]byte("a"), nil) })
	if !errors.Is(err, store.ErrFull) {
		t.Fatal(err)
	}
	err = kv.View(func(r store.Reader) error {
		_, err := r.Get([]byte("a"))
		return err
	})
	if !errors.Is(err, store.ErrNotFound) {
		t.Fatal("reading goes on:", err)
	}
}

// TestEmptyLogsAreNoObstacle: a power cut may leave logs that were just made, without a byte in them.
func TestEmptyLogsAreNoObstacle(t *testing.T) {
	for _, name := range []string{"00009.mem", "000001.vlog", "000009.vlog"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			kv := openDir(t, dir)
			if err := kv.Update(func(txn store.Txn) error { return txn.Set([]byte("a"), []byte("1")) }); err != nil {
				t.Fatal(err)
			}
			if err := kv.Close(); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			kv = openDir(t, dir)
			defer kv.Close()
			err := kv.View(func(r store.Reader) error {
				v, err := r.Get([]byte("a"))
				if string(v) != "1" {
					t.Errorf("found %q", v)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestStore(t *testing.T) { storetest.Store(t, open) }
