//go:build integration

package main

import (
	"fmt"
	"strings"
	"testing"

	"crossfade/internal/testbed"
)

// TestNamesCyrusRefuses: a Cyrus refuses names with quotes, braces, "%" and more. Such folders are made under another name,
// with their mail and what lies below; the old names lead there, and status says so.
func TestNamesCyrusRefuses(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t, nil, testbed.Source, testbed.Cyrus)
	source, dest := bed.Server(testbed.Source), bed.Server(testbed.Cyrus)
	moved := map[string]string{`a{b}`: `a=7Bb=7D`, `a{b}.100% * x`: `a=7Bb=7D/100=25 =2A x`, `we"ird\name`: `we=22ird=5Cname`, `p|q`: `p=7Cq`, `#1!`: `#1!`, `x<y.z`: `x=3Cy/z`}
	c, err := dialGoAs(source.Addr, testbed.User(0), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for old := range moved {
		if err := c.Create("INBOX."+old, nil).Wait(); err != nil {
			t.Fatalf("%s: %v", old, err)
		}
		(localized{}).put(t, c, "INBOX."+old, "in "+old)
	}
	p := proxyBetween(t, bed, source.PlainURL(), dest.PlainURL())
	p.start(t)
	enrol(t, p.imap)
	p.settle(t, len(moved))
	through, err := dialGoAs(p.imap, testbed.User(0), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer through.Close()
	above, err := dialGoAs(dest.Addr, testbed.User(0), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer above.Close()
	notes := fmt.Sprintf("%+v", p.report(t).Accounts[0].Folders)
	for old, name := range moved {
		for _, at := range []struct {
			c    *goClient
			name string
		}{{through, "INBOX." + old}, {through, name}, {above, name}} {
			if st, err := at.c.Select(at.name, nil).Wait(); err != nil || st.NumMessages != 1 {
				t.Errorf("%s: %+v, %v", at.name, st, err)
			}
		}
		if path := fmt.Sprintf("%q", strings.ReplaceAll(name, "/", " / ")); strings.Contains(name, "=") != strings.Contains(notes, "it is called "+path) {
			t.Errorf("%s: status says %s", name, notes)
		}
	}
	p.stop(t)
}
