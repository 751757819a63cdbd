package drivertest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/mapping"
)

// Server is an account on a running server, empty but for an INBOX.
type Server struct {
	Driver       backfill.Driver
	User, Secret string
	// Fill makes sure that the mailbox exists and adds messages to it, past the driver.
	Fill func(t *testing.T, box string, msgs ...Msg)
	// Remove expunges messages, past the driver; nil if it cannot.
	Remove func(t *testing.T, box string, uids ...uint32)
	// KeepsCut: the server adds a message whose sending was cut, against all rules. What does so is a test double.
	KeepsCut bool
	// Chatty: the server tells flags unasked, so that a poll may see changes where there are none.
	Chatty bool
	// EndsLines: the server adds the line end that a message lacks at its end.
	EndsLines bool
	// NoGlance: the driver must say that it cannot be asked how many mailboxes are, as the server's answers are not to be
	// believed.
	NoGlance bool
	// Ask is what a client may say over a pipe, and Answer how the server's answer begins.
	Ask, Answer string
}

// Msg is a message to put into a server.
type Msg struct {
	Body  string
	Flags mapping.Flags
	Date  time.Time
}

// Factory starts a server that ends with the test.
type Factory func(t *testing.T) Server

// Mail runs the cases of the reading half.
func Mail(t *testing.T, f Factory) {
	t.Run("Login", func(t *testing.T) { testLogin(t, f) })
	t.Run("Pipe", func(t *testing.T) { testPipe(t, f) })
	t.Run("Folders", func(t *testing.T) { testFolders(t, f) })
	t.Run("Examine", func(t *testing.T) { testExamine(t, f) })
	t.Run("Scan", func(t *testing.T) { testScan(t, f) })
	t.Run("ScanRange", func(t *testing.T) { testScanRange(t, f) })
	t.Run("Read", func(t *testing.T) { testRead(t, f) })
	t.Run("ReadLarge", func(t *testing.T) { testReadLarge(t, f) })
	t.Run("ReadLeavesUnread", func(t *testing.T) { testReadLeavesUnread(t, f) })
	t.Run("FetchRaw", func(t *testing.T) { testFetchRaw(t, f) })
	t.Run("Search", func(t *testing.T) { testSearch(t, f) })
	t.Run("Poll", func(t *testing.T) { testPoll(t, f) })
	t.Run("Glance", func(t *testing.T) { testGlance(t, f) })
	t.Run("Vanished", func(t *testing.T) { testVanished(t, f) })
	t.Run("UIDValidity", func(t *testing.T) { testUIDValidity(t, f) })
	t.Run("Cancel", func(t *testing.T) { testCancel(t, f) })
	t.Run("CallbackError", func(t *testing.T) { testCallbackError(t, f) })
	t.Run("Parallel", func(t *testing.T) { testParallel(t, f) })
}

// Writer runs the cases of the writing half.
func Writer(t *testing.T, f Factory) {
	t.Run("Append", func(t *testing.T) { testAppend(t, f) })
	t.Run("AppendMany", func(t *testing.T) { testAppendMany(t, f) })
	t.Run("AppendShortBody", func(t *testing.T) { testAppendShortBody(t, f) })
	t.Run("AppendNowhere", func(t *testing.T) { testAppendNowhere(t, f) })
	t.Run("Store", func(t *testing.T) { testStore(t, f) })
	t.Run("Expunge", func(t *testing.T) { testExpunge(t, f) })
	t.Run("Copy", func(t *testing.T) { testCopy(t, f) })
	t.Run("Move", func(t *testing.T) { testMove(t, f) })
	t.Run("Mailboxes", func(t *testing.T) { testMailboxes(t, f) })
	t.Run("Names", func(t *testing.T) { testNames(t, f) })
}

const patience = 30 * time.Second

func login(t *testing.T, f Factory) (Server, backfill.Mail) {
	t.Helper()
	s := f(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	m, err := s.Driver.Login(ctx, s.User, s.Secret)
	if err != nil {
		t.Fatal("login:", err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error("close:", err)
		}
	})
	return s, m
}

func loginWriter(t *testing.T, f Factory) (Server, backfill.Writer) {
	t.Helper()
	s, m := login(t, f)
	w, ok := m.(backfill.Writer)
	if !ok {
		t.Fatalf("%T is no backfill.Writer", m)
	}
	return s, w
}

// numbered makes n small messages, distinct in everything that is kept.
func numbered(n int) []Msg {
	out := make([]Msg, n)
	for i := range out {
		out[i] = Msg{
			Body: fmt.Sprintf("Message-ID: <%d@example.test>\r\nSubject: number %d\r\n\r\n%s\r\n", i, i, strings.Repeat("x", i%50)),
			Date: time.Date(2020, 1, 1+i%28, i%24, 0, 0, 0, time.FixedZone("", 3600*(i%5))),
		}
		if i%3 == 0 {
			out[i].Flags = mapping.NewFlags(`\Seen`)
		}
	}
	return out
}

func scanAll(t *testing.T, m backfill.Mail, box string) ([]backfill.Entry, backfill.BoxState) {
	t.Helper()
	var out []backfill.Entry
	state, err := m.Scan(t.Context(), box, backfill.Scan{Flags: true, Details: true}, func(e backfill.Entry) error {
		out = append(out, e)
		return nil
	})
	if err != nil {
		t.Fatal("scan:", err)
	}
	return out, state
}

func uids(entries []backfill.Entry) imap.UIDSet {
	var set imap.UIDSet
	for _, e := range entries {
		set.AddNum(imap.UID(e.UID))
	}
	return set
}

// box spells a mailbox beside INBOX in the personal namespace.
func box(m backfill.Mail, name string) string { return m.Features().Prefix + name }
