package syncwatch

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Watch is the state of the watched directory on a disk that keeps only what was synced.
type Watch struct {
	dir    string
	names  map[string]uint64 // durable names: the inodes they name
	files  map[uint64]*file  // every file met so far, held open so that its number is not given out again
	before map[int]func()    // by thread: what its call, once it has ended well, made durable
	Syncs  int               // calls that made something durable
}

// file is one inode.
type file struct {
	handle *os.File
	data   []byte // what is on the disk
}

// Run runs a program and calls check after every call that made something durable, with the threads of the program
// still going on. An error of check ends the program and is returned; so does ErrEnough, without being one.
func Run(cmd *exec.Cmd, dir string, check func(*Watch) error) (*Watch, error) {
	w := &Watch{dir: dir, names: map[string]uint64{}, files: map[uint64]*file{}, before: map[int]func(){}}
	err := onOneThread(func() error {
		t, err := start(cmd)
		if err != nil {
			return err
		}
		t.enter = w.enter
		t.leave = func(tid int, _ call) error {
			made, ok := w.before[tid]
			if !ok {
				return nil
			}
			delete(w.before, tid)
			made()
			w.Syncs++
			return check(w)
		}
		return t.run()
	})
	return w, errors.Join(w.err(err), cmd.Process.Release())
}

// ErrEnough ends the program: everything is as it should be.
var ErrEnough = errors.New("enough was seen")

func (w *Watch) err(err error) error {
	if errors.Is(err, ErrEnough) {
		return nil
	}
	return err
}

// Files is how many files were met so far.
func (w *Watch) Files() int { return len(w.files) }

// Close lets go of the files.
func (w *Watch) Close() {
	for _, f := range w.files {
		_ = f.handle.Close()
	}
}

// enter notes what a call makes durable if it ends well: what is there when it begins, for a sync need not take
// along what comes later.
func (w *Watch) enter(tid int, c call) error {
	delete(w.before, tid)
	var made func()
	var err error
	switch c.nr {
	case unix.SYS_FSYNC, unix.SYS_FDATASYNC:
		made, err = w.sync(tid, c.args[0])
	case unix.SYS_MSYNC:
		if c.args[2]&unix.MS_SYNC != 0 {
			made, err = w.msync(tid, c.args[0], c.args[1])
		}
	case unix.SYS_WRITE, unix.SYS_PWRITE64, unix.SYS_WRITEV:
		made, err = w.write(tid, c.args[0])
	}
	if made != nil {
		w.before[tid] = made
	}
	return err
}

// sync is fsync and fdatasync of a file or of the directory.
func (w *Watch) sync(tid int, fd uint64) (func(), error) {
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", tid, fd))
	switch {
	case err != nil:
		return nil, nil // no such descriptor: the call will fail
	case path == w.dir:
		names, err := w.list()
		return func() { w.names = names }, err
	case filepath.Dir(path) != w.dir:
		return nil, nil
	}
	return w.whole(fmt.Sprintf("/proc/%d/fd/%d", tid, fd))
}

// write is a write to a descriptor that syncs each (O_DSYNC); its bytes are read when it has ended.
func (w *Watch) write(tid int, fd uint64) (func(), error) {
	link := fmt.Sprintf("/proc/%d/fd/%d", tid, fd)
	path, err := os.Readlink(link)
	if err != nil || filepath.Dir(path) != w.dir {
		return nil, nil
	}
	flags, err := fdFlags(tid, fd)
	if err != nil || flags&unix.O_DSYNC == 0 {
		return nil, err
	}
	f, err := w.hold(link)
	if err != nil {
		return nil, err
	}
	return func() { f.data, _ = readAll(f.handle) }, nil
}

// whole takes a file as it is now.
func (w *Watch) whole(path string) (func(), error) {
	f, err := w.hold(path)
	if err != nil {
		return nil, err
	}
	data, err := readAll(f.handle)
	return func() { f.data = data }, err
}

// msync takes the part of a file that is mapped at an address. The file's length becomes durable with it: msync is
// fdatasync of a range (mm/msync.c).
func (w *Watch) msync(tid int, addr, length uint64) (func(), error) {
	path, offset, err := mapping(tid, addr)
	if err != nil || filepath.Dir(path) != w.dir {
		return nil, err
	}
	f, err := w.hold(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // its name is gone, so a power cut leaves at most what was there before
	}
	if err != nil {
		return nil, err
	}
	now, err := readAll(f.handle)
	if err != nil {
		return nil, err
	}
	size := uint64(len(now))
	from, to := min(offset, size), min(offset+length, size)
	return func() {
		if from > 0 || to < size {
			data := make([]byte, size)
			copy(data, f.data)
			copy(data[from:to], now[from:to])
			now = data
		}
		f.data = now
	}, nil
}

// mapping finds the file that is mapped at an address and the place in it.
func mapping(tid int, addr uint64) (path string, offset uint64, err error) {
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", tid))
	if err != nil {
		return "", 0, err
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to, off, inode uint64
		var perms, dev string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s %x %s %d", &from, &to, &perms, &off, &dev, &inode); err != nil {
			return "", 0, fmt.Errorf("%q: %w", lines.Text(), err)
		}
		if from <= addr && addr < to {
			if i := strings.IndexByte(lines.Text(), '/'); i >= 0 {
				path = lines.Text()[i:]
			}
			return path, off + addr - from, nil
		}
	}
	return "", 0, nil
}

// list reads the directory's names and holds its files.
func (w *Watch) list() (map[string]uint64, error) {
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		return nil, err
	}
	names := make(map[string]uint64, len(entries))
	for _, e := range entries {
		path := filepath.Join(w.dir, e.Name())
		f, err := w.hold(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it went in this moment
		}
		if err != nil {
			return nil, err
		}
		if names[e.Name()], err = inode(f.handle); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// hold opens a file for good, once.
func (w *Watch) hold(path string) (*file, error) {
	handle, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	n, err := inode(handle)
	if err != nil {
		return nil, errors.Join(err, handle.Close())
	}
	if f := w.files[n]; f != nil {
		return f, handle.Close()
	}
	w.files[n] = &file{handle: handle}
	return w.files[n], nil
}

func inode(f *os.File) (uint64, error) {
	var st unix.Stat_t
	err := unix.Fstat(int(f.Fd()), &st)
	return st.Ino, err
}

// readAll reads a file from its beginning, whatever was read of it before.
func readAll(f *os.File) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	data := make([]byte, info.Size())
	n, err := f.ReadAt(data, 0)
	if n < len(data) && err != nil && !errors.Is(err, os.ErrClosed) {
		return data[:n], nil // it became shorter
	}
	return data, nil
}
