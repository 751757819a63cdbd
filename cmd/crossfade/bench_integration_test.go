//go:build integration

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"crossfade/backfill"
	"crossfade/internal/testbed"
)

// quickServers take the servers' own costs out of a measurement as far as that goes.
func quickServers(b *testing.B) *testbed.Bed {
	b.Helper()
	return testbed.Start(b, []string{"CROSSFADE_SOURCE_FORMAT=mdbox", "CROSSFADE_DEST_FORMAT=mdbox"}, testbed.Source, testbed.Dest)
}

// quickProxy is a new proxy without TLS on its way to both servers.
func quickProxy(b *testing.B, bed *testbed.Bed, more ...string) *proxyProcess {
	b.Helper()
	p := proxyBetween(b, bed, bed.Server(testbed.Source).PlainURL(), bed.Server(testbed.Dest).PlainURL(), more...)
	p.start(b)
	return p
}

// client logs in, selects INBOX and fetches; it returns how long that took and how many messages and bytes came.
func client(b *testing.B, addr, fetch string) (took time.Duration, messages int, size int64) {
	b.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		b.Fatal(err)
	}
	r := bufio.NewReaderSize(conn, 1<<18)
	if _, err := r.ReadSlice('\n'); err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	for i, command := range []string{fmt.Sprintf("LOGIN %q %q", testbed.User(0), testbed.Pass), "SELECT INBOX", "UID FETCH 1:* " + fetch} {
		tag := fmt.Sprintf("x%d ", i)
		if _, err := io.WriteString(conn, tag+command+"\r\n"); err != nil {
			b.Fatal(err)
		}
		for {
			line, err := r.ReadSlice('\n')
			if err != nil {
				b.Fatalf("%s: %v", command, err)
			}
			size += int64(len(line))
			if string(line[:min(len(line), len(tag))]) == tag {
				if !strings.HasPrefix(string(line[len(tag):]), "OK") {
					b.Fatalf("%s: %s", command, line)
				}
				break
			}
			if i == 2 && line[0] == '*' {
				messages++
			}
			if n := announced(line); n > 0 {
				got, err := io.CopyN(io.Discard, r, n)
				if size += got; err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	return time.Since(start), messages, size
}

// announced is the length of the literal that a line announces.
func announced(line []byte) int64 {
	if len(line) < 5 || string(line[len(line)-3:]) != "}\r\n" {
		return 0
	}
	text := string(line[strings.LastIndexByte(string(line), '{')+1 : len(line)-3])
	n, err := strconv.ParseInt(text, 10, 63)
	if err != nil {
		return 0
	}
	return n
}

// peak is the most memory that the process has had resident, in bytes.
func (p *proxyProcess) peak(b *testing.B) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	m := regexp.MustCompile(`VmHWM:\s*(\d+) kB`).FindSubmatch(text)
	if m == nil {
		b.Fatal("no VmHWM")
	}
	n, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return n * 1024
}

func median(times []time.Duration) float64 {
	slices.Sort(times)
	return times[len(times)/2].Seconds()
}

// BenchmarkListing: what a client does first with a folder of 100,000 messages of which none is copied. cold/direct is
// for the first client of a new proxy, warm/direct for the next one; aims: 2.0 and 1.2.
func BenchmarkListing(b *testing.B) {
	const count, ask = 100_000, "(UID FLAGS)"
	for _, format := range []string{"mdbox", "maildir"} {
		b.Run(format, func(b *testing.B) {
			bed := testbed.Start(b, []string{"CROSSFADE_SOURCE_FORMAT=" + format}, testbed.Source, testbed.Dest)
			source := bed.Server(testbed.Source)
			if format == "maildir" {
				source.FillFiles(b, testbed.User(0), "--folders", "1", "--per-folder", fmt.Sprint(count), "--mean", "800", "--least", "500", "--clean")
			} else {
				source.FillQuick(b, testbed.User(0), count, 600)
			}
			client(b, source.Addr, ask) // the source's own caches are warm from here on
			var direct, cold, warm []time.Duration
			memory := 0.0
			for range b.N {
				for range 3 {
					p := quickProxy(b, bed, "--hold-backfill")
					for _, run := range []struct {
						addr  string
						times *[]time.Duration
					}{{source.Addr, &direct}, {p.imap, &cold}, {source.Addr, &direct}, {p.imap, &warm}} {
						took, n, _ := client(b, run.addr, ask)
						if n != count {
							b.Fatalf("%d messages listed, want %d", n, count)
						}
						*run.times = append(*run.times, took)
					}
					memory = max(memory, p.peak(b))
					p.stop(b)
				}
			}
			d := median(direct)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(d*1000, "direct-ms")
			b.ReportMetric(median(cold)/d, "cold/direct")
			b.ReportMetric(median(warm)/d, "warm/direct")
			b.ReportMetric(memory/(1<<20), "peak-MB")
		})
	}
}

// sizes are the mailboxes of BenchmarkMove and BenchmarkBodies.
var sizes = []struct {
	name        string
	count, size int
}{{"10000x4KB", 10_000, 4 << 10}, {"500x400KB", 500, 400 << 10}}

// BenchmarkBodies: one client reads all bodies, uncopied ones and then copied ones. The figures are throughput
// through the proxy by throughput from the source itself; aim: 0.7.
func BenchmarkBodies(b *testing.B) {
	for _, c := range sizes {
		b.Run(c.name, func(b *testing.B) {
			const ask = "(UID BODY.PEEK[])"
			bed := quickServers(b)
			source := bed.Server(testbed.Source)
			source.FillQuick(b, testbed.User(0), c.count, c.size)
			client(b, source.Addr, ask)
			p := quickProxy(b, bed, "--hold-backfill")
			client(b, p.imap, "(UID FLAGS)")
			compare := func() float64 {
				var direct, through []time.Duration
				for i := range 18 {
					addr, times := source.Addr, &direct
					if i%2 == 1 {
						addr, times = p.imap, &through
					}
					took, n, size := client(b, addr, ask)
					if n != c.count || size < int64(c.count*c.size) {
						b.Fatalf("%d messages, %d bytes", n, size)
					}
					*times = append(*times, took)
				}
				b.ReportMetric(median(direct)*1000, "direct-ms")
				return median(direct) / median(through)
			}
			for range b.N {
				b.ReportMetric(compare(), "uncopied/direct")
				if code, out, errs := call("release", "--state", p.state); code != exitWell {
					b.Fatalf("release: %s %s", out, errs)
				}
				p.done(b)
				b.ReportMetric(compare(), "copied/direct")
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(p.peak(b)/(1<<20), "peak-MB")
			p.stop(b)
		})
	}
}

// BenchmarkMove: a whole INBOX from server to server, Crossfade from an account's first login on against mbsync. The
// figure is mbsync's time by Crossfade's; aim: above 1.
func BenchmarkMove(b *testing.B) {
	for _, c := range sizes {
		b.Run(c.name, func(b *testing.B) {
			bed := quickServers(b)
			source, dest := bed.Server(testbed.Source), bed.Server(testbed.Dest)
			source.FillQuick(b, testbed.User(0), c.count, c.size)
			client(b, source.Addr, "(UID FLAGS)")
			var ours, theirs []time.Duration
			memory := 0.0
			for range b.N {
				for range 3 {
					dest.Empty(b, testbed.User(0))
					theirs = append(theirs, pull(b, source, dest))
					wantCount(b, dest, c.count)
					dest.Empty(b, testbed.User(0))
					p := quickProxy(b, bed)
					start := time.Now()
					enrol(b, p.imap)
					p.done(b)
					ours = append(ours, time.Since(start))
					wantCount(b, dest, c.count)
					memory = max(memory, p.peak(b))
					p.stop(b)
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(c.count)/median(ours), "messages/s")
			b.ReportMetric(median(theirs)/median(ours), "mbsync/crossfade")
			b.ReportMetric(memory/(1<<20), "peak-MB")
		})
	}
}

func wantCount(b *testing.B, s *testbed.Server, want int) {
	b.Helper()
	if _, n, _ := client(b, s.Addr, "(UID)"); n != want {
		b.Fatalf("%d messages on %s, want %d", n, s.Name, want)
	}
}

// done waits until all is copied. It asks the control socket and not too often, so as not to disturb.
func (p *proxyProcess) done(b *testing.B) {
	b.Helper()
	for end := time.Now().Add(5 * time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		resp, err := ask(context.Background(), p.state, "GET", "/status")
		if err != nil {
			b.Fatal(err)
		}
		var r backfill.Report
		err = json.NewDecoder(resp.Body).Decode(&r)
		_ = resp.Body.Close()
		if err != nil {
			b.Fatal(err)
		}
		if r.Done {
			return
		}
	}
	b.Fatalf("not done: %+v\n%s", p.report(b), p.said)
}

// pull lets mbsync copy INBOX and returns how long it took.
func pull(b *testing.B, source, dest *testbed.Server) time.Duration {
	b.Helper()
	dir := b.TempDir()
	var rc strings.Builder
	for name, s := range map[string]*testbed.Server{"source": source, "dest": dest} {
		host, port, err := net.SplitHostPort(s.Addr)
		if err != nil {
			b.Fatal(err)
		}
		fmt.Fprintf(&rc, "IMAPAccount %s\nHost %s\nPort %s\nUser %s\nPass %s\nSSLType None\nAuthMechs LOGIN\n\nIMAPStore %s\nAccount %s\n\n",
			name, host, port, testbed.User(0), testbed.Pass, name, name)
	}
	fmt.Fprintf(&rc, "Channel c\nFar :source:INBOX\nNear :dest:INBOX\nSync Pull\nCreate Near\nCopyArrivalDate yes\nSyncState %s/\n", dir)
	file := filepath.Join(dir, "mbsyncrc")
	if err := os.WriteFile(file, []byte(rc.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	if _, err := runClient(nil, "mbsync", "-q", "-c", file, "c"); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}
