package standin

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"crossfade/internal/faults"
)

// talk is a client that speaks lines.
type talk struct {
	nc       net.Conn
	r        *bufio.Reader
	n        int
	greeting string
}

func dial(t *testing.T, addr string) *talk {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(time.Minute))
	c := &talk{nc: nc, r: bufio.NewReader(nc)}
	c.greeting, _ = c.r.ReadString('\n')
	return c
}

// say sends one command and returns its answer up to the tagged line. What stands behind a NUL waits for leave to go on.
func (c *talk) say(line string) string {
	c.n++
	tag := fmt.Sprintf("t%d ", c.n)
	line, later, waits := strings.Cut(line, "\x00")
	if _, err := fmt.Fprint(c.nc, tag+line+"\r\n"); err != nil {
		return "cut"
	}
	var out strings.Builder
	for {
		got, err := c.r.ReadString('\n')
		if err != nil {
			return out.String() + got + "cut"
		}
		out.WriteString(got)
		switch {
		case strings.HasPrefix(got, tag):
			return out.String()
		case strings.HasPrefix(got, "+") && waits:
			waits = false
			_, _ = fmt.Fprint(c.nc, later+"\r\n")
		}
	}
}

// add is an APPEND of a small message with a keyword.
func add(box string) string {
	const body = "From: Joe <joe@old.test>\r\nSubject: (a  b)\r\n\r\nc\r\n"
	return fmt.Sprintf("APPEND %s (\\Seen work) \"03-Feb-2020 04:05:06 +0000\" {%d}\x00%s", box, len(body), body)
}

// manner is one thing that is said to a server and what it answers.
type manner struct {
	behaviour int
	name      string
	o         Options
	say       []string // the last answer counts
	want, not string
	filter    bool // the filter does so, too
}

const in = "LOGIN joe@example.test pw"

func imap(f func(*IMAPOptions)) (o Options) {
	f(&o.IMAP)
	return o
}

