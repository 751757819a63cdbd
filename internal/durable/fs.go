package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// FS is the part of an operating system that files need here. Nothing in it is durable by itself: a file's bytes
// are after File.Sync, a name's coming, going and changing after SyncDir of its directory.
type FS interface {
	// Create makes a new file; one that exists is fs.ErrExist.
	Create(path string, mode fs.FileMode) (File, error)
	// Append opens a file for writing at its end, and makes it if it is not there.
	Append(path string, mode fs.FileMode) (File, error)
	// Edit opens a file for overwriting in place, and makes it if it is not there.
	Edit(path string, mode fs.FileMode) (Editable, error)
	Open(path string) (io.ReadCloser, error)
	// Rename gives a file another name in its directory, whose present bearer goes.
	Rename(from, to string) error
	// Remove removes a file or an empty directory.
	Remove(path string) error
	Mkdir(path string, mode fs.FileMode) error
	ReadDir(path string) ([]fs.DirEntry, error)
	SyncDir(path string) error
}

// File is a file that is being written.
type File interface {
	io.WriteCloser
	Sync() error
}

// Editable is a file that is overwritten in place. Until Sync has returned, any part of what was written may be on the disk.
type Editable interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Sync() error
}

// OS is the operating system's file system.
type OS struct{}

// Create makes a new file.
func (OS) Create(path string, mode fs.FileMode) (File, error) {
	return file(os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode))
}

// Append opens a file for writing at its end.
func (OS) Append(path string, mode fs.FileMode) (File, error) {
	return file(os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, mode))
}

// Edit opens a file for overwriting in place.
func (OS) Edit(path string, mode fs.FileMode) (Editable, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, mode)
	if err != nil {
		return nil, err // never a nil *os.File in the interface
	}
	return f, nil
}

// file avoids a typed nil in an interface.
func file(f *os.File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Open opens a file for reading.
func (OS) Open(path string) (io.ReadCloser, error) { return os.Open(path) }

// Rename gives a file another name.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Remove removes a file or an empty directory.
func (OS) Remove(path string) error { return os.Remove(path) }

// Mkdir makes a directory.
func (OS) Mkdir(path string, mode fs.FileMode) error { return os.Mkdir(path, mode) }

// ReadDir lists a directory by name.
func (OS) ReadDir(path string) ([]fs.DirEntry, error) { return os.ReadDir(path) }

// SyncDir makes the names in a directory durable.
func (OS) SyncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil // a directory cannot be synced there; NTFS journals its names
	}
	d, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
