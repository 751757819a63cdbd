package durable

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
)

// temporary is how the names of files begin that are not finished.
const temporary = ".unfinished-"

// WriteFile replaces a file, or makes it, in one durable step: after an error or a power cut the file is the old one
// or the new one, whole.
func WriteFile(fsys FS, path string, data []byte, mode fs.FileMode) error {
	return Write(fsys, path, mode, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// Write is WriteFile for what need not be in memory: fill writes it. If fill fails the file stays as it was.
func Write(fsys FS, path string, mode fs.FileMode, fill func(io.Writer) error) error {
	dir := filepath.Dir(path)
	temp := filepath.Join(dir, temporary+filepath.Base(path)+"-"+rand.Text())
	f, err := fsys.Create(temp, mode)
	if err != nil {
		return err
	}
	if err := finish(f, fill(f)); err != nil {
		return errors.Join(err, fsys.Remove(temp))
	}
	if err := fsys.Rename(temp, path); err != nil {
		return errors.Join(err, fsys.Remove(temp))
	}
	return fsys.SyncDir(dir)
}

// finish syncs and closes a file that was written, err being how that went.
func finish(f File, err error) error {
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// AppendFile adds to the end of a file, durably, and makes it if it is not there. After an error or a power cut a part
// of data may be there, or bytes that were never written: what is added needs an end that can be recognised.
func AppendFile(fsys FS, path string, data []byte, mode fs.FileMode) error {
	f, err := fsys.Append(path, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := finish(f, err); err != nil {
		return err
	}
	return fsys.SyncDir(filepath.Dir(path))
}

// Remove removes a file durably. One that is not there is no error.
func Remove(fsys FS, path string) error {
	if err := fsys.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return fsys.SyncDir(filepath.Dir(path))
}

// MkdirAll makes a directory and those above it that are not there, durably.
func MkdirAll(fsys FS, path string, mode fs.FileMode) error {
	err := fsys.Mkdir(path, mode)
	parent := filepath.Dir(path)
	if errors.Is(err, fs.ErrNotExist) && parent != path {
		if err := MkdirAll(fsys, parent, mode); err != nil {
			return err
		}
		err = fsys.Mkdir(path, mode)
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return err
	}
	return fsys.SyncDir(parent)
}

// ReadFile reads a whole file.
func ReadFile(fsys FS, path string) ([]byte, error) {
	f, err := fsys.Open(path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(f)
	return data, errors.Join(err, f.Close())
}

// Sweep removes what writes that were cut off left in a directory. Nobody may be writing there.
func Sweep(fsys FS, dir string) error {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), temporary) {
			if err := fsys.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
