package testbed

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// echo answers with what it gets.
func echo(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_, _ = io.Copy(c, c) // ends when the relay cuts it
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = ln.Close(); <-done; goleak.VerifyNone(t) })
	return ln.Addr().String()
}

func TestRelay(t *testing.T) {
	const delay = 20 * time.Millisecond
	r := NewRelay(t, echo(t), delay)
	c, err := net.Dial("tcp", r.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	want := bytes.Repeat([]byte("0123456789"), 100_000)
	start := time.Now()
	go func() { _, _ = c.Write(want) }() // a failure shows in what comes back
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("what came back differs: %v", err)
	}
	if took := time.Since(start); took < 2*delay {
		t.Errorf("there and back took %v, want at least %v", took, 2*delay)
	}
	r.Cut()
	if _, err := c.Read(got); err == nil {
		t.Error("a connection that was cut goes on")
	}
	r.Down(true)
	if refused(t, r.Addr) == nil {
		t.Error("a relay that is down lets somebody in")
	}
	r.Down(false)
	if err := refused(t, r.Addr); err != nil {
		t.Errorf("a relay that is up again: %v", err)
	}
}

// refused says why one byte does not come back.
func refused(t *testing.T, addr string) error {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Write([]byte("x")); err != nil {
		return err
	}
	_, err = io.ReadFull(c, make([]byte, 1))
	return err
}
