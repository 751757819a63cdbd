package imap_test

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/backfill/driver/imap"
	"crossfade/internal/faults"
	"crossfade/mapping"
)

// silence is the longest silence in these tests. Timeout is an hour: what ends before has ended by the rule for silence.
const silence = 1500 * time.Millisecond

// quietBed is a server behind a relay, with one message in INBOX.
func quietBed(t *testing.T) (w backfill.Writer, relay *faults.Relay, joe *faults.Account) {
	t.Helper()
	s := faults.Start(t, faults.Quirks{})
	joe = s.Account("joe", "secret")
	joe.Create("Other", "")
	joe.Add("INBOX", faults.Message{Body: []byte("Message-ID: <1@silence.test>\r\n\r\nhello\r\n"), Date: time.Unix(1500000000, 0)})
	relay = faults.NewRelay(t, s.Addr, 0)
	d, err := imap.New(imap.Options{URL: relay.URL(), Timeout: time.Hour, Silence: silence})
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Login(t.Context(), "joe", "secret")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m.(backfill.Writer), relay, joe
}

// TestWhoWaitsForASilentHost: each operation, by a client and in the background, on a host that says nothing to anybody.
// What a client asks for is given up; what must not be done twice, and the background, wait until it speaks again.
func TestWhoWaitsForASilentHost(t *testing.T) {
	uid := goimap.UIDSetNum(1)
	ops := map[string]func(ctx context.Context, w backfill.Writer, freeze func()) error{
		"examine": func(ctx context.Context, w backfill.Writer, _ func()) error {
			_, err := w.Examine(ctx, "INBOX")
			return err
		},
		"folders": func(ctx context.Context, w backfill.Writer, _ func()) error { _, err := w.Folders(ctx); return err },
		"scan": func(ctx context.Context, w backfill.Writer, _ func()) error {
			_, err := w.Scan(ctx, "INBOX", backfill.Scan{Flags: true}, func(backfill.Entry) error { return nil })
			return err
		},
		"fetch": func(ctx context.Context, w backfill.Writer, _ func()) error {
			return w.FetchRaw(ctx, "INBOX", backfill.RawFetch{UIDs: uid, Items: []string{"BODY.PEEK[]"}}, func(*backfill.RawItem) error { return nil })
		},
		"search": func(ctx context.Context, w backfill.Writer, _ func()) error {
			_, err := w.Search(ctx, "INBOX", 0, backfill.SearchKey{Text: []string{"ALL"}})
			return err
		},
		"store": func(ctx context.Context, w backfill.Writer, _ func()) error {
			_, err := w.Store(ctx, "INBOX", 0, uid, backfill.FlagsAdd, mapping.NewFlags(`\Flagged`))
			return err
		},
		"append": func(ctx context.Context, w backfill.Writer, freeze func()) error {
			items := small(1)
			body := items[0].Open
			items[0].Open = func() (io.ReadCloser, error) { // in the middle of the command
				freeze()
				return body()
			}
			_, err := w.Append(ctx, "Other", items)
			return err
		},
	}
	once := map[string]bool{"append": true}
	for name, op := range ops {
		for who, ctx := range map[string]context.Context{"client": context.Background(), "background": backfill.WithBackground(context.Background())} {
			t.Run(name+" "+who, func(t *testing.T) {
				t.Parallel()
				w, relay, joe := quietBed(t)
				frozen := make(chan struct{})
				freeze := sync.OnceFunc(func() { relay.Freeze(true); close(frozen) })
				if !once[name] {
					freeze()
				}
				done := make(chan error, 1)
				go func() { done <- op(ctx, w, freeze) }()
				<-frozen
				if who == "client" && !once[name] {
					if err := <-done; !backfill.IsUnavailable(err) {
						t.Errorf("%v, want that the host is not there", err)
					}
					relay.Freeze(false)
					err := op(ctx, w, freeze)
					for range 5 { // on a busy machine a host may seem to be silent that is not
						if !backfill.IsUnavailable(err) {
							break
						}
						err = op(ctx, w, freeze)
					}
					if err != nil {
						t.Errorf("when it speaks again: %v", err)
					}
					return
				}
				for range 2 { // after that the silence has lasted
					if err := ops["folders"](context.Background(), w, nil); !backfill.IsUnavailable(err) {
						t.Errorf("a client: %v", err)
					}
				}
				select {
				case err := <-done:
					t.Fatalf("it was given up: %v", err)
				default:
				}
				relay.Freeze(false)
				if err := <-done; err != nil {
					t.Errorf("when it speaks again: %v", err)
				}
				if n := len(joe.Messages("Other")); once[name] && n != 1 {
					t.Errorf("%d messages were appended", n)
				}
			})
		}
	}
}

