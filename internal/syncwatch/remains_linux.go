package syncwatch

import (
	"bytes"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
)

const page = 4096

// Remains writes what a power cut in this moment leaves into a directory that exists. Without r that is what was synced
// and nothing else. With r the disk has kept some of the rest: pages of files, and the names as they are now or as they
// were synced.
func (w *Watch) Remains(to string, r *rand.Rand) error {
	names := maps.Clone(w.names)
	if r != nil && r.IntN(2) == 0 {
		now, err := w.list()
		if err != nil {
			return err
		}
		names = now
	}
	for name, n := range names {
		data := w.files[n].data
		if r != nil {
			now, err := readAll(w.files[n].handle)
			if err != nil {
				return err
			}
			data = mixed(data, now, r)
		}
		if err := sparse(filepath.Join(to, name), data); err != nil {
			return err
		}
	}
	return nil
}

// sparse writes a file with holes for its pages of zeros.
func sparse(path string, data []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	err = f.Truncate(int64(len(data)))
	var zero [page]byte
	for at := 0; at < len(data) && err == nil; at += page {
		if p := data[at:min(at+page, len(data))]; !bytes.Equal(p, zero[:len(p)]) {
			_, err = f.WriteAt(p, int64(at))
		}
	}
	return errors.Join(err, f.Close())
}

// mixed is a file of which some pages were written to the disk by the kernel itself, and its length perhaps too.
func mixed(synced, now []byte, r *rand.Rand) []byte {
	size := len(synced)
	if r.IntN(2) == 0 {
		size = len(now)
	}
	data := make([]byte, size)
	copy(data, synced)
	share := r.IntN(4) // of four pages, how many were written
	for at := 0; at < size && at < len(now); at += page {
		if r.IntN(4) < share {
			copy(data[at:min(at+page, size)], now[at:])
		}
	}
	return data
}