func manners() []manner {
	v13 := V13()
	return []manner{
		{2, "before a login", Options{}, []string{"CAPABILITY"}, "* CAPABILITY IMAP4rev1 AUTH=CRAM-MD5 AUTH=NTLM AUTH=PLAIN SASL-IR UIDPLUS QUOTA MOVE XLIST CHILDREN ENABLE CONDSTORE\r\n", "", true},
		{2, "of 2015, in a login", v13, []string{in}, "* CAPABILITY IMAP4rev1 UIDPLUS XLIST\r\nt1 OK", "", true},
		{2, "no codes", Options{}, []string{in}, "t1 OK", "[CAPABILITY", true},
		{3, "XLIST", Options{}, []string{in, `XLIST "" *`}, `\Spam`, `\Junk`, true},
		{3, "INBOX in XLIST", Options{}, []string{in, `XLIST "" *`}, `\Inbox`, "", true},
		{3, "LIST", Options{}, []string{in, `LIST "" *`}, "* LIST (", `\Sent`, true},
		{3, "RETURN", Options{}, []string{in, `LIST "" * RETURN (SPECIAL-USE)`}, "BAD", "* LIST", true},
		{4, "NAMESPACE", Options{}, []string{in, "NAMESPACE"}, "BAD", "", true},
		{4, "ID", Options{}, []string{"ID NIL"}, "BAD", "", true},
		{4, "IDLE", Options{}, []string{in, "IDLE"}, "BAD", "", true},
		{4, "UNSELECT", Options{}, []string{in, "SELECT INBOX", "UNSELECT"}, "BAD", "", true},
		{4, "eight bad commands", Options{}, []string{"X", "X", "X", "X", "X", "X", "X", "X"}, "* BYE", "", true},
		{5, "another separator", imap(func(o *IMAPOptions) { o.Separator = "." }), []string{in, `LIST "" ""`}, `"."`, "", false},
		{5, "Inbox", imap(func(o *IMAPOptions) { o.MixedInbox = true }), []string{in, `LIST "" inbox`}, "Inbox", "INBOX", true},
		{6, "children of INBOX", imap(func(o *IMAPOptions) { o.InboxOfAll = true }), []string{in, "CREATE INBOX/a", `LIST "" "Drafts/%"`}, "INBOX/a", "", false},
		{7, "German", Options{Locale: "de"}, []string{in, `XLIST "" *`}, `\Trash) "/" "Papierkorb"`, "Deleted Items", false},
		{7, "a default folder stays", Options{}, []string{in, `DELETE "Sent Items"`}, "NO", "", false},
		{7, "and keeps its name", Options{}, []string{in, `RENAME Drafts Mine`}, "NO", "", false},
		{8, "Sent Items come late", imap(func(o *IMAPOptions) { o.Late = true }), []string{in, `LIST "" *`}, "Junk E-Mail", "Sent Items", false},
		{8, "with their use", imap(func(o *IMAPOptions) { o.Late = true }), []string{in, `CREATE "Sent Items"`, `XLIST "" "Sent Items"`}, `\Sent`, "", false},
		{9, "UIDVALIDITY 1", Options{}, []string{in, `SELECT INBOX`}, "[UIDVALIDITY 1]", "", true},
		{9, "in STATUS", Options{}, []string{in, `STATUS INBOX (UIDVALIDITY)`}, "UIDVALIDITY 1)", "", true},
		{9, "APPENDUID 0", v13, []string{in, add("INBOX")}, "[APPENDUID 0 1]", "", true},
		{9, "COPYUID 0", v13, []string{in, add("INBOX"), "SELECT INBOX", "UID COPY 1 INBOX"}, "[COPYUID 0 1 2]", "", true},
		{10, "PERMANENTFLAGS", Options{}, []string{in, "SELECT INBOX"}, `\Recent`, "", true},
		{10, "of 2015", v13, []string{in, "SELECT INBOX"}, "PERMANENTFLAGS", `\*`, true},
		{10, "keywords lost", Options{}, []string{in, add("INBOX"), "SELECT INBOX", "FETCH 1 FLAGS"}, `\Seen`, "work", true},
		{10, "keywords stored", Options{}, []string{in, add("INBOX"), "SELECT INBOX", "STORE 1 +FLAGS (work)"}, "work", "", true},
		{11, "HIGHESTMODSEQ", Options{}, []string{in, "STATUS INBOX (HIGHESTMODSEQ)"}, "HIGHESTMODSEQ 116000446", "", false},
		{11, "rows without MODSEQ", Options{}, []string{in, add("INBOX"), "SELECT INBOX", "UID FETCH 1:* FLAGS (CHANGEDSINCE 1)"}, "* 1 FETCH", "MODSEQ", false},
		{11, "unchanged rows", imap(func(o *IMAPOptions) { o.AllChanged = true }), []string{in, add("INBOX"), "SELECT INBOX", "UID FETCH 1:* FLAGS (CHANGEDSINCE 99600044621828)"}, "* 1 FETCH", "", false},
		{12, "two spaces", Options{}, []string{in, add("INBOX"), "SELECT INBOX", "FETCH 1 (FLAGS INTERNALDATE)"}, `)  INTERNALDATE "`, "", true},
		{12, "no more than that", Options{}, []string{in, add("INBOX"), "SELECT INBOX", "FETCH 1 (UID ENVELOPE)"}, `UID 1  ENVELOPE (`, `(  `, true},
		{12, "unknown items", Options{}, []string{in, add("INBOX"), "SELECT INBOX", "FETCH 1 (UID X-GM-LABELS)"}, "FETCH (UID 1)", "", false},
		{12, "NIL among addresses", v13, []string{in, add("INBOX"), "SELECT INBOX", "FETCH 1 ENVELOPE"}, "(NIL ({20}", "", false},
		{13, "SEARCH finds nothing", imap(func(o *IMAPOptions) { o.WrongSearch = faults.SearchNothing }), []string{in, add("INBOX"), "SELECT INBOX", "SEARCH SUBJECT a"}, "* SEARCH\r\n", "", false},
		{14, "a local zone", Options{}, []string{in, add("INBOX"), "SELECT INBOX", "FETCH 1 INTERNALDATE"}, "03-Feb-2020 00:05:06 -0400", "", false},
		{14, "time of arrival", imap(func(o *IMAPOptions) { o.Arrival = true }), []string{in, add("INBOX"), "SELECT INBOX", "FETCH 1 INTERNALDATE"}, "INTERNALDATE", "2020", false},
		{19, "too large", imap(func(o *IMAPOptions) { o.MaxSize = 10 }), []string{in, "APPEND INBOX {11}"}, "NO", "+", true},
	}
}

// TestManners: the server, and the filter where it can, answer as SmarterMail.
func TestManners(t *testing.T) {
	for _, m := range manners() {
		t.Run(fmt.Sprintf("%d %s", m.behaviour, m.name), func(t *testing.T) {
			s := Start(t, m.o)
			s.Directory.AddMailbox(Mailbox{Email: "joe@example.test", Password: "pw"})
			where := map[string]string{"server": s.IMAP.Addr}
			if m.filter {
				good := faults.Start(t, faults.Quirks{})
				joe := good.Account("joe@example.test", "pw")
				joe.Create("Sent", `\Sent`)
				joe.Create("Spam", `\Junk`)
				where["filter"] = StartFilter(t, good.Addr, m.o.IMAP).Addr
			}
			for name, addr := range where {
				c, got := dial(t, addr), ""
				if want := "* OK IMAP4rev1 SmarterMail\r\n"; c.greeting != want {
					t.Errorf("%s greets %q, want %q", name, c.greeting, want)
				}
				for _, line := range m.say {
					got = c.say(line)
				}
				if !strings.Contains(got, m.want) || m.not != "" && strings.Contains(got, m.not) {
					t.Errorf("%s: got %q, want %q in it, not %q", name, got, m.want, m.not)
				}
			}
		})
	}
}

