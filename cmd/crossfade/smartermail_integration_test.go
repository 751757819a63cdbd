//go:build integration

package main

import (
	"strings"
	"testing"

	"crossfade/internal/standin"
	"crossfade/internal/testbed"
)

// TestSmarterMailManners: from a real Dovecot to another that shows SmarterMail's manners on the wire, those of 2023 and, but
// for UIDVALIDITY 0, those of 2015. Clients see everything while it moves; at the end both sides are equal.
func TestSmarterMailManners(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t, []string{"CROSSFADE_DEST_FSYNC=never"}, testbed.Source, testbed.Dest)
	source, dest := bed.Server(testbed.Source), bed.Server(testbed.Dest)
	old := standin.V13().IMAP
	old.Validity = standin.ValidityOne
	for i, o := range []standin.IMAPOptions{standin.V2023().IMAP, old} {
		t.Run([]string{"2023", "2015"}[i], func(t *testing.T) {
			user := testbed.User(i)
			source.Fill(t, user, "--folders", "8", "--per-folder", "25")
			before := snapshotOf(t, source.Addr, user)
			p := proxyBetween(t, bed, source.URL(), standin.StartFilter(t, dest.Addr, o).URL())
			p.start(t)
			enrolAs(t, p.imap, user)
			if bad := testbed.Compare(before, snapshotOf(t, p.imap, user), testbed.CompareOptions{}); bad != nil {
				t.Errorf("through the proxy, while it moves:\n%s", strings.Join(bad, "\n"))
			}
			p.settle(t, before.Count())
			none := o.Keywords == standin.KeywordsNone
			if bad := testbed.Compare(before, snapshotOf(t, p.imap, user), testbed.CompareOptions{IgnoreFlags: none}); bad != nil {
				t.Errorf("through the proxy:\n%s", strings.Join(bad, "\n"))
			}
			if bad := testbed.Compare(before, snapshotOf(t, dest.Addr, user), testbed.CompareOptions{IgnoreFlags: none}); bad != nil {
				t.Errorf("on the destination:\n%s", strings.Join(bad, "\n"))
			}
			if bad := before.Diff(snapshotOf(t, source.Addr, user)); bad != nil {
				t.Errorf("the source was changed:\n%s", strings.Join(bad, "\n"))
			}
			p.stop(t)
		})
	}
}
