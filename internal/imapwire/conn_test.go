package imapwire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

func pair(t *testing.T, o Options) (*Conn, net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	far, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	near, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c := NewConn(near, o)
	t.Cleanup(func() { c.Close(); far.Close() })
	return c, far
}

func TestReadTimeoutCanBeResumed(t *testing.T) {
	c, far := pair(t, Options{ReadTimeout: 20 * time.Millisecond})
	if _, err := far.Write([]byte("a NO")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Next(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	c.Timeouts(time.Minute, time.Minute)
	if _, err := far.Write([]byte("OP\r\n")); err != nil {
		t.Fatal(err)
	}
	if text, _, err := c.Next(); string(text) != "a NOOP" || err != nil {
		t.Fatalf("%q %v", text, err)
	}
}

func TestContextEndsARead(t *testing.T) {
	c, _ := pair(t, Options{ReadTimeout: time.Hour})
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := c.Watch(ctx)
	why := errors.New("why")
	time.AfterFunc(10*time.Millisecond, func() { cancel(why) })
	if _, _, err := c.Next(); err != why {
		t.Fatal(err)
	}
	if stop() {
		t.Error("the watch had not ended")
	}
	if _, err := c.nc.Write([]byte("x")); err != why {
		t.Error("a write after it:", err)
	}
}

func TestUpgradeRefusesInjectedBytes(t *testing.T) {
	c, far := pair(t, Options{})
	if _, err := far.Write([]byte("a STARTTLS\r\nb LOGIN x y\r\n")); err != nil {
		t.Fatal(err)
	}
	if text, _, err := c.Next(); string(text) != "a STARTTLS" || err != nil {
		t.Fatal(err)
	}
	wrapped := false
	err := c.Upgrade(func(nc net.Conn) (net.Conn, error) { wrapped = true; return nc, nil })
	if !errors.Is(err, ErrInjected) || wrapped {
		t.Error(err, wrapped)
	}
}

func TestHijackKeepsBytes(t *testing.T) {
	c, far := pair(t, Options{})
	if _, err := far.Write([]byte("a LOGIN x y\r\nb SELECT z\r\n")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Next(); err != nil {
		t.Fatal(err)
	}
	_, rest, err := c.Hijack()
	if err != nil || string(rest) != "b SELECT z\r\n" {
		t.Errorf("%q %v", rest, err)
	}
}

func TestWriterStrings(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out)
	asked := 0
	w.Client(NonSyncMinus, func() error { asked++; return nil })
	for _, s := range []string{"abc", "a b", `a"\`, "NIL", "", "Gr\u00fc\u00dfe", strings.Repeat("x", 5000)} {
		if err := w.AString(s); err != nil {
			t.Fatal(err)
		}
		w.WriteString(" ")
	}
	w.Flush()
	want := `abc "a b" "a\"\\" "NIL" "" {7+}` + "\r\nGr\u00fc\u00dfe {5000}\r\n" + strings.Repeat("x", 5000) + " "
	if out.String() != want || asked != 1 {
		t.Errorf("%q, asked %d times", out.String(), asked)
	}
}

func TestRefusedLiteralDoesNotStick(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out)
	no := errors.New("NO")
	w.Client(NonSyncNone, func() error { return no })
	if err := w.Literal(3, false, strings.NewReader("abc")); err != no {
		t.Fatal(err)
	}
	if w.Err() != nil || out.String() != "{3}\r\n" {
		t.Errorf("%v %q", w.Err(), out.String())
	}
}

func TestLiteralHasExactlyItsSize(t *testing.T) {
	for _, size := range []int{0, 1, 5000, writeBuffer - 9, writeBuffer, writeBuffer * 3} {
		body := strings.Repeat("0123456789", size/10+1)
		var out bytes.Buffer
		w := NewWriter(&out)
		w.WriteString("x ")
		src := strings.NewReader(body)
		if err := w.Literal(int64(size), true, src); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		want := "x " + string(AppendMarker(nil, int64(size), false, true)) + body[:size]
		if out.String() != want || src.Len() != len(body)-size {
			t.Errorf("%d: wrote %d bytes, want %d; %d left", size, out.Len(), len(want), src.Len())
		}
	}
	w := NewWriter(io.Discard)
	if err := w.Literal(10, false, strings.NewReader("short")); !errors.Is(err, io.ErrUnexpectedEOF) || w.Flush() == nil {
		t.Error(err)
	}
}

// TestWaits: how long a read has waited is told while it waits, and begins anew with what comes.
func TestWaits(t *testing.T) {
	c, far := pair(t, Options{})
	if got := c.Waits(); got != 0 {
		t.Errorf("nobody reads, and it has waited %v", got)
	}
	lines := make(chan string)
	go func() {
		defer close(lines)
		for {
			text, _, err := c.Next()
			if err != nil {
				return
			}
			lines <- string(text)
		}
	}()
	for c.Waits() < 20*time.Millisecond {
		time.Sleep(time.Millisecond)
	}
	if _, err := far.Write([]byte("a NOOP\r\n")); err != nil {
		t.Fatal(err)
	}
	for c.Waits() != 0 { // the reader has its line and waits for us
		time.Sleep(time.Millisecond)
	}
	if got := <-lines; got != "a NOOP" {
		t.Errorf("read %q", got)
	}
	far.Close()
	for range lines {
		t.Error("something came")
	}
}
