package imap

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"crossfade/backfill"
	"crossfade/mapping"
	"crossfade/proxy"
)

// bigBox holds many messages of which the state knows everything.
type bigBox struct {
	proxy.Mailbox
	uids  []uint32
	items []backfill.ItemState
	body  string
}

func newBigBox(n int, body string) *bigBox {
	b := &bigBox{body: body}
	for i := range n {
		uid := uint32(i + 1)
		b.uids = append(b.uids, uid)
		b.items = append(b.items, backfill.ItemState{UID: uid, Flags: `$Work \Answered \Seen`, Size: int64(len(body)), Date: day1})
	}
	return b
}

func (b *bigBox) Name() string          { return "big" }
func (b *bigBox) Life() context.Context { return context.Background() }
func (b *bigBox) Flags() (flags, permanent mapping.Flags, anyKeyword bool) {
	return `$Work \Answered \Seen`, "", false
}
func (b *bigBox) ReadOnly() bool            { return true }
func (b *bigBox) Close()                    {}
func (b *bigBox) Recent(upTo uint32) uint32 { return upTo }
func (b *bigBox) Changes(uint64) backfill.Changes {
	return backfill.Changes{Version: 1, UIDs: b.uids, Same: true}
}
func (b *bigBox) Items(uids []uint32) []backfill.ItemState {
	return b.items[uids[0]-1 : uids[len(uids)-1]] // no copy: only our own work is measured
}

func (b *bigBox) Fetch(_ context.Context, uids []uint32, items []string, each func(*backfill.RawItem) error) error {
	m := &fakeMessage{body: b.body}
	for _, u := range uids {
		if err := each(&backfill.RawItem{UID: u, Next: renderer(m, items, 0, false)}); err != nil {
			return err
		}
	}
	return nil
}

func benchFetch(b *testing.B, box *bigBox, command string) {
	s := New(Options{Logger: slog.New(slog.DiscardHandler)})
	b.ReportAllocs()
	for b.Loop() {
		nc := &countConn{scriptConn: scriptConn{in: bytes.NewReader([]byte(command + "z LOGOUT\r\n"))}}
		c := newConn(s, s.opts.Logger, nc, nc, false)
		c.session = fakeSession{newFakeAccount()}
		c.show(proxy.NewView(box))
		c.serve(context.Background(), context.Background())
		if nc.n < int64(20*len(box.uids)) {
			b.Fatalf("%d bytes", nc.n)
		}
		b.SetBytes(nc.n)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(box.uids)), "ns/message")
}

// countConn only counts what is written.
type countConn struct {
	scriptConn
	n int64
}

func (c *countConn) Write(p []byte) (int, error) { c.n += int64(len(p)); return len(p), nil }

func BenchmarkFetchFlags100k(b *testing.B) {
	benchFetch(b, newBigBox(100_000, "x"), "a UID FETCH 1:* (FLAGS)\r\n")
}

func BenchmarkFetchFast100k(b *testing.B) {
	benchFetch(b, newBigBox(100_000, "x"), "a FETCH 1:* FAST\r\n")
}

func BenchmarkFetchBodies4K(b *testing.B) {
	benchFetch(b, newBigBox(10_000, strings.Repeat("x", 4096)), "a UID FETCH 1:* (FLAGS BODY.PEEK[])\r\n")
}

func BenchmarkSearchUnseen100k(b *testing.B) {
	s := New(Options{Logger: slog.New(slog.DiscardHandler)})
	box := newBigBox(100_000, "x")
	for b.Loop() {
		nc := &countConn{scriptConn: scriptConn{in: bytes.NewReader([]byte("a UID SEARCH UNSEEN UNDELETED SINCE 1-Jan-2020\r\nz LOGOUT\r\n"))}}
		c := newConn(s, s.opts.Logger, nc, nc, false)
		c.session = fakeSession{newFakeAccount()}
		c.show(proxy.NewView(box))
		c.serve(context.Background(), context.Background())
	}
}

// TestIdleConnectionIsSmall measures what a connection in IDLE holds, both ends in this process.
func TestIdleConnectionIsSmall(t *testing.T) {
	const count, limit = 200, 24 << 10
	addr := start(t, standard(), func(o *Options) { o.Seats = proxy.NewSeats(count) })
	before := heap()
	conns := make([]net.Conn, count)
	for i := range conns {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns[i] = c
		_ = c.SetDeadline(time.Now().Add(time.Minute))
		fmt.Fprintf(c, "a LOGIN alice pw\r\nb SELECT INBOX\r\nc UID FETCH 1:* (FLAGS BODY.PEEK[])\r\nd IDLE\r\n")
		var got strings.Builder
		for !strings.Contains(got.String(), "+ idling") {
			var p [4096]byte
			n, err := c.Read(p[:])
			if err != nil {
				t.Fatal(err)
			}
			got.Write(p[:n])
		}
	}
	each := (heap() - before) / count
	t.Logf("%d bytes of heap and stack for each connection", each)
	if each > limit {
		t.Errorf("%d bytes, want at most %d", each, limit)
	}
	runtime.KeepAlive(conns)
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
