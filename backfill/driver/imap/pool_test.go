package imap_test

import (
	"net"
	"testing"
	"time"

	"crossfade/backfill/driver/imap"
)

// open counts connections that the client has not closed.
func (f *fake) open() int {
	f.mu.Lock()
	conns := append([]net.Conn(nil), f.conns...)
	ended := f.ended
	f.mu.Unlock()
	return len(conns) - ended
}

// TestHostLimit: accounts beyond the limit for the host take over the connections that rest longest.
func TestHostLimit(t *testing.T) {
	f := &fake{}
	host := startFake(t, f).Host()
	d, err := imap.New(imap.Options{URL: "imap://" + host, PerHost: 2})
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		m, err := d.Login(t.Context(), "joe", "pw")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = m.Close() })
		checkRead(t, m)
	}
	waitFor(t, func() bool { return f.open() <= 2 })
}

// TestIdleConnectionsEnd: what nobody wants is closed.
func TestIdleConnectionsEnd(t *testing.T) {
	f := &fake{}
	host := startFake(t, f).Host()
	d, err := imap.New(imap.Options{URL: "imap://" + host, IdleTimeout: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Login(t.Context(), "joe", "pw")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	waitFor(t, func() bool { return f.open() == 0 })
	checkRead(t, m)
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain")
		}
	}
}
