package faults

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
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

// TestRelayCutAt: the bytes up to the place arrive, and no more. Each case has a relay of its own: what an earlier
// connection still carries would be counted.
func TestRelayCutAt(t *testing.T) {
	for _, n := range []int64{1, 7, 100_000} {
		for _, leg := range []Leg{ToServer, ToClient} {
			t.Run(fmt.Sprint(n, " ", leg), func(t *testing.T) {
				r := NewRelay(t, echo(t), 0)
				c, err := net.Dial("tcp", r.Addr)
				if err != nil {
					t.Fatal(err)
				}
				r.CutAt(leg, n)
				go func() { _, _ = c.Write(bytes.Repeat([]byte("x"), 200_000)) }() // it is cut
				_ = c.SetDeadline(time.Now().Add(time.Minute))
				got, _ := io.Copy(io.Discard, c)
				_ = c.Close()
				if passed := r.Passed(leg); passed != n || leg == ToClient && got != n {
					t.Errorf("%d passed, %d came, want %d", passed, got, n)
				}
				if r.Cuts() != 1 {
					t.Errorf("%d cuts", r.Cuts())
				}
			})
		}
	}
}

func TestRelayCutRandomly(t *testing.T) {
	r := NewRelay(t, echo(t), 0)
	r.CutRandomly(1, 10_000, 5)
	for i := 0; r.Cuts() < 5 && i < 100; i++ {
		c, err := net.Dial("tcp", r.Addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(time.Minute))
		_, _ = c.Write(bytes.Repeat([]byte("x"), 30_000))
		_ = c.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, c)
		_ = c.Close()
	}
	if r.Cuts() != 5 {
		t.Errorf("%d cuts", r.Cuts())
	}
	if err := refused(t, r.Addr); err != nil {
		t.Errorf("it goes on cutting: %v", err)
	}
}

func TestRelayFreeze(t *testing.T) {
	r := NewRelay(t, echo(t), 0)
	c, err := net.Dial("tcp", r.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r.Freeze(true)
	if _, err := c.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("a frozen relay passes bytes")
	}
	r.Freeze(false)
	_ = c.SetReadDeadline(time.Now().Add(time.Minute))
	if _, err := c.Read(make([]byte, 1)); err != nil {
		t.Error(err)
	}
}

// TestRelayFilter drops a capability, answers a command on the way and leaves literals alone.
func TestRelayFilter(t *testing.T) {
	s := Start(t, Quirks{})
	joe := s.Account("joe", "pw")
	r := NewRelay(t, s.Addr, 0)
	r.Filter(ToClient, func(line string, _ func(string)) []string {
		return []string{strings.ReplaceAll(line, " UIDPLUS", "")}
	})
	r.Filter(ToServer, func(line string, back func(string)) []string {
		if tag, ok := strings.CutSuffix(line, " NOOP"); ok {
			back("* 17 EXISTS")
			back(tag + " NO not today")
			return nil
		}
		return []string{line}
	})
	h := hello(t, r.Addr)
	if got := h.say("CAPABILITY"); strings.Contains(got, "UIDPLUS") || !strings.Contains(got, "MOVE") {
		t.Errorf("%q", got)
	}
	if got := h.say("NOOP"); !strings.Contains(got, "* 17 EXISTS") || !strings.Contains(got, "NO not today") {
		t.Errorf("%q", got)
	}
	h.say(literal("INBOX", "", "X: y UIDPLUS\r\nt3 NOOP\r\n\r\n"))
	if got := joe.Messages("INBOX"); len(got) != 1 || string(got[0].Body) != "X: y UIDPLUS\r\nt3 NOOP\r\n\r\n" {
		t.Errorf("%v", got)
	}
	h.say("SELECT INBOX")
	if got := h.say("FETCH 1 BODY[]"); !strings.Contains(got, "X: y UIDPLUS\r\nt3 NOOP") {
		t.Errorf("%q", got)
	}
}
