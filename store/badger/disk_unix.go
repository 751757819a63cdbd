//go:build linux || darwin || freebsd

package badger

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// diskBytes is what a file takes on the disk, holes left out.
func diskBytes(info fs.FileInfo) int64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Blocks * 512 // st_blocks counts 512 bytes whatever the file system (stat(2))
	}
	return info.Size()
}

// alone runs f if no other process has the state open: Badger holds the same lock while it is open.
func alone(dir *os.File, f func() error) error {
	err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == syscall.EWOULDBLOCK {
		return nil // Badger will say so
	}
	if err != nil {
		return os.NewSyscallError("flock", err)
	}
	return errors.Join(f(), os.NewSyscallError("flock", syscall.Flock(int(dir.Fd()), syscall.LOCK_UN)))
}
