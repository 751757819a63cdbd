//go:build integration

package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"crossfade/internal/testbed"
)

// waiter is a client that waits for every answer.
type waiter struct {
	conn net.Conn
	r    *bufio.Reader
}

func newWaiter(b *testing.B, addr string) *waiter {
	b.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	return greeted(b, conn)
}

// newSecureWaiter is one over TLS.
func newSecureWaiter(b *testing.B, addr string) *waiter {
	b.Helper()
	conn, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		b.Fatal(err)
	}
	return greeted(b, conn)
}

func greeted(b *testing.B, conn net.Conn) *waiter {
	b.Helper()
	b.Cleanup(func() { _ = conn.Close() })
	w := &waiter{conn, bufio.NewReader(conn)}
	if _, err := w.r.ReadSlice('\n'); err != nil {
		b.Fatal(err)
	}
	w.ask(b, fmt.Sprintf("LOGIN %q %q", testbed.User(0), testbed.Pass))
	w.ask(b, "SELECT INBOX")
	return w
}

// ask sends one command and returns how long its answer took.
func (w *waiter) ask(b *testing.B, command string) time.Duration {
	b.Helper()
	start := time.Now()
	if _, err := io.WriteString(w.conn, "x "+command+"\r\n"); err != nil {
		b.Fatal(err)
	}
	for {
		line, err := w.r.ReadSlice('\n')
		if err != nil {
			b.Fatal(err)
		}
		if line[0] == 'x' {
			if !strings.HasPrefix(string(line), "x OK") {
				b.Fatalf("%s: %s", command, line)
			}
			return time.Since(start)
		}
	}
}

// BenchmarkSplice: a spliced account, nginx's mail proxy and Dovecot's own against the destination itself, by turns. fetch is
// throughput of one long FETCH by that of the destination itself; noop is the median time from a NOOP to its answer by the
// destination's own, without TLS and with it between client and proxy. Aims for spliced: at least 0.80, and at most 1.35.
func BenchmarkSplice(b *testing.B) {
	bed := testbed.Start(b, []string{"CROSSFADE_SOURCE_FORMAT=mdbox", "CROSSFADE_DEST_FORMAT=mdbox"},
		testbed.Source, testbed.Dest, testbed.NginxProxy, testbed.DovecotProxy)
	p := quickProxy(b, bed)
	enrol(b, p.imap)
	p.done(b)
	p.stop(b)
	p.splice(b)
	if w := newWaiter(b, p.imap); p.report(b).Accounts[0].Spliced != 1 {
		b.Fatal("not spliced")
	} else {
		_ = w.conn.Close()
	}
	dest, nginx, dovecot := bed.Server(testbed.Dest), bed.Server(testbed.NginxProxy), bed.Server(testbed.DovecotProxy)
	ways := []struct{ name, addr, secure string }{{"direct", dest.Addr, dest.TLSAddr}, {"spliced", p.imap, p.imaps()},
		{"nginx", nginx.Addr, nginx.TLSAddr}, {"dovecot", dovecot.Addr, dovecot.TLSAddr}}
	for _, c := range sizes {
		b.Run("fetch/"+c.name, func(b *testing.B) {
			bed.Server(testbed.Dest).Empty(b, testbed.User(0))
			bed.Server(testbed.Dest).FillQuick(b, testbed.User(0), c.count, c.size)
			times := make([][]time.Duration, len(ways))
			for range b.N {
				for range 9 {
					for i, w := range ways {
						took, n, size := client(b, w.addr, "(UID BODY.PEEK[])")
						if n != c.count || size < int64(c.count*c.size) {
							b.Fatalf("%s: %d messages, %d bytes", w.name, n, size)
						}
						times[i] = append(times[i], took)
					}
				}
			}
			direct := median(times[0])
			for i, w := range ways {
				b.ReportMetric(direct/median(times[i]), w.name+"/direct")
			}
			b.ReportMetric(direct*1000, "direct-ms")
			b.ReportMetric(0, "ns/op")
		})
	}
	for _, secure := range []bool{false, true} {
		b.Run(fmt.Sprintf("noop/TLS=%t", secure), func(b *testing.B) {
			times := make([][]time.Duration, len(ways))
			for range b.N {
				for range 20 {
					for i, w := range ways {
						open, addr := newWaiter, w.addr
						if secure {
							open, addr = newSecureWaiter, w.secure
						}
						times[i] = append(times[i], open(b, addr).noops(b)...)
					}
				}
			}
			direct := median(times[0])
			for i, w := range ways {
				b.ReportMetric(median(times[i])/direct, w.name+"/direct")
			}
			b.ReportMetric(direct*1e6, "direct-us")
			b.ReportMetric(0, "ns/op")
		})
	}
	p.stop(b)
}

// noops are how long the answers to 200 NOOPs take on a connection that is warm, which ends then.
func (w *waiter) noops(b *testing.B) (times []time.Duration) {
	b.Helper()
	for n := range 220 {
		if took := w.ask(b, "NOOP"); n >= 20 {
			times = append(times, took)
		}
	}
	_ = w.conn.Close()
	return times
}
