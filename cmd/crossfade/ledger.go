package main

import (
	"errors"
	"log/slog"
	"path/filepath"

	"crossfade/backfill/strikes"
	"crossfade/internal/durable"
)

// openLedger opens the file of when servers counted failed logins. One that cannot be read is begun anew: it is no reason
// not to serve.
func openLedger(state string, log *slog.Logger) (*strikes.Ledger, error) {
	l, err := strikes.OpenLedger(durable.OS{}, filepath.Join(state, "strikes"), func(err error) {
		log.Warn("a failed login could not be noted; after a restart more may be tried than the server bears", "err", err)
	})
	if errors.Is(err, strikes.ErrDamaged) {
		log.Warn("the file of failed logins cannot be read; it is begun anew", "err", err)
		return l, nil
	}
	return l, err
}