// TestConnectionThatRestedOnASilentHost: before a command that must not be sent twice the connection is tried, and then
// a new one. Neither is waited for long.
func TestConnectionThatRestedOnASilentHost(t *testing.T) {
	t.Parallel()
	w, relay, joe := quietBed(t)
	relay.Freeze(true)
	time.Sleep(1100 * time.Millisecond) // a connection that rested for a second is tried first
	if _, err := w.Append(t.Context(), "Other", small(1)); !backfill.IsUnavailable(err) {
		t.Errorf("%v, want that the host is not there", err)
	}
	relay.Freeze(false)
	if n := len(joe.Messages("Other")); n != 0 {
		t.Errorf("%d messages were appended", n)
	}
}

// TestAHostThatThinks: one that greets others is waited for, however long it thinks.
func TestAHostThatThinks(t *testing.T) {
	t.Parallel()
	thinks, think := make(chan struct{}), make(chan struct{})
	f := &fake{answer: func(cmd string) (string, bool) {
		if strings.HasPrefix(cmd, "UID SEARCH") {
			close(thinks)
			<-think
			return "* SEARCH 5\r\nTAG OK done\r\n", true
		}
		return "", false
	}}
	d, err := imap.New(imap.Options{URL: "imap://" + startFake(t, f).Host(), Timeout: time.Hour, Silence: silence})
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Login(t.Context(), "joe", "pw")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	done := make(chan error, 1)
	go func() {
		uids, err := m.Search(t.Context(), "INBOX", 0, backfill.SearchKey{Text: []string{"ALL"}})
		if err == nil && uids.String() != "5" {
			t.Errorf("found %v", uids)
		}
		done <- err
	}()
	<-thinks
	for f.met() < 3 { // two more that were only greeted
		select {
		case err := <-done:
			t.Fatalf("it was given up: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	close(think)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := f.logins(); n != 1 {
		t.Errorf("%d logins: to see whether a host is there takes none", n)
	}
}

// met is how many connections there were.
func (f *fake) met() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.conns)
}

// TestWhetherAHostIsThere: who waits for somebody that talks to the host is told whether it is there, and is asked to
// wait less as long as it was found silent a moment ago.
func TestWhetherAHostIsThere(t *testing.T) {
	t.Parallel()
	s := faults.Start(t, faults.Quirks{})
	relay := faults.NewRelay(t, s.Addr, 0)
	d, err := imap.New(imap.Options{URL: relay.URL(), Timeout: time.Hour, Silence: silence})
	if err != nil {
		t.Fatal(err)
	}
	var g backfill.Greeter = d
	relay.Freeze(true)
	if g.Alive(t.Context()) || g.Silence() != silence/3 {
		t.Errorf("it is there, and clients wait %v", g.Silence())
	}
	relay.Freeze(false)
	for !g.Alive(t.Context()) {
		time.Sleep(10 * time.Millisecond) // an answer holds for a while
	}
	if g.Silence() != silence/3*2 {
		t.Errorf("clients wait %v", g.Silence())
	}
}
