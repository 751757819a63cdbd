package imap

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// TestQuickReader: it waits for bytes, obeys deadlines and can be used after one, and tells a good end from a bad one.
func TestQuickReader(t *testing.T) {
	near, far := pair(t)
	q := quickReader(near)
	buf := make([]byte, 8)
	_ = near.SetReadDeadline(longAgo)
	if n, err := q.read(buf); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("behind the deadline: %d %v", n, err)
	}
	_ = near.SetReadDeadline(time.Time{})
	said := make(chan error, 1)
	go func() {
		time.Sleep(10 * time.Millisecond) // so that the read may wait; whether it does changes nothing
		_, err := io.WriteString(far, "0123456789")
		said <- errors.Join(err, far.(*net.TCPConn).CloseWrite())
	}()
	var got []byte
	for {
		n, err := q.read(buf)
		got = append(got, buf[:n]...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := <-said; err != nil || string(got) != "0123456789" {
		t.Errorf("read %q, %v", got, err)
	}

	near, far = pair(t)
	q = quickReader(near)
	_ = far.(*net.TCPConn).SetLinger(0)
	_ = far.Close()
	if n, err := q.read(buf); n != 0 || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the other end broke: %d %v", n, err)
	}
	_ = near.Close()
	if n, err := q.read(buf); n != 0 || !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed: %d %v", n, err)
	}
}

// TestQuickWriter: it writes what fits and no more, and a flow passes the rest on in its order.
func TestQuickWriter(t *testing.T) {
	near, far := pair(t)
	text := bytes.Repeat([]byte("0123456789abcde\n"), 1<<20)
	f := &flow{s: &splice{stuck: time.Minute}, to: near, write: quickWriter(near)}
	first := f.write.write(text)
	if first == 0 || first == len(text) {
		t.Fatalf("%d of %d bytes fit", first, len(text))
	}
	if n := f.write.write(text[first:]); n == len(text)-first {
		t.Errorf("%d more bytes fit", n)
	} else {
		first += n
	}
	said := make(chan error, 1)
	go func() { said <- errors.Join(f.send(text[first:]), near.Close()) }()
	got, err := io.ReadAll(far)
	if err := errors.Join(err, <-said); err != nil || !bytes.Equal(got, text) {
		t.Errorf("%d bytes came of %d, or others: %v", len(got), len(text), err)
	}
	if n := f.write.write(text); n != 0 || f.send(text) == nil {
		t.Errorf("%d bytes written to a closed connection", n)
	}
}
