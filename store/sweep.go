package store

import (
	"errors"
	"fmt"
)

// batch is how many keys one step of the sweep removes: well within one Update.
const batch = MaxRecords / 2

// errEnough ends a scan early.
var errEnough = errors.New("enough")

// sweep removes what deleted folders left behind, in as many updates as it takes. The folder itself went in the
// update that deleted it, and numbers are never given out again, so a crash in the middle leaves only dead weight
// that the next sweep finds.
func (s *Store) sweep() error {
	for {
		more := false
		err := s.kv.Update(func(txn Txn) error {
			var err error
			more, err = sweepStep(txn)
			return err
		})
		if err != nil || !more {
			return err
		}
	}
}

// sweepStep removes up to a batch of records of one deleted folder, and its mark with the last.
func sweepStep(txn Txn) (more bool, err error) {
	deleted, err := firstKeys(txn, []byte{keyDeleted}, 1)
	if err != nil || len(deleted) == 0 {
		return false, err
	}
	if len(deleted[0]) != 9 {
		return false, fmt.Errorf("%w: key %x", ErrCorrupt, deleted[0])
	}
	left := batch
	for _, kind := range []byte{keyLinks, keyFlags, keyQuarantine} {
		prefix := append([]byte{kind}, deleted[0][1:]...)
		keys, err := firstKeys(txn, prefix, left)
		if err != nil {
			return false, err
		}
		for _, k := range keys {
			if err := txn.Delete(k); err != nil {
				return false, err
			}
		}
		if left -= len(keys); left == 0 {
			return true, nil
		}
	}
	return true, txn.Delete(deleted[0])
}

// firstKeys returns the first keys with a prefix, at most n.
func firstKeys(r Reader, prefix []byte, n int) ([][]byte, error) {
	var keys [][]byte
	err := r.Scan(prefix, func(key, _ []byte) error {
		if len(keys) == n {
			return errEnough
		}
		keys = append(keys, append([]byte(nil), key...))
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	return keys, nil
}
