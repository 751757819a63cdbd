package main

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"crossfade/internal/durable"
	"crossfade/internal/marks"
	"crossfade/store"
)

// openMarks opens the file that outlives the store. One that cannot be believed is written anew from a good store;
// beside a store that is lost too, somebody has to say what is true.
func openMarks(state string, st *store.Store, log *slog.Logger) (*marks.File, error) {
	path := filepath.Join(state, "marks")
	if err := durable.Sweep(durable.OS{}, state); err != nil {
		return nil, err
	}
	f, _, err := marks.Open(durable.OS{}, path)
	if !errors.Is(err, marks.ErrDamaged) {
		return f, err
	}
	generation := uint32(0)
	viewErr := st.View(func(rx *store.Rx) (err error) {
		generation, err = rx.Generation()
		return err
	})
	switch {
	case viewErr != nil:
		return nil, viewErr
	case generation == 0:
		return nil, fmt.Errorf("%w, and the state beside it is new: restore the state from a backup, or remove the file to begin anew, which brings deleted mail back", err)
	}
	log.Warn("the file with the marks cannot be read; it is written anew from the state", "err", err)
	return f, nil
}
