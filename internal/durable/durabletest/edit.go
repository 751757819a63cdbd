package durabletest

import (
	"io"
	"io/fs"
	"math/rand/v2"

	"crossfade/internal/durable"
)

// overwrite is what was in a file before some of its bytes were overwritten, and that was not synced yet.
type overwrite struct {
	at  int
	was []byte
}

// undo is what a power cut leaves of a file's bytes as far as they were overwritten since the last sync: what was there
// before or, if r says so, all or a beginning of what was written, or zeros.
func (n *node) undo(r *rand.Rand) []byte {
	data := append([]byte(nil), n.data...)
	for i := len(n.over) - 1; i >= 0; i-- {
		o := n.over[i]
		kept := 0
		if r != nil {
			kept = r.IntN(len(o.was) + 1)
			switch r.IntN(4) {
			case 0:
				kept = 0
			case 1:
				kept = len(o.was)
			case 2:
				clear(data[o.at : o.at+kept])
			}
		}
		copy(data[o.at+kept:], o.was[kept:])
	}
	return data
}

// Edit opens a file for overwriting in place.
func (d *Disk) Edit(path string, mode fs.FileMode) (durable.Editable, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, err := d.create("Edit", path, mode, false)
	if err != nil {
		return nil, err
	}
	return &editable{*f.(*file)}, nil
}

// editable is a file that is overwritten.
type editable struct{ file }

// ReadAt implements io.ReaderAt.
func (e *editable) ReadAt(b []byte, at int64) (int, error) {
	e.d.mu.Lock()
	defer e.d.mu.Unlock()
	if e.d.dead {
		return 0, ErrDead
	}
	n := 0
	if at < int64(len(e.n.data)) {
		n = copy(b, e.n.data[at:])
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt writes what there is room for: what is there already can be overwritten on a full disk.
func (e *editable) WriteAt(b []byte, at int64) (int, error) {
	e.d.mu.Lock()
	defer e.d.mu.Unlock()
	if err := e.d.step("WriteAt", e.path); err != nil {
		return 0, err
	}
	var err error
	if grown := at + int64(len(b)) - int64(len(e.n.data)); grown > 0 && e.d.room >= 0 {
		if grown > e.d.room {
			b, err = b[:max(0, int64(len(e.n.data))-at)], full(e.path)
		} else {
			e.d.room -= grown
		}
	}
	if hole := int(at) - len(e.n.data); hole > 0 && len(b) > 0 {
		e.n.data = append(e.n.data, make([]byte, hole)...)
	}
	if old := min(len(b), len(e.n.data)-int(at)); old > 0 {
		e.n.over = append(e.n.over, overwrite{int(at), append([]byte(nil), e.n.data[at:int(at)+old]...)})
		copy(e.n.data[at:], b[:old])
		e.n.data = append(e.n.data, b[old:]...)
	} else {
		e.n.data = append(e.n.data, b...)
	}
	return len(b), err
}
