package badger

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"crossfade/internal/durable"
	"crossfade/store"
)

// Options are the engine's settings; the zero value works.
type Options struct {
	// Log gets Badger's own words at level debug, its errors at level error. Nil: slog.Default().
	Log *slog.Logger
	// MinFree is how many bytes must be free on the disk for an update to be taken. 0: 128 MiB. Negative: no floor.
	MinFree int64
}

// Sizes that keep an open store at a few megabytes of memory.
const (
	memTable   = 4 << 20 // writes held in memory; Badger takes transactions of up to 15 % of it
	logFile    = 1 << 20 // the value log, which stays empty
	threshold  = 1 << 19 // values as large as this would go to the value log; store.MaxValue is below it
	baseLevel  = 16 << 20
	tableSize  = 2 << 20
	compactors = 2 // Badger's least
)

// Open opens or creates the state in dir, which is created with mode 0700 if need be. A directory that another
// process has open is refused.
func Open(dir string, opts Options) (store.KV, error) {
	k, err := open(dir, opts, settings)
	if err != nil {
		return nil, err
	}
	return k, nil
}

func open(dir string, opts Options, settings func(string, *slog.Logger) badger.Options) (*kv, error) {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	if opts.MinFree == 0 {
		opts.MinFree = durable.Floor
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	handle, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if err := alone(handle, func() error { return dropEmptyLogs(dir) }); err != nil {
		return nil, errors.Join(fmt.Errorf("store: %w", err), handle.Close())
	}
	db, err := badger.Open(settings(dir, opts.Log))
	if err != nil {
		return nil, errors.Join(openError(dir, err), handle.Close())
	}
	k := &kv{db: db, dir: handle, minFree: opts.MinFree, commit: make(chan struct{}, 1)}
	k.open = newBatch(db.NewTransaction(false))
	return k, nil
}

func settings(dir string, log *slog.Logger) badger.Options {
	return badger.DefaultOptions(dir).
		WithLogger(logger{log}).
		WithSyncWrites(true).
		WithDetectConflicts(false).
		WithMetricsEnabled(false).
		WithCompression(options.None).
		WithBlockCacheSize(0).
		WithIndexCacheSize(0).
		WithChecksumVerificationMode(options.OnTableAndBlockRead).
		WithMemTableSize(memTable).
		WithNumMemtables(2).
		WithNumLevelZeroTables(2).
		WithNumLevelZeroTablesStall(6).
		WithBaseLevelSize(baseLevel).
		WithBaseTableSize(tableSize).
		WithNumCompactors(compactors).
		WithNumGoroutines(1).
		WithValueThreshold(threshold).
		WithValueLogFileSize(logFile)
}

// dropEmptyLogs removes logs without a byte in them. A power cut leaves such a one when it comes between a log's making
// and its first sync; nothing in it was ever acknowledged, but Badger would not open.
func dropEmptyLogs(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); ext != ".mem" && ext != ".vlog" {
			continue
		}
		info, err := e.Info()
		if err == nil && info.Size() == 0 {
			err = os.Remove(filepath.Join(dir, e.Name()))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// openError says in one line why the state cannot be opened.
func openError(dir string, err error) error {
	if strings.Contains(err.Error(), "Another process is using") {
		return fmt.Errorf("store: %s is in use by another process", dir)
	}
	return fmt.Errorf("store: cannot open %s: %s", dir, strings.Join(strings.Fields(err.Error()), " "))
}
