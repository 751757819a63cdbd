package badger

import (
	"log/slog"
	"strings"
	"testing"

	"crossfade/store"
)

// TestFailedWriteEndsTheStore takes Badger away under the engine: the update that hits it fails, and nothing is
// read or written after that, because what is on the disk is unknown.
func TestFailedWriteEndsTheStore(t *testing.T) {
	opened, err := Open(t.TempDir(), Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	k := opened.(*kv)
	if err := k.db.Close(); err != nil {
		t.Fatal(err)
	}
	write := func() error {
		return k.Update(func(txn store.Txn) error { return txn.Set([]byte("a"), nil) })
	}
	if err := write(); err == nil {
		t.Fatal("written to a closed file")
	}
	for name, err := range map[string]error{
		"Update": write(),
		"Room":   k.Room(),
		"View":   k.View(func(store.Reader) error { t.Error("viewed"); return nil }),
	} {
		if err == nil || !strings.Contains(err.Error(), "an earlier write failed") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := k.Close(); err != nil {
		t.Error(err)
	}
}
