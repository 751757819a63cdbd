package testbed

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// FillQuick puts n messages of size bytes each into a user's INBOX over IMAP, many with one command, whatever the
// mail format is. Each has a Message-ID and a date of its own, every third one is unread.
func (s *Server) FillQuick(t testing.TB, user string, n, size int) {
	t.Helper()
	c, err := dial(s.Addr, user, Pass)
	if err != nil {
		t.Fatal(err)
	}
	defer c.conn.Close()
	text := strings.Repeat(strings.Repeat("the quick brown fox jumps over the lazy dog ", 2)[:74]+"\r\n", size/76+1)
	date := time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)
	batch := max(1, min(500, (4<<20)/size))
	for at := 0; at < n; at += batch {
		var b bytes.Buffer
		b.WriteString("APPEND INBOX")
		for i := at; i < min(n, at+batch); i++ {
			head := fmt.Sprintf("From: a%d@example.test\r\nTo: %s\r\nSubject: Message %d\r\nMessage-ID: <%d.%d@quick.test>\r\nContent-Type: text/plain\r\n\r\n", i%50, user, i, i, size)
			flags := []string{"", `\Seen`, `\Seen`}[i%3]
			fmt.Fprintf(&b, " (%s) %q {%d+}\r\n%s%s", flags, date.Add(time.Duration(i)*time.Minute).Format("_2-Jan-2006 15:04:05 -0700"),
				size, head, text[:size-len(head)-2]+"\r\n")
		}
		if _, err := c.ok(b.String()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.ok("LOGOUT"); err != nil {
		t.Fatal(err)
	}
}

// Empty removes all mail of a user. The server is restarted.
func (s *Server) Empty(t testing.TB, user string) {
	t.Helper()
	s.Stop(t)
	if err := os.RemoveAll(filepath.Join(s.bed.Dir, s.Name, "mail", user)); err != nil {
		t.Fatal(err)
	}
	s.Start(t)
}

// Mark tells a message of a large mailbox from others without its bytes being read.
type Mark struct {
	ID    string // its Message-ID
	Date  string // INTERNALDATE as the server spells it
	Flags string // sorted, without \Recent
	Size  string // RFC822.SIZE
}

// Marks lists a user's INBOX by Message-ID. It fails rather than return a part.
func Marks(addr, user string) ([]Mark, error) {
	c, err := dial(addr, user, Pass)
	if err != nil {
		return nil, err
	}
	defer c.conn.Close()
	if _, err := c.ok("EXAMINE INBOX"); err != nil {
		return nil, err
	}
	var out []Mark
	shape := regexp.MustCompile(`FLAGS \(([^)]*)\).* RFC822.SIZE (\d+).* INTERNALDATE "([^"]*)"`)
	answers, err := c.ok("UID FETCH 1:* (FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
	if err != nil {
		return nil, err
	}
	for _, a := range answers {
		if !strings.Contains(a[0].text, " FETCH (") {
			continue
		}
		m := shape.FindStringSubmatch(a[0].text)
		if m == nil || a[0].literal == nil {
			return nil, fmt.Errorf("not understood: %.200q", a[0].text)
		}
		flags := slices.DeleteFunc(strings.Fields(m[1]), func(f string) bool { return f == `\Recent` })
		slices.Sort(flags)
		out = append(out, Mark{ID: strings.TrimSpace(string(a[0].literal)), Flags: strings.Join(flags, " "), Size: m[2], Date: m[3]})
	}
	slices.SortFunc(out, func(a, b Mark) int { return strings.Compare(a.ID, b.ID) })
	_, err = c.ok("LOGOUT")
	return out, err
}

// Config is a Dovecot's configuration file, for its own tools.
func (s *Server) Config() string { return filepath.Join(s.bed.Dir, s.Name, "dovecot.conf") }
