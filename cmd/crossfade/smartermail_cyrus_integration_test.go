//go:build integration

package main

import (
	"maps"
	"strings"
	"testing"
	"time"

	"crossfade/internal/standin"
	"crossfade/internal/testbed"
)

// TestSmarterMailMannersOfCyrus is TestSmarterMailManners with a Cyrus, which answers otherwise than a Dovecot: it has words of
// its own for refusals, refuses mail with broken headers, and lists names as literals. What it refuses stays on the source and
// is shown; all else is on both sides, and nothing else.
func TestSmarterMailMannersOfCyrus(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t, nil, testbed.Source, testbed.Cyrus)
	source, dest := bed.Server(testbed.Source), bed.Server(testbed.Cyrus)
	old := standin.V13().IMAP // without CONDSTORE, and Cyrus tells of mod-sequences all the same
	old.Validity = standin.ValidityOne
	for i, o := range []standin.IMAPOptions{standin.V2023().IMAP, old} {
		t.Run([]string{"2023", "2015"}[i], func(t *testing.T) {
			t.Parallel()
			user := testbed.User(i)
			source.Fill(t, user, "--folders", "20", "--per-folder", "15", "--names", "intl")
			before := snapshotOf(t, source.Addr, user)
			p := proxyBetween(t, bed, source.URL(), standin.StartFilter(t, dest.Addr, o).URL())
			p.start(t)
			enrolAs(t, p.imap, user)
			names := testbed.CompareOptions{Map: cyrusName}
			if bad := testbed.Compare(before, snapshotOf(t, p.imap, user), names); bad != nil {
				t.Errorf("through the proxy, while it moves:\n%s", strings.Join(bad, "\n"))
			}
			refused := p.doneWithRefusals(t, before.Count())
			names.IgnoreFlags = o.Keywords == standin.KeywordsNone
			if bad := testbed.Compare(before, snapshotOf(t, p.imap, user), names); bad != nil {
				t.Errorf("through the proxy:\n%s", strings.Join(bad, "\n"))
			}
			if bad := before.Diff(snapshotOf(t, source.Addr, user)); bad != nil {
				t.Errorf("the source was changed:\n%s", strings.Join(bad, "\n"))
			}
			above := snapshotOf(t, dest.Addr, user)
			if n := leaveOut(before, above, cyrusName); n != refused || n == 0 {
				t.Errorf("%d messages are not on the destination, which refused %d", n, refused)
			}
			if bad := testbed.Compare(before, above, names); bad != nil {
				t.Errorf("on the destination:\n%s", strings.Join(bad, "\n"))
			}
			p.stop(t)
		})
	}
}

// cyrusName maps the raw names of Source to those of Cyrus.
func cyrusName(name string) string {
	switch name {
	case "INBOX.Sent", "INBOX.Trash":
		return strings.TrimPrefix(name, "INBOX.")
	case "INBOX.Spam":
		return "Junk"
	}
	return testbed.DefaultMap(name)
}

// doneWithRefusals waits until every message is copied or refused, and tells how many are refused.
func (p *proxyProcess) doneWithRefusals(t *testing.T, want int) int {
	t.Helper()
	r := p.report(t)
	for end := time.Now().Add(longEnough); !r.Done && time.Now().Before(end); r = p.report(t) {
		time.Sleep(100 * time.Millisecond)
	}
	if !r.Done || r.Total.Copied+r.Total.Quarantined != want {
		t.Errorf("of %d messages: %+v\n%s", want, r, p.said)
	}
	return r.Total.Quarantined
}

// leaveOut takes the messages out of a snapshot of the source that the destination does not have, and counts them.
func leaveOut(before, above testbed.Snapshot, name func(string) string) (n int) {
	for from, f := range before.Folders {
		have := map[string]int{}
		for m := range maps.Values(above.Folders[name(from)].Messages) {
			have[m.Sum]++
		}
		for uid, m := range f.Messages {
			if have[m.Sum]--; have[m.Sum] < 0 {
				delete(f.Messages, uid)
				n++
			}
		}
	}
	return n
}
