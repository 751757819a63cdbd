package durabletest

import (
	"bytes"
	"io"
	"io/fs"
	"path/filepath"
	"sort"
	"time"

	"crossfade/internal/durable"
)

// Create makes a new file.
func (d *Disk) Create(path string, mode fs.FileMode) (durable.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.create("Create", path, mode, true)
}

// Append opens a file for writing at its end.
func (d *Disk) Append(path string, mode fs.FileMode) (durable.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.create("Append", path, mode, false)
}

func (d *Disk) create(op, path string, mode fs.FileMode, fresh bool) (durable.File, error) {
	if err := d.step(op, path); err != nil {
		return nil, err
	}
	dir, err := d.parent(op, path)
	if err != nil {
		return nil, err
	}
	name := filepath.Base(path)
	n := dir.entries[name]
	switch {
	case n != nil && (fresh || n.dir):
		return nil, &fs.PathError{Op: op, Path: path, Err: fs.ErrExist}
	case n == nil:
		n = &node{mode: mode}
		dir.change(change{name: n})
	}
	return &file{d: d, n: n, path: path}, nil
}

// Open opens a file for reading, as it is now.
func (d *Disk) Open(path string) (io.ReadCloser, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return nil, ErrDead
	}
	n := d.find(path)
	if n == nil || n.dir {
		return nil, &fs.PathError{Op: "Open", Path: path, Err: fs.ErrNotExist}
	}
	return io.NopCloser(bytes.NewReader(append([]byte(nil), n.data...))), nil
}

// Rename gives a file another name in its directory.
func (d *Disk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("Rename", to); err != nil {
		return err
	}
	dir, err := d.parent("Rename", from)
	if err != nil {
		return err
	}
	other, err := d.parent("Rename", to)
	if err != nil {
		return err
	}
	n := dir.entries[filepath.Base(from)]
	if n == nil {
		return &fs.PathError{Op: "Rename", Path: from, Err: fs.ErrNotExist}
	}
	if dir != other { // after a power cut the file might be in both directories or in neither
		return &fs.PathError{Op: "Rename", Path: to, Err: fs.ErrInvalid}
	}
	dir.change(change{filepath.Base(from): nil, filepath.Base(to): n})
	return nil
}

// Remove removes a file or an empty directory.
func (d *Disk) Remove(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("Remove", path); err != nil {
		return err
	}
	dir, err := d.parent("Remove", path)
	if err != nil {
		return err
	}
	n := dir.entries[filepath.Base(path)]
	if n == nil {
		return &fs.PathError{Op: "Remove", Path: path, Err: fs.ErrNotExist}
	}
	if len(n.entries) > 0 {
		return &fs.PathError{Op: "Remove", Path: path, Err: fs.ErrExist}
	}
	dir.change(change{filepath.Base(path): nil})
	return nil
}

// Mkdir makes a directory.
func (d *Disk) Mkdir(path string, mode fs.FileMode) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("Mkdir", path); err != nil {
		return err
	}
	if d.find(path) != nil {
		return &fs.PathError{Op: "Mkdir", Path: path, Err: fs.ErrExist}
	}
	dir, err := d.parent("Mkdir", path)
	if err != nil {
		return err
	}
	dir.change(change{filepath.Base(path): newDir(mode)})
	return nil
}

// ReadDir lists a directory by name.
func (d *Disk) ReadDir(path string) ([]fs.DirEntry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return nil, ErrDead
	}
	n := d.find(path)
	if n == nil || !n.dir {
		return nil, &fs.PathError{Op: "ReadDir", Path: path, Err: fs.ErrNotExist}
	}
	var out []fs.DirEntry
	for name, m := range n.entries {
		out = append(out, fs.FileInfoToDirEntry(info{name, m.mode, m.dir, int64(len(m.data))}))
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name() < out[j].Name() })
	return out, nil
}

// SyncDir makes the names in a directory durable.
func (d *Disk) SyncDir(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("SyncDir", path); err != nil {
		return err
	}
	n := d.find(path)
	if n == nil || !n.dir {
		return &fs.PathError{Op: "SyncDir", Path: path, Err: fs.ErrNotExist}
	}
	for _, c := range n.pending {
		c.apply(n.kept)
	}
	n.pending = nil
	return nil
}

// file is a file that is being written.
type file struct {
	d    *Disk
	n    *node
	path string
}

// Write writes what there is room for.
func (f *file) Write(b []byte) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.d.step("Write", f.path); err != nil {
		return 0, err
	}
	fits := len(b)
	if f.d.room >= 0 {
		fits = int(min(int64(fits), f.d.room))
		f.d.room -= int64(fits)
	}
	f.n.data = append(f.n.data, b[:fits]...)
	if fits < len(b) {
		return fits, full(f.path)
	}
	return fits, nil
}

// Sync makes the file's bytes durable, not its name.
func (f *file) Sync() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.d.step("Sync", f.path); err != nil {
		return err
	}
	f.n.synced, f.n.over = len(f.n.data), nil
	return nil
}

// Close closes the file; nothing is synced by it.
func (f *file) Close() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.d.dead {
		return ErrDead
	}
	return nil
}

// info tells of an entry in a directory.
type info struct {
	name string
	mode fs.FileMode
	dir  bool
	size int64
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.dir }
func (i info) Sys() any           { return nil }
func (i info) Mode() fs.FileMode {
	if i.dir {
		return i.mode | fs.ModeDir
	}
	return i.mode
}
