//go:build integration

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"crossfade/internal/testbed"
)

// BenchmarkForeground tells what a client waits for NOOP and for one message while four accounts of 20,000 messages move, its own among them, as
// ratios to what it waits while the backfill is held.
func BenchmarkForeground(b *testing.B) {
	bed := quickServers(b)
	for u := range 4 {
		bed.Server(testbed.Source).FillQuick(b, testbed.User(u), 20_000, 4<<10)
	}
	p := quickProxy(b, bed, "--hold-backfill")
	var clients [4]*prompt
	for u := range clients {
		clients[u] = newPrompt(b, p.imap, testbed.User(u))
	}
	quietNoop, quietFetch := clients[0].samples(3*time.Second, "NOOP"), clients[0].samples(3*time.Second, "UID FETCH 1 BODY.PEEK[]")
	if code, _, errs := call("resume", "--state", p.state); code != exitWell {
		b.Fatal(errs)
	}
	time.Sleep(time.Second)
	before := p.report(b).Total.Copied
	busyNoop, busyFetch := clients[0].samples(3*time.Second, "NOOP"), clients[0].samples(3*time.Second, "UID FETCH 1 BODY.PEEK[]")
	r := p.report(b)
	if r.Done || r.Total.Copied == before {
		b.Logf("the backfill did not work all the time: %d messages copied", r.Total.Copied)
	}
	for _, c := range []struct {
		name        string
		quiet, busy []time.Duration
	}{{"noop", quietNoop, busyNoop}, {"fetch", quietFetch, busyFetch}} {
		for _, q := range []int{50, 99} {
			at := func(d []time.Duration) float64 { return d[len(d)*q/100].Seconds() }
			b.ReportMetric(at(c.busy)/at(c.quiet), fmt.Sprintf("%s-p%d-ratio", c.name, q))
			b.ReportMetric(at(c.busy)*1000, fmt.Sprintf("%s-p%d-ms", c.name, q))
		}
	}
	b.ReportMetric(float64(r.Total.Copied-before)/6, "copied/s")
}

// BenchmarkSelected: what a client waits in a folder of 50,000 messages that it has open, against the server that answers it
// directly. flags is the rate of FETCH 1:* FLAGS by that of the source while nothing is copied, and by that of the destination
// when all is; aim: at least 0.7. noop is the median time of NOOP by turns; aim: no more than one more way to the server, which
// is what the server's own NOOP takes.
func BenchmarkSelected(b *testing.B) {
	const count = 50_000
	bed := quickServers(b)
	source, dest := bed.Server(testbed.Source), bed.Server(testbed.Dest)
	source.FillQuick(b, testbed.User(0), count, 600)
	p := quickProxy(b, bed, "--hold-backfill")
	compare := func(state string, server *testbed.Server) {
		direct, through := newWaiter(b, server.Addr), newWaiter(b, p.imap)
		var flags, noop [2][]time.Duration
		for range b.N {
			for range 9 {
				for i, w := range []*waiter{direct, through} {
					flags[i] = append(flags[i], w.ask(b, "FETCH 1:* FLAGS"))
					for range 100 {
						noop[i] = append(noop[i], w.ask(b, "NOOP"))
					}
				}
			}
		}
		b.ReportMetric(median(flags[0])/median(flags[1]), state+"-flags/direct")
		b.ReportMetric(median(flags[0])*1000, state+"-flags-direct-ms")
		b.ReportMetric(median(noop[0])*1e6, state+"-noop-direct-us")
		b.ReportMetric(median(noop[1])*1e6, state+"-noop-us")
		_, _ = direct.conn.Close(), through.conn.Close()
	}
	compare("uncopied", source)
	if code, out, errs := call("release", "--state", p.state); code != exitWell {
		b.Fatalf("release: %s %s", out, errs)
	}
	p.done(b)
	compare("copied", dest)
	b.ReportMetric(0, "ns/op")
	p.stop(b)
}

// prompt is a client that sends one command after the other.
type prompt struct {
	b    *testing.B
	conn net.Conn
	r    *bufio.Reader
	tag  int
}

func newPrompt(b *testing.B, addr, user string) *prompt {
	b.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	p := &prompt{b: b, conn: conn, r: bufio.NewReader(conn)}
	if _, err := p.r.ReadString('\n'); err != nil {
		b.Fatal(err)
	}
	p.do(fmt.Sprintf("LOGIN %q %q", user, testbed.Pass))
	p.do("SELECT INBOX")
	return p
}

// do sends a command and waits for its answer.
func (p *prompt) do(command string) {
	p.tag++
	tag := fmt.Sprintf("p%d ", p.tag)
	if err := p.conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		p.b.Fatal(err)
	}
	if _, err := io.WriteString(p.conn, tag+command+"\r\n"); err != nil {
		p.b.Fatal(err)
	}
	for {
		line, err := p.r.ReadString('\n')
		if err != nil {
			p.b.Fatalf("%s: %v", command, err)
		}
		if strings.HasPrefix(line, tag) {
			if !strings.HasPrefix(line, tag+"OK") {
				p.b.Fatalf("%s: %s", command, line)
			}
			return
		}
	}
}

// samples repeats a command for a while and returns how long each took, in ascending order.
func (p *prompt) samples(d time.Duration, command string) []time.Duration {
	var out []time.Duration
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		begun := time.Now()
		p.do(command)
		out = append(out, time.Since(begun))
	}
	slices.Sort(out)
	return out
}
