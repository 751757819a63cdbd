package imap

import (
	"io"
	"net"
	"os"
	"syscall"
	"unsafe"
)

// quick reads and writes a TCP connection by system calls that the runtime is not told of. It would wake its watcher of long calls
// for each, on a thread of its own, and for the few bytes of a NOOP that took as long as the calls themselves. These never wait.
type quick struct {
	raw  syscall.RawConn
	call uintptr
	try  func(fd uintptr) bool // is attempt or once, made but one time

	p   []byte
	n   int
	err syscall.Errno
}

// quickReader is nil where nc is no TCP connection.
func quickReader(nc net.Conn) *quick {
	q := newQuick(nc, syscall.SYS_READ)
	if q != nil {
		q.try = q.attempt
	}
	return q
}

// quickWriter likewise.
func quickWriter(nc net.Conn) *quick {
	q := newQuick(nc, syscall.SYS_WRITE)
	if q != nil {
		q.try = func(fd uintptr) bool { q.attempt(fd); return true }
	}
	return q
}

func newQuick(nc net.Conn, call uintptr) *quick {
	t, ok := nc.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return nil
	}
	return &quick{raw: raw, call: call}
}

// attempt makes the call once and tells whether it need not be made again when the connection is ready.
func (q *quick) attempt(fd uintptr) bool {
	for {
		n, _, err := syscall.RawSyscall(q.call, fd, uintptr(unsafe.Pointer(&q.p[0])), uintptr(len(q.p)))
		if err == syscall.EINTR {
			continue
		}
		if q.err = err; err != 0 {
			n = 0
		}
		q.n = int(n)
		return err != syscall.EAGAIN
	}
}

// read is like Read of the connection. p is not empty.
func (q *quick) read(p []byte) (int, error) {
	q.p = p
	err := q.raw.Read(q.try)
	q.p = nil
	switch {
	case err != nil:
		return 0, err
	case q.err != 0:
		return 0, os.NewSyscallError("read", q.err)
	case q.n == 0:
		return 0, io.EOF
	}
	return q.n, nil
}

// write writes what fits without waiting. It has no error of its own: whoever writes the rest meets that.
func (q *quick) write(p []byte) int {
	q.p = p
	err := q.raw.Write(q.try)
	q.p = nil
	if err != nil || q.err != 0 {
		return 0
	}
	return q.n
}
