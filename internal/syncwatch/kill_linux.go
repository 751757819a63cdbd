package syncwatch

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// KillAfter runs a program and kills it as soon as it has made something durable so many times: an fsync or fdatasync of what
// is in a directory or below it, or an msync; or else after a while. It looks at no bytes, so the program goes on faster than
// under Run. reached is false if the program ended before it came to that.
func KillAfter(cmd *exec.Cmd, dir string, syncs int, longest time.Duration) (reached bool, err error) {
	pending := map[int]bool{}
	err = onLastingThread(func() error {
		t, err := start(cmd)
		if err != nil {
			return err
		}
		end := time.AfterFunc(longest, func() { _ = unix.Kill(t.pid, unix.SIGKILL) })
		defer end.Stop()
		t.enter = func(tid int, c call) error {
			pending[tid] = syncs > 0 && durable(tid, c, dir)
			return nil
		}
		t.leave = func(tid int, _ call) error {
			if !pending[tid] {
				return nil
			}
			delete(pending, tid)
			if syncs--; syncs == 0 {
				return ErrEnough
			}
			return nil
		}
		return t.run()
	})
	if reached = errors.Is(err, ErrEnough); reached {
		err = nil
	}
	return reached, errors.Join(err, cmd.Process.Release())
}

// onLastingThread is onOneThread, but the thread lives on: other programs may have been started on it before, to be killed
// when it ends (Pdeathsig).
func onLastingThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		done <- f()
	}()
	return <-done
}

// durable tells whether a call makes something below a directory durable. Of msync it is not asked where: mail stores alone
// map files to write to them.
func durable(tid int, c call, dir string) bool {
	switch c.nr {
	case unix.SYS_MSYNC:
		return c.args[2]&unix.MS_SYNC != 0
	case unix.SYS_FSYNC, unix.SYS_FDATASYNC:
		path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", tid, c.args[0]))
		return err == nil && (path == dir || strings.HasPrefix(path, dir+"/"))
	}
	return false
}
