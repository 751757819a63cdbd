//go:build integration

package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"crossfade/internal/testbed"
)

// BenchmarkSort: SORT and THREAD over 50,000 messages of which none is copied, the first time (cold: neither the old server
// nor the proxy has looked at the headers) and again (warm), by the time that the old server itself takes for the same mail
// of another user.
func BenchmarkSort(b *testing.B) {
	const count = 50_000
	bed := quickServers(b)
	source := bed.Server(testbed.Source)
	mail := sortMail(count)
	for u := range 2 {
		k := newPrompt(b, source.Addr, testbed.User(u))
		for at := 0; at < count; at += 500 {
			var c strings.Builder
			c.WriteString("APPEND INBOX")
			for _, m := range mail[at : at+500] {
				fmt.Fprintf(&c, " (%s) %q {%d+}\r\n%s", m.flags, m.date, len(m.body), m.body)
			}
			k.do(c.String())
		}
	}
	p := quickProxy(b, bed, "--hold-backfill")
	through, direct := newPrompt(b, p.imap, testbed.User(0)), newPrompt(b, source.Addr, testbed.User(1))
	took := func(k *prompt, command string) time.Duration {
		begun := time.Now()
		k.do(command)
		return time.Since(begun)
	}
	for range b.N {
		for _, c := range []struct{ name, command string }{
			{"arrival", "SORT (REVERSE ARRIVAL) UTF-8 ALL"}, {"date", "SORT (REVERSE DATE) UTF-8 ALL"}, {"subject", "SORT (SUBJECT) UTF-8 ALL"}, {"from", "SORT (FROM) UTF-8 ALL"}, {"thread", "THREAD REFERENCES UTF-8 ALL"},
		} {
			coldDirect, cold := took(direct, c.command), took(through, c.command)
			var warmDirect, warm []time.Duration
			for range 7 {
				warmDirect, warm = append(warmDirect, took(direct, c.command)), append(warm, took(through, c.command))
			}
			b.ReportMetric(coldDirect.Seconds()*1000, c.name+"-cold-direct-ms")
			b.ReportMetric(cold.Seconds()*1000, c.name+"-cold-ms")
			b.ReportMetric(cold.Seconds()/coldDirect.Seconds(), c.name+"-cold/direct")
			b.ReportMetric(median(warm)*1000, c.name+"-warm-ms")
			b.ReportMetric(median(warm)/median(warmDirect), c.name+"-warm/direct")
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(p.peak(b)/(1<<20), "peak-MB")
	p.stop(b)
}
