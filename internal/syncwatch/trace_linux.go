package syncwatch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// call is one system call as PTRACE_GET_SYSCALL_INFO tells of it.
type call struct {
	nr   uint64
	args [6]uint64
}

// tracer runs one program. All its methods are called on one thread, which is the tracer's for the kernel.
type tracer struct {
	pid     int
	calls   map[int]call // by thread: the call it is in
	threads map[int]bool
	// enter is told of a call before it happens, leave of one that ended well.
	enter, leave func(tid int, c call) error
}

// start starts a program that stops at its first instruction.
func start(cmd *exec.Cmd) (*tracer, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Setpgid: true} // its group is what is waited for
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	t := &tracer{pid: cmd.Process.Pid, calls: map[int]call{}, threads: map[int]bool{cmd.Process.Pid: true}}
	var ws unix.WaitStatus
	if _, err := unix.Wait4(t.pid, &ws, unix.WALL, nil); err != nil {
		return nil, fmt.Errorf("wait for the program: %w", err)
	}
	const options = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_EXITKILL
	if err := unix.PtraceSetOptions(t.pid, options); err != nil {
		return nil, fmt.Errorf("trace the program: %w", err)
	}
	return t, unix.PtraceSyscall(t.pid, 0)
}

// run follows the program until it is dead. An error of enter or leave kills it and is returned.
func (t *tracer) run() error {
	var failed error
	for {
		var ws unix.WaitStatus
		tid, err := unix.Wait4(-t.pid, &ws, unix.WALL, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if errors.Is(err, unix.ECHILD) {
			return failed
		}
		if err != nil {
			return errors.Join(failed, err)
		}
		if ws.Exited() || ws.Signaled() {
			delete(t.threads, tid)
			if len(t.threads) == 0 || tid == t.pid {
				return failed
			}
			continue
		}
		t.threads[tid] = true
		pass, err := t.stopped(tid, ws)
		if err != nil && failed == nil && !errors.Is(err, unix.ESRCH) {
			failed = err
			_ = unix.Kill(t.pid, unix.SIGKILL)
		}
		_ = unix.PtraceSyscall(tid, int(pass)) // a thread that is dead by now is told of by Wait4
	}
}

// stopped looks at one stop of a thread and returns the signal that it is to get.
func (t *tracer) stopped(tid int, ws unix.WaitStatus) (syscall.Signal, error) {
	switch sig := ws.StopSignal(); {
	case sig == unix.SIGTRAP|0x80:
		return 0, t.syscall(tid)
	case sig == unix.SIGTRAP, sig == unix.SIGSTOP: // a new thread, or the event of making one
		return 0, nil
	default:
		return sig, nil
	}
}

// syscall looks at the beginning or the end of a system call.
func (t *tracer) syscall(tid int) error {
	const (
		getInfo     = 0x420e // PTRACE_GET_SYSCALL_INFO, Linux 5.3
		atEntry     = 1
		atExit      = 2
		infoArgs    = 32
		infoIsError = 32
	)
	var info [88]byte
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, getInfo, uintptr(tid), uintptr(len(info)), uintptr(unsafe.Pointer(&info[0])), 0, 0)
	if errno != 0 {
		return fmt.Errorf("read a system call: %w", errno)
	}
	switch info[0] {
	case atEntry:
		c := call{nr: binary.NativeEndian.Uint64(info[24:])}
		for i := range c.args {
			c.args[i] = binary.NativeEndian.Uint64(info[infoArgs+8*i:])
		}
		t.calls[tid] = c
		return t.enter(tid, c)
	case atExit:
		c, ok := t.calls[tid]
		delete(t.calls, tid)
		if ok && info[infoIsError] == 0 {
			return t.leave(tid, c)
		}
	}
	return nil
}

// onOneThread runs f on a thread of its own: the kernel takes ptrace only from the thread that began it.
func onOneThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and ends with it
		done <- f()
	}()
	return <-done
}

// fdFlags reads the flags with which a descriptor was opened.
func fdFlags(tid int, fd uint64) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%d", tid, fd))
	if err != nil {
		return 0, err
	}
	var pos, flags int
	_, err = fmt.Sscanf(string(text), "pos:\t%d\nflags:\t%o\n", &pos, &flags)
	return flags, err
}