// TestLanguage: default folders are renamed with the mailbox's language, unless a folder of such a name is there.
func TestLanguage(t *testing.T) {
	s := Start(t, Options{})
	s.Directory.AddMailbox(Mailbox{Email: "joe@example.test", Password: "pw"})
	joe := s.IMAP.Account("joe@example.test")
	joe.Add("Deleted Items", faults.Message{Body: []byte("a: b\r\n\r\n")})
	joe.Create("Gesendet", "")
	if err := s.Directory.SetLanguage("joe@example.test", "de"); err == nil {
		t.Error("a folder named Gesendet is there, and the language was changed")
	}
	joe.Delete("Gesendet")
	if err := s.Directory.SetLanguage("joe@example.test", "de"); err != nil {
		t.Error(err)
	}
	if n := len(joe.Messages("Papierkorb")); n != 1 {
		t.Errorf("%d messages in Papierkorb of %v", n, joe.Mailboxes())
	}
}

// TestClean: auto-clean takes what is older than a rule says, and nothing else.
func TestClean(t *testing.T) {
	s := Start(t, Options{Locale: "fr"})
	s.Directory.AddMailbox(Mailbox{Email: "joe@example.test", Password: "pw"})
	joe, now := s.IMAP.Account("joe@example.test"), time.Now()
	trash := s.IMAP.Folder("joe@example.test", "Deleted Items")
	for _, box := range []string{trash, "INBOX"} {
		joe.Add(box, faults.Message{Date: now.AddDate(0, 0, -31), Body: []byte("old: 1\r\n\r\n")}, faults.Message{Date: now, Body: []byte("new: 1\r\n\r\n")})
	}
	s.Directory.RunClean()
	if a, b := joe.Messages(trash), joe.Messages("INBOX"); len(a) != 1 || string(a[0].Body) != "new: 1\r\n\r\n" || len(b) != 2 {
		t.Errorf("%s has %v, INBOX %v", trash, a, b)
	}
}

// TestNotLetIn: failed logins count, and a blocked address, one connection too many and a missing PROXY header get a NO in
// place of a greeting.
func TestNotLetIn(t *testing.T) {
	o := Options{IDS: IDSOptions{Rules: []IDSRule{{Failures: 2, Within: time.Hour, Block: time.Hour}}}}
	o.IMAP.MaxConns = 2
	s := Start(t, o)
	s.Directory.AddMailbox(Mailbox{Email: "joe@example.test", Password: "pw", AppPassword: "app", TwoFactor: true})
	busy := func(why string) {
		t.Helper()
		c := dial(t, s.IMAP.Addr)
		if got := c.greeting + c.say("NOOP"); !strings.HasPrefix(got, Busy+"\r\n") || strings.Contains(got, "OK") {
			t.Errorf("%s: %q", why, got)
		}
	}
	a, b := dial(t, s.IMAP.Addr), dial(t, s.IMAP.Addr)
	busy("a third connection")
	if got := a.say(in); !strings.Contains(got, "t1 NO") {
		t.Errorf("the password of a mailbox with a second factor: %q", got)
	}
	if got := a.say("LOGIN joe@example.test app"); !strings.Contains(got, "t2 OK") {
		t.Errorf("its application password: %q", got)
	}
	s.IDS.Failed(AddrOf(a.nc.LocalAddr())) // the login that was let in took the one before away
	if got := b.say(in); !strings.Contains(got, "t1 NO") {
		t.Errorf("a wrong password: %q", got)
	}
	_ = a.nc.Close()
	_ = b.nc.Close()
	busy("a blocked address")
	p := Start(t, Options{TCPProxy: true})
	s.IMAP = p.IMAP
	c := dial(t, proxied(t, p.IMAP.Addr))
	if !strings.Contains(c.greeting, "SmarterMail") {
		t.Errorf("with a PROXY header: %q", c.greeting)
	}
}

// proxied is the address of a relay that says a PROXY header first.
func proxied(t *testing.T, server string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		nc, err := ln.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		up, err := net.Dial("tcp", server)
		if err != nil {
			return
		}
		defer up.Close()
		_, _ = fmt.Fprint(up, "PROXY TCP4 192.0.2.1 192.0.2.2 1000 143\r\n")
		line, _ := bufio.NewReader(up).ReadString('\n')
		_, _ = fmt.Fprint(nc, line)
	}()
	t.Cleanup(func() { _ = ln.Close(); <-done })
	return ln.Addr().String()
}

// TestStall: a client that is silent in the middle of a command is cut off, one that is silent between two is not.
func TestStall(t *testing.T) {
	s := Start(t, imap(func(o *IMAPOptions) { o.Stall = 50 * time.Millisecond }))
	idle, c := dial(t, s.IMAP.Addr), dial(t, s.IMAP.Addr)
	_, _ = fmt.Fprint(c.nc, "a NO")
	if line, err := c.r.ReadString('\n'); !errors.Is(err, io.EOF) {
		t.Errorf("half a command: %q %v", line, err)
	}
	if got := idle.say("NOOP"); !strings.Contains(got, "OK") {
		t.Errorf("a client that waited: %q", got)
	}
}
