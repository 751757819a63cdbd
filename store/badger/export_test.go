package badger

import (
	"errors"
	"log/slog"
	"os"

	"github.com/dgraph-io/badger/v4"

	"crossfade/store"
)

// OpenCareless opens a store that does not do all that durability needs, so that a test is known to see it. fault is
// what it leaves out: "writes" are not synced, or "names" are not.
func OpenCareless(dir string, opts Options, fault string) (store.KV, error) {
	careless := func(dir string, log *slog.Logger) badger.Options {
		return settings(dir, log).WithSyncWrites(fault != "writes")
	}
	k, err := open(dir, opts, careless)
	if err != nil || fault != "names" {
		return k, err
	}
	old := k.dir
	if k.dir, err = os.Open(os.TempDir()); err != nil { // that is synced instead
		return nil, errors.Join(err, k.Close())
	}
	return k, old.Close()
}
