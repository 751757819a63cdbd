//go:build linux || darwin || freebsd

package durable

import (
	"math"
	"os"
	"syscall"
)

// freeBytes is what an ordinary user may still write to the disk that holds dir.
func freeBytes(dir *os.File) (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Fstatfs(int(dir.Fd()), &st); err != nil {
		return 0, os.NewSyscallError("fstatfs", err)
	}
	blocks, size := uint64(max(st.Bavail, 0)), uint64(st.Bsize)
	if size != 0 && blocks > math.MaxInt64/size {
		return math.MaxInt64, nil
	}
	return int64(blocks * size), nil
}
