package durabletest

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"syscall"

	"crossfade/internal/durable"
)

// ErrDead is the answer to everything that is asked of a disk whose power was cut.
var ErrDead = errors.New("the power is off")

// Disk is a durable.FS. The zero value is not ready; see New.
type Disk struct {
	mu    sync.Mutex
	root  *node
	dead  bool
	steps int   // changes and syncs so far
	stop  int   // the step before which the power is cut; 0: none
	room  int64 // bytes that may still be written; negative: no bound
	fail  func(op, path string) error
}

// node is a file or a directory. What would be left of it after a power cut is kept beside what is seen.
type node struct {
	dir     bool
	mode    fs.FileMode
	data    []byte // file: bytes as seen
	synced  int    // file: how many of them are on the disk, but for those in over; files only grow
	over    []overwrite
	entries map[string]*node
	kept    map[string]*node // directory: the names that are on the disk
	pending []change         // directory: what happened to the names since, in order
}

// change is what one step did to the names of a directory; a nil node is a name that went.
type change map[string]*node

func newDir(mode fs.FileMode) *node {
	return &node{dir: true, mode: mode, entries: map[string]*node{}, kept: map[string]*node{}}
}

// New returns an empty disk with a root directory, "/".
func New() *Disk { return &Disk{root: newDir(0o700), room: -1} }

// Steps is how many steps that change or sync something were taken.
func (d *Disk) Steps() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.steps
}

// StopAt cuts the power before the n-th step counted from the beginning.
func (d *Disk) StopAt(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stop = n
}

// SetRoom bounds how many more bytes can be written; negative takes the bound away. Removing gives nothing back.
func (d *Disk) SetRoom(bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room = bytes
}

// Fail has every step ask f first, whose error it returns. op is the name of the method of FS or File; nil ends it.
func (d *Disk) Fail(f func(op, path string) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail = f
}

// Cut takes the power away and returns the disk as it is found afterwards. Of what was not synced nothing is left if
// r is nil; else each directory keeps a beginning of its changes and each file some of its new bytes, or zeros in
// their place, as chance will have it.
func (d *Disk) Cut(r *rand.Rand) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead = true
	after := New()
	after.root = d.root.remains(r)
	return after
}

// remains is what is left of a node.
func (n *node) remains(r *rand.Rand) *node {
	if !n.dir {
		seen := n.undo(r)
		data := seen[:n.synced:n.synced]
		if extra := len(seen) - n.synced; r != nil && extra > 0 {
			more := append([]byte(nil), seen[n.synced:n.synced+r.IntN(extra+1)]...)
			if r.IntN(3) == 0 {
				clear(more)
			}
			data = append(data, more...)
		}
		return &node{mode: n.mode, data: data, synced: len(data)}
	}
	left := newDir(n.mode)
	names := map[string]*node{}
	for name, m := range n.kept {
		names[name] = m
	}
	if r != nil {
		for _, c := range n.pending[:r.IntN(len(n.pending)+1)] {
			c.apply(names)
		}
	}
	for name, m := range names {
		k := m.remains(r)
		left.entries[name], left.kept[name] = k, k
	}
	return left
}

func (c change) apply(names map[string]*node) {
	for name, m := range c {
		if m == nil {
			delete(names, name)
		} else {
			names[name] = m
		}
	}
}

// change changes the names of a directory, for now.
func (n *node) change(c change) {
	c.apply(n.entries)
	n.pending = append(n.pending, c)
}

// step begins a change; the caller holds mu.
func (d *Disk) step(op, path string) error {
	if d.dead {
		return ErrDead
	}
	d.steps++
	if d.stop > 0 && d.steps >= d.stop {
		d.dead = true
		return ErrDead
	}
	if d.fail != nil {
		if err := d.fail(op, path); err != nil {
			return &fs.PathError{Op: op, Path: path, Err: err}
		}
	}
	return nil
}

// find returns the node at a path, nil if there is none; the caller holds mu.
func (d *Disk) find(path string) *node {
	n := d.root
	for _, name := range split(path) {
		if n == nil || !n.dir {
			return nil
		}
		n = n.entries[name]
	}
	return n
}

func split(path string) []string {
	var names []string
	for path = filepath.Clean("/" + path); path != "/"; path = filepath.Dir(path) {
		names = append([]string{filepath.Base(path)}, names...)
	}
	return names
}

// parent returns the directory of a path; the caller holds mu.
func (d *Disk) parent(op, path string) (*node, error) {
	if n := d.find(filepath.Dir(filepath.Clean("/" + path))); n != nil && n.dir {
		return n, nil
	}
	return nil, &fs.PathError{Op: op, Path: path, Err: fs.ErrNotExist}
}

// full is what a write beyond the room ends with.
func full(path string) error { return &fs.PathError{Op: "write", Path: path, Err: syscall.ENOSPC} }

var _ durable.FS = (*Disk)(nil)
