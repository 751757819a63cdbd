//go:build integration && linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"crossfade/internal/durable"
	"crossfade/internal/faults"
	"crossfade/internal/testbed"
)

// smallDisk is a file system of its own for a state, of so many MB.
func smallDisk(t *testing.T, mb int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("crossfade-test", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", mb)); err != nil {
		t.Fatalf("mount a small tmpfs: %v: this test needs root and the right to mount", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fillDisk writes to a file until the disk has only so many bytes of room; 0: until it takes not one more.
func fillDisk(t *testing.T, file string, leave uint64) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		var disk syscall.Statfs_t
		if err := syscall.Statfs(file, &disk); err != nil {
			t.Fatal(err)
		}
		if leave > 0 && disk.Bavail*uint64(disk.Bsize) <= leave {
			return
		}
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 16
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// TestDiskFull: somebody fills the disk of the state to the last byte in the middle of a move. The copying stops with
// the reason, a client goes on reading what it has open, and as soon as there is room everything ends, also if the
// program was killed meanwhile.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	for _, killed := range []bool{false, true} {
		t.Run(fmt.Sprintf("killed %v", killed), func(t *testing.T) {
			t.Parallel()
			bed := testbed.Start(t, []string{"CROSSFADE_DEST_FSYNC=never"}, testbed.Source, testbed.Dest)
			before := fill(t, bed, 20)
			disk := smallDisk(t, 600)
			source := faults.NewRelay(t, bed.Server(testbed.Source).Addr, 5*time.Millisecond)
			dest := faults.NewRelay(t, bed.Server(testbed.Dest).Addr, 15*time.Millisecond)
			p := proxyBetween(t, bed, source.URL(), dest.URL())
			p.state = filepath.Join(disk, "state")
			p.args[len(p.args)-1] = p.state
			p.args = append(p.args, "--destination-messages", "40", "--hold-backfill") // it must not be over before the disk is full
			p.start(t)
			enrol(t, p.imap)
			fillDisk(t, filepath.Join(disk, "most"), durable.Floor+64<<20) // what takes longest, before anything is copied
			p.args = p.args[:len(p.args)-1]
			p.move(t, "release")
			c := newReader(t, p.imap)
			c.says("SELECT INBOX", "OK")
			for p.report(t).Total.Copied == 0 {
				time.Sleep(10 * time.Millisecond)
			}
			fillDisk(t, filepath.Join(disk, "ballast"), 0)
			p.stopsForDisk(t, before.Count())
			c.says("UID FETCH 1:* (FLAGS)", "OK")
			c.says("NOOP", "OK")
			if killed {
				p.kill()
			}
			if err := os.Remove(filepath.Join(disk, "ballast")); err != nil {
				t.Fatal(err)
			}
			if killed {
				p.start(t)
			}
			p.wantMoved(t, before)
		})
	}
}

// stopsForDisk waits until the status names the disk, and sees that nothing is copied from then on.
func (p *proxyProcess) stopsForDisk(t *testing.T, all int) {
	t.Helper()
	for end := time.Now().Add(longEnough); ; time.Sleep(50 * time.Millisecond) {
		r := p.report(t)
		if strings.Contains(r.Problem, "disk") || strings.Contains(r.Problem, "space") {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the status does not name the full disk: %q", r.Problem)
		}
	}
	was := settled(func() int { return p.report(t).Total.Copied }) // batches in flight end
	time.Sleep(time.Second)
	if now := p.report(t).Total.Copied; now != was || now >= all {
		t.Errorf("%d messages of %d were copied, then %d, on a full disk", was, all, now)
	}
}

// reader is a client that stays connected.
type reader struct {
	t    *testing.T
	conn net.Conn
	n    int
}

func newReader(t *testing.T, addr string) *reader {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := &reader{t: t, conn: conn}
	c.says("LOGIN "+testbed.User(0)+" "+testbed.Pass, "OK")
	return c
}

// says sends a command and wants this word in its answer.
func (c *reader) says(command, want string) {
	c.t.Helper()
	c.n++
	tag := fmt.Sprintf("r%d", c.n)
	if _, err := fmt.Fprintf(c.conn, "%s %s\r\n", tag, command); err != nil {
		c.t.Fatal(err)
	}
	var got bytes.Buffer
	_ = c.conn.SetReadDeadline(time.Now().Add(longEnough)) // a connection that is closed says so when it is read
	for buf := make([]byte, 1<<16); ; {
		n, err := c.conn.Read(buf)
		got.Write(buf[:n])
		if i := bytes.LastIndex(got.Bytes(), []byte(tag+" ")); i >= 0 && bytes.HasSuffix(got.Bytes(), []byte("\r\n")) {
			if answer := got.String()[i:]; !strings.HasPrefix(answer, tag+" "+want) {
				c.t.Errorf("%s: %s", command, answer)
			}
			return
		}
		if err != nil {
			c.t.Fatalf("%s: %v", command, err)
		}
	}
}
