//go:build integration

package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"crossfade/internal/testbed"
)

// resident is how much memory the process has resident, in bytes, when that has come to rest: twelve seconds without a change,
// for it gives memory back when it has had little to do for five.
func (p *proxyProcess) resident(b *testing.B) float64 {
	b.Helper()
	last, same := 0.0, 0
	for range 240 {
		if same == 24 {
			break
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
		if err != nil {
			b.Fatal(err)
		}
		m := regexp.MustCompile(`VmRSS:\s*(\d+) kB`).FindSubmatch(text)
		if m == nil {
			b.Fatal("no VmRSS")
		}
		n, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			b.Fatal(err)
		}
		if same++; max(n-last, last-n) > 256 { // kB
			last, same = n, 0
		}
		time.Sleep(500 * time.Millisecond)
	}
	return last * 1024
}

// idlers are so many clients over TLS in IDLE, some at a time.
func idlers(b *testing.B, addr string, n int, user func(int) string) []net.Conn {
	b.Helper()
	conns := make([]net.Conn, n)
	var wg sync.WaitGroup
	for part := range 8 {
		wg.Go(func() {
			for i := part; i < n; i += 8 {
				c, err := idler(addr, user(i))
				if err != nil {
					b.Error(err)
					return
				}
				conns[i] = c
			}
		})
	}
	if wg.Wait(); b.Failed() {
		b.FailNow()
	}
	b.Cleanup(func() {
		for _, c := range conns {
			_ = c.Close()
		}
	})
	return conns
}

func idler(addr, user string) (net.Conn, error) {
	c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Now().Add(2 * time.Minute))
	r := bufio.NewReaderSize(c, 1<<10)
	for _, step := range []struct{ say, want string }{{"", "* OK"}, {fmt.Sprintf("a LOGIN %q %q\r\n", user, testbed.Pass), "a OK"},
		{"b SELECT INBOX\r\n", "b OK"}, {"c IDLE\r\n", "+"}} {
		if _, err := c.Write([]byte(step.say)); err != nil {
			return nil, err
		}
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return nil, fmt.Errorf("%s: %w", step.say, err)
			}
			if strings.HasPrefix(line, step.want) {
				break
			}
			if strings.HasPrefix(line, step.want[:1]+" ") && step.say != "" {
				return nil, fmt.Errorf("%s: %s", step.say, line)
			}
		}
	}
	return c, nil
}

// stub is a mail server that says yes to everything and holds nothing.
func stub(b *testing.B, addr string, conf *tls.Config) {
	b.Helper()
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	if conf != nil {
		ln = tls.NewListener(ln, conf)
	}
	b.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				r := bufio.NewReaderSize(c, 256)
				_, err := fmt.Fprint(c, "* OK [CAPABILITY IMAP4rev1 LITERAL+ IDLE] stub\r\n")
				for err == nil {
					var line string
					if line, err = r.ReadString('\n'); err == nil {
						tag, rest, _ := strings.Cut(line, " ")
						answer := tag + " OK done\r\n"
						if strings.HasPrefix(rest, "IDLE") {
							answer = "+ idling\r\n"
						}
						_, err = fmt.Fprint(c, answer)
					}
				}
			}()
		}
	}()
}

// BenchmarkIdleMemory reports what a client in IDLE over TLS takes of the proxy's memory, both its own connections included:
// 2,000 that are spliced to a stub (aim 48 KB), and 40 in each of 50 blended accounts on real servers (aim 64 KB).
func BenchmarkIdleMemory(b *testing.B) {
	report := func(b *testing.B, p *proxyProcess, n int, user func(int) string) {
		before := p.resident(b)
		idlers(b, p.imaps(), n, user)
		b.ReportMetric((p.resident(b)-before)/float64(n)/1024, "KB/connection")
		b.ReportMetric(before/(1<<20), "before-MB")
		b.ReportMetric(0, "ns/op")
	}
	for _, secure := range []bool{true, false} {
		b.Run(fmt.Sprintf("spliced/TLS-to-server=%t", secure), func(b *testing.B) {
			bed := testbed.Start(b, nil, testbed.Source, testbed.Dest)
			dest := bed.Server(testbed.Dest)
			addr, url := dest.Addr, dest.PlainURL()
			var conf *tls.Config
			if secure {
				cert, err := tls.LoadX509KeyPair(bed.Certificate())
				if err != nil {
					b.Fatal(err)
				}
				addr, url, conf = dest.TLSAddr, dest.URL(), &tls.Config{Certificates: []tls.Certificate{cert}}
			}
			p := proxyBetween(b, bed, bed.Server(testbed.Source).PlainURL(), url)
			p.start(b)
			const accounts = 50 // one may not have them all
			for i := range accounts {
				enrolAs(b, p.imap, testbed.User(i))
			}
			p.done(b)
			p.stop(b)
			p.splice(b)
			p.stop(b)
			dest.Stop(b)
			bed.Server(testbed.Source).Stop(b)
			stub(b, addr, conf)
			p.start(b)
			for range b.N {
				report(b, p, 2000, func(i int) string { return testbed.User(i % accounts) })
			}
			p.kill()
		})
	}
	b.Run("blended", func(b *testing.B) {
		const accounts, sessions = 50, 40
		bed := quickServers(b)
		p := quickProxy(b, bed, "--hold-backfill")
		for i := range accounts {
			enrolAs(b, p.imap, testbed.User(i))
		}
		for range b.N {
			report(b, p, accounts*sessions, func(i int) string { return testbed.User(i % accounts) })
		}
		p.kill()
	})
}

// imaps is the address for implicit TLS.
func (p *proxyProcess) imaps() string {
	for i, a := range p.args {
		if a == "--imaps" {
			return p.args[i+1]
		}
	}
	return ""
}
