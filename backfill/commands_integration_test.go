//go:build integration

package backfill_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"crossfade/backfill"
	"crossfade/backfill/driver/imap"
	"crossfade/internal/faults"
	"crossfade/internal/testbed"
	"crossfade/store"
	"crossfade/store/memory"
)

// TestCommandsAnHour counts what an account of 13 folders whose mail has moved costs the source: left alone, and with
// one client that has INBOX open and a message a minute. Time runs a hundred times as fast.
func TestCommandsAnHour(t *testing.T) {
	bed := testbed.Start(t, nil, testbed.Source, testbed.Dest)
	below, above := bed.Server(testbed.Source), bed.Server(testbed.Dest)
	old := faults.Start(t, bare())
	for i, c := range []struct {
		name string
		addr string
		busy bool
		most int
	}{
		{"Dovecot, quiet", below.Addr, false, 120},
		{"Dovecot, busy", below.Addr, true, 1200},
		{"a server of 1996, quiet", old.Addr, false, 300},
		{"a server of 1996, busy", old.Addr, true, 3000},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			user := testbed.User(i)
			old.Account(user, testbed.Pass)
			fillFolders(t, c.addr, user, 12)
			n := commandsAnHour(t, c.addr, above.Addr, user, c.busy)
			t.Logf("%d commands an hour", n)
			if n > c.most {
				t.Errorf("%d commands an hour, more than %d", n, c.most)
			}
		})
	}
}

const hourly = 300 * time.Millisecond // Recheck: 30 s in truth

func commandsAnHour(t *testing.T, below, above, user string, busy bool) int {
	t.Helper()
	var mu sync.Mutex
	count := map[string]int{}
	relay := faults.NewRelay(t, below, 0)
	relay.Filter(faults.ToServer, func(line string, _ func(string)) []string {
		if words := strings.Fields(strings.ToUpper(line)); len(words) > 1 {
			mu.Lock()
			defer mu.Unlock()
			if words[1] == "UID" && len(words) > 2 {
				words[1] += " " + words[2]
			}
			count[words[1]]++
		}
		return []string{line}
	})
	driver := func(addr string) backfill.Driver {
		d, err := imap.New(imap.Options{URL: "imap://" + addr + "?tls=off", IdleTimeout: 10 * hourly})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	st, err := store.Open(memory.New())
	if err != nil {
		t.Fatal(err)
	}
	e, err := backfill.New(backfill.Options{Source: driver(relay.Addr), Destination: driver(above), Store: st, Recheck: hourly, Poll: hourly / 15})
	if err != nil {
		t.Fatal(err)
	}
	runEngine(t, e)
	s, err := e.Login(t.Context(), user, testbed.Pass)
	if err != nil {
		t.Fatal(err)
	}
	within(t, func() error {
		if r := e.Status(); !r.Done {
			return fmt.Errorf("not done: %+v", r)
		}
		return nil
	})
	if busy {
		m, err := s.Open(t.Context(), "INBOX", false)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
	}
	<-time.After(24 * hourly) // 12 minutes
	mu.Lock()
	clear(count)
	mu.Unlock()
	begun := time.Now()
	for i := range 60 {
		if <-time.After(hourly); busy && i%2 == 0 {
			mail(t, below, user)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	looks := int(time.Since(begun) / hourly) // more than 60 on a busy machine
	var words []string
	n := 0
	for name, c := range count {
		c = c * 120 / looks
		words = append(words, fmt.Sprintf("%s %d", name, c))
		n += c
	}
	slices.Sort(words)
	t.Log(strings.Join(words, ", "))
	return n
}

func talkTo(t *testing.T, addr, user string, do func(c *imapclient.Client) error) {
	t.Helper()
	c, err := imapclient.DialInsecure(addr, nil)
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
}

func mail(t *testing.T, addr, user string) {
	t.Helper()
	talkTo(t, addr, user, func(c *imapclient.Client) error { return appendOne(c, "INBOX") })
}

func appendOne(c *imapclient.Client, box string) error {
	text := fmt.Sprintf("Message-ID: <%d@x>\r\n\r\nhello\r\n", time.Now().UnixNano())
	a := c.Append(box, int64(len(text)), nil)
	if _, err := a.Write([]byte(text)); err != nil {
		return err
	}
	if err := a.Close(); err != nil {
		return err
	}
	_, err := a.Wait()
	return err
}

// fillFolders puts five messages into INBOX and each of n folders.
func fillFolders(t *testing.T, addr, user string, n int) {
	t.Helper()
	talkTo(t, addr, user, func(c *imapclient.Client) error {
		prefix := ""
		if data, err := c.Namespace().Wait(); err == nil && len(data.Personal) > 0 {
			prefix = data.Personal[0].Prefix
		}
		boxes := []string{"INBOX"}
		for i := range n {
			boxes = append(boxes, fmt.Sprintf("%sF%d", prefix, i))
		}
		for _, b := range boxes {
			if b != "INBOX" {
				if err := c.Create(b, nil).Wait(); err != nil {
					return err
				}
			}
			for range 5 {
				if err := appendOne(c, b); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
