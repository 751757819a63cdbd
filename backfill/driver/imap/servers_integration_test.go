//go:build integration

package imap_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"crossfade/backfill/driver/drivertest"
	"crossfade/backfill/driver/imap"
	"crossfade/internal/testbed"
)

// TestServers runs the suite against real servers.
func TestServers(t *testing.T) {
	names := []string{testbed.Source, testbed.Dest, testbed.Cyrus, testbed.Courier}
	bed := testbed.Start(t, nil, names...)
	for _, name := range names {
		var users atomic.Int32
		f := func(t *testing.T) drivertest.Server {
			t.Helper()
			return real(t, bed.Server(name), testbed.User(int(users.Add(1))))
		}
		t.Run(name, func(t *testing.T) {
			t.Run("Mail", func(t *testing.T) { drivertest.Mail(t, f) })
			if name == testbed.Courier {
				return // it is a source: it gives what is there already another answer, and takes no names beyond U+FFFF
			}
			t.Run("Writer", func(t *testing.T) { drivertest.Writer(t, f) })
		})
	}
}

// real is one account of a server, filled and emptied by go-imap's client.
func real(t *testing.T, s *testbed.Server, user string) drivertest.Server {
	t.Helper()
	d, err := imap.New(imap.Options{URL: s.PlainURL()})
	if err != nil {
		t.Fatal(err)
	}
	other := func(t *testing.T, do func(c *imapclient.Client) error) {
		t.Helper()
		c, err := imapclient.DialInsecure(s.Addr, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if err := c.Login(user, testbed.Pass).Wait(); err != nil {
			t.Fatal(err)
		}
		if err := do(c); err != nil {
			t.Fatal(err)
		}
		if err := c.Logout().Wait(); err != nil {
			t.Fatal(err)
		}
	}
	fill := func(t *testing.T, box string, msgs ...drivertest.Msg) {
		t.Helper()
		other(t, func(c *imapclient.Client) error {
			if err := c.Create(box, nil).Wait(); err != nil && !strings.Contains(strings.ToLower(err.Error()), "exists") {
				return err
			}
			for _, m := range msgs {
				o := &goimap.AppendOptions{Time: m.Date}
				for _, f := range m.Flags.List() {
					o.Flags = append(o.Flags, goimap.Flag(f))
				}
				a := c.Append(box, int64(len(m.Body)), o)
				if _, err := a.Write([]byte(m.Body)); err != nil {
					return err
				}
				if err := a.Close(); err != nil {
					return err
				}
				if _, err := a.Wait(); err != nil {
					return fmt.Errorf("APPEND: %w", err)
				}
			}
			return nil
		})
	}
	remove := func(t *testing.T, box string, uids ...uint32) {
		t.Helper()
		var set goimap.UIDSet
		for _, u := range uids {
			set.AddNum(goimap.UID(u))
		}
		other(t, func(c *imapclient.Client) error {
			if _, err := c.Select(box, nil).Wait(); err != nil {
				return err
			}
			if err := c.Store(set, &goimap.StoreFlags{Op: goimap.StoreFlagsAdd, Flags: []goimap.Flag{goimap.FlagDeleted}}, nil).Close(); err != nil {
				return err
			}
			return c.Expunge().Close()
		})
	}
	return drivertest.Server{Driver: d, Ask: "x NOOP\r\n", Answer: "x OK", User: user, Secret: testbed.Pass, Fill: fill, Remove: remove, EndsLines: s.Name == testbed.Courier, NoGlance: s.Name == testbed.Courier}
}
