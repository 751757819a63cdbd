package faults

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// talk is a client that sends lines and returns what came back, up to the tagged answer or the end.
type talk struct {
	t  *testing.T
	nc net.Conn
	r  *bufio.Reader
	n  int
}

func hello(t *testing.T, addr string) *talk {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(time.Minute))
	c := &talk{t: t, nc: nc, r: bufio.NewReader(nc)}
	if line, _ := c.r.ReadString('\n'); strings.HasPrefix(line, "* OK") {
		c.say("LOGIN joe pw")
	}
	return c
}

// say sends one command, {n+} literals and all, and returns all lines, the last being the tagged answer.
func (c *talk) say(line string) string {
	c.n++
	tag := fmt.Sprintf("t%d ", c.n)
	if _, err := fmt.Fprint(c.nc, tag+line+"\r\n"); err != nil {
		return "cut"
	}
	var out strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return out.String() + line + "cut"
		}
		out.WriteString(line)
		if strings.HasPrefix(line, tag) || strings.HasPrefix(line, "+") {
			return out.String()
		}
	}
}

func literal(box, args, body string) string {
	return fmt.Sprintf("APPEND %s %s{%d+}\r\n%s", box, args, len(body), body)
}

// TestQuirks: each switch does what its name says, seen on the wire.
func TestQuirks(t *testing.T) {
	const dated = `(\Seen work) "03-Feb-2020 04:05:06 +0000" `
	mail := literal("INBOX", dated, "Subject: a\r\n\r\nb\n")
	for _, c := range []struct {
		name string
		q    Quirks
		say  []string
		want string // in the last answer
		not  string
	}{
		{"good", Quirks{}, []string{mail, "SELECT INBOX", "UID FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE)"}, `FLAGS (\Seen work) INTERNALDATE "03-Feb-2020 04:05:06 +0000" RFC822.SIZE 16`, ""},
		{"zero validity", Quirks{Validity: ValidityZero}, []string{"SELECT INBOX"}, "[UIDVALIDITY 0]", ""},
		{"one validity", Quirks{Validity: ValidityOne}, []string{"STATUS INBOX (UIDVALIDITY)"}, "UIDVALIDITY 1)", ""},
		{"gaps", Quirks{UIDGap: 4}, []string{mail}, " 5] done", ""},
		{"no uidplus", Quirks{Without: []string{"UIDPLUS"}}, []string{mail}, "OK done", "APPENDUID"},
		{"no uid", Quirks{AppendUID: UIDMissing}, []string{mail}, "OK done", "APPENDUID"},
		{"zero uid", Quirks{AppendUID: UIDZeroValidity}, []string{mail}, "[APPENDUID 0 1]", ""},
		{"low uid", Quirks{AppendUID: UIDTooLow}, []string{mail, mail}, " 1]", ""},
		{"high uid", Quirks{AppendUID: UIDTooHigh}, []string{mail}, " 1002]", ""},
		{"no move", Quirks{Without: []string{"MOVE"}}, []string{"SELECT INBOX", "UID MOVE 1 INBOX"}, "BAD", ""},
		{"no idle", Quirks{Without: []string{"IDLE"}}, []string{"IDLE"}, "BAD", ""},
		{"xlist", Quirks{XList: true}, []string{`XLIST "" INBOX`}, `\Inbox`, ""},
		{"no xlist", Quirks{}, []string{`XLIST "" INBOX`}, "BAD", ""},
		{"dropped keywords", Quirks{DropKeywords: true}, []string{mail, "SELECT INBOX", "FETCH 1 FLAGS"}, `FLAGS (\Seen)`, "work"},
		{"dropped only then", Quirks{DropKeywords: true}, []string{mail, "SELECT INBOX", "STORE 1 +FLAGS (work)"}, `FLAGS (\Seen work)`, ""},
		{"no keywords", Quirks{NoKeywords: true}, []string{"SELECT INBOX"}, "PERMANENTFLAGS", `\*`},
		{"forgotten keywords", Quirks{ForgetKeywords: true}, []string{mail, "SELECT INBOX", "STORE 1 +FLAGS (work)"}, `FLAGS (\Seen)`, "work"},
		{"shifted dates", Quirks{Dates: DatesShifted}, []string{mail, "SELECT INBOX", "FETCH 1 INTERNALDATE"}, "05:05:06", ""},
		{"now", Quirks{Dates: DatesNow}, []string{mail, "SELECT INBOX", "FETCH 1 INTERNALDATE"}, "INTERNALDATE", "2020"},
		{"no dates", Quirks{Dates: DatesRefused}, []string{mail}, "BAD", ""},
		{"refused", Quirks{Refuse: OneIn(1, "NO [CANNOT] never")}, []string{mail}, "NO [CANNOT] never", ""},
		{"too big", Quirks{MaxSize: 10}, []string{mail}, "NO [TOOBIG]", ""},
		{"too big at once", Quirks{MaxSize: 10}, []string{"APPEND INBOX {11}"}, "NO [TOOBIG]", "+"},
		{"full", Quirks{Quota: 20}, []string{mail, mail}, "NO [OVERQUOTA]", ""},
		{"throttled", Quirks{Throttle: Throttle{Appends: 1, Per: time.Hour}}, []string{mail, mail}, "NO [THROTTLED]", ""},
		{"one of a kind", Quirks{Dedup: SameBytes}, []string{mail, mail, "STATUS INBOX (MESSAGES)"}, "MESSAGES 1)", ""},
		{"one of an id", Quirks{Dedup: SameMessageID}, []string{literal("INBOX", "", "Message-ID: <a>\r\n\r\n1"), literal("INBOX", "", "Message-ID: <a>\r\n\r\n2"), "STATUS INBOX (MESSAGES)"}, "MESSAGES 1)", ""},
		{"rewritten", Quirks{Rewrite: Both}, []string{mail, "SELECT INBOX", "FETCH 1 BODY.PEEK[]"}, "X-Received-By", ""},
		{"short fetch", Quirks{ShortFetch: 1}, []string{mail, mail, "SELECT INBOX", "FETCH 1:2 UID"}, "OK", "UID 2"},
		{"short list", Quirks{ShortList: 1}, []string{"CREATE ZZ", `LIST "" "*"`}, "OK", "ZZ"},
		{"double spaces", Quirks{DoubleSpaces: true}, []string{mail, "SELECT INBOX", "FETCH 1 UID"}, "*  1  FETCH  (UID  1)", ""},
		{"chatty", Quirks{Chatty: true}, []string{mail, "SELECT INBOX", "NOOP"}, "FETCH (", ""},
		{"garbage", Quirks{Garbage: []string{"* LOVE"}}, []string{"NOOP"}, "* LOVE", ""},
		{"deliver", Quirks{Deliver: func(string, Message) string { return "Elsewhere" }}, []string{"CREATE Elsewhere", mail, "STATUS Elsewhere (MESSAGES)"}, "MESSAGES 1", ""},
		{"nul", Quirks{NulTo80: true}, []string{literal("INBOX", "", "a: b\r\n\r\n\x00"), "SELECT INBOX", "FETCH 1 BODY[]"}, "\x80", "\x00"},
		{"offers", Quirks{Offers: []string{"IMAP4rev1", "UIDPLUS"}}, []string{"CAPABILITY"}, "* CAPABILITY IMAP4rev1 UIDPLUS\r\n", ""},
		{"offers once in", Quirks{Offers: []string{"IMAP4rev1"}, OffersIn: []string{"IMAP4rev1", "IDLE"}}, []string{"CAPABILITY"}, "* CAPABILITY IMAP4rev1 IDLE\r\n", ""},
		{"not offered", Quirks{Offers: []string{"IMAP4rev1"}}, []string{"NAMESPACE"}, "BAD", ""},
		{"no RETURN", Quirks{Offers: []string{"IMAP4rev1"}}, []string{`LIST "" * RETURN (SPECIAL-USE)`}, "BAD", "* LIST"},
		{"many bad commands", Quirks{MaxBad: 3}, []string{"X", "X", "X"}, "* BYE", ""},
		{"Inbox", Quirks{InboxName: "Inbox"}, []string{"CREATE Inbox/a", `LIST "" *`}, `"Inbox/a"`, "INBOX"},
		{"below Inbox", Quirks{InboxName: "Inbox"}, []string{"CREATE Inbox/a", "RENAME Inbox/a Inbox/b", "STATUS Inbox/b (MESSAGES)"}, "MESSAGES 0", ""},
		{"children of INBOX", Quirks{InboxOfAll: true}, []string{"CREATE INBOX/a", "CREATE b", `LIST "" b/%`}, `"INBOX/a"`, ""},
		{"a default stays", Quirks{KeepDefaults: true}, []string{"DELETE Later", "CREATE Later", "DELETE Later"}, "NO [CANNOT]", ""},
		{"a default keeps its name", Quirks{KeepDefaults: true}, []string{"CREATE Later", "RENAME Later Now"}, "NO [CANNOT]", ""},
		{"a flag that cannot be", Quirks{RecentFlag: true, NoKeywords: true}, []string{"SELECT INBOX"}, `\Recent)]`, `\*`},
		{"a zone", Quirks{Zone: time.FixedZone("", -4*3600)}, []string{mail, "SELECT INBOX", "FETCH 1 INTERNALDATE"}, "03-Feb-2020 00:05:06 -0400", ""},
		{"large mod-sequences", Quirks{ModSeqs: 1 << 40}, []string{mail, "STATUS INBOX (HIGHESTMODSEQ)"}, "HIGHESTMODSEQ 1099511627778", ""},
		{"silent mod-sequences", Quirks{SilentModSeq: true}, []string{mail, "SELECT INBOX", "FETCH 1 FLAGS (CHANGEDSINCE 1)"}, "* 1 FETCH", "MODSEQ"},
		{"all changed", Quirks{ChangedAll: true}, []string{mail, "SELECT INBOX", "FETCH 1 FLAGS (CHANGEDSINCE 99)"}, "* 1 FETCH", ""},
		{"unknown items", Quirks{SkipItems: true}, []string{mail, "SELECT INBOX", "FETCH 1 (UID X-GM-LABELS)"}, "FETCH (UID 1)", "BAD"},
		{"an odd envelope", Quirks{OddEnvelope: true}, []string{literal("INBOX", "", "From: a@b.test\r\n\r\n"), "SELECT INBOX", "FETCH 1 ENVELOPE"}, "(NIL ({20}\r\n=?utf-8?Q?not_closed NIL \"a\" \"b.test\"))", ""},
		{"nothing is found", Quirks{WrongSearch: SearchNothing}, []string{mail, "SELECT INBOX", "SEARCH SUBJECT a"}, "* SEARCH\r\n", ""},
		{"all is found", Quirks{WrongSearch: SearchAll}, []string{mail, "SELECT INBOX", "SEARCH SINCE 1-Jan-2050"}, "* SEARCH 1\r\n", ""},
		{"half is found", Quirks{WrongSearch: SearchHalf}, []string{mail, mail, "SELECT INBOX", "SEARCH SUBJECT a"}, "* SEARCH 1\r\n", ""},
		{"items apart", Quirks{DoubleItems: true}, []string{mail, "SELECT INBOX", "FETCH 1 (UID FLAGS)"}, "* 1 FETCH (UID 1  FLAGS (\\Seen work))", ""},
		{"busy", Quirks{Greeting: "* NO Server is busy"}, []string{"NOOP"}, "cut", "OK"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := Start(t, c.q)
			s.Account("joe", "pw").Reserve("Later", `\Drafts`)
			h := hello(t, s.Addr)
			got := ""
			for _, line := range c.say {
				got = h.say(line)
			}
			if !strings.Contains(got, c.want) || c.not != "" && strings.Contains(got, c.not) {
				t.Errorf("got %q, want %q in it, not %q", got, c.want, c.not)
			}
		})
	}
}

// TestRules: the script fails exactly what it says.
func TestRules(t *testing.T) {
	mail := literal("INBOX", "", "Subject: a\r\n\r\n")
	for _, c := range []struct {
		name  string
		rule  Rule
		wants []string // answers to equal APPENDs, each on a new connection after a cut
		kept  int
	}{
		{"second", Rule{On: "APPEND", Nth: 2, Answer: "NO [LIMIT] enough"}, []string{"OK", "NO [LIMIT] enough", "OK"}, 2},
		{"from the second, twice", Rule{On: "APPEND", Nth: 2, Times: 2, Answer: "BAD boy"}, []string{"OK", "BAD boy", "BAD boy", "OK"}, 2},
		{"before", Rule{On: "APPEND", Nth: 1, Cut: CutBefore}, []string{"cut", "OK"}, 1},
		{"after", Rule{On: "APPEND", Nth: 1, Cut: CutAfter}, []string{"cut", "OK"}, 2},
		{"half", Rule{On: "APPEND", Nth: 1, Cut: CutHalf}, []string{"cut", "OK"}, 2},
		{"bye", Rule{On: "APPEND", Nth: 1, Answer: "BYE going"}, []string{"* BYE going", "OK"}, 1},
		{"matched", Rule{On: "APPEND", Match: func(c Command) bool { return c.User == "joe" && c.Mailbox == "INBOX" && len(c.Messages) == 1 }, Answer: "NO"}, []string{"NO", "NO"}, 0},
		{"untagged", Rule{On: "APPEND", Untagged: "* OK by the way"}, []string{"* OK by the way"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := Start(t, Quirks{})
			joe := s.Account("joe", "pw")
			s.Script(c.rule)
			h := hello(t, s.Addr)
			for i, want := range c.wants {
				got := h.say(mail)
				if !strings.Contains(got, want) {
					t.Errorf("%d: %q, want %q", i, got, want)
				}
				if strings.Contains(got, "cut") || strings.Contains(got, "BYE") {
					h = hello(t, s.Addr)
				}
			}
			if n := len(joe.Messages("INBOX")); n != c.kept {
				t.Errorf("%d kept, want %d", n, c.kept)
			}
		})
	}
}

// TestRestart: what was answered is there again; numbers are new only if the quirk says so.
func TestRestart(t *testing.T) {
	for _, v := range []Validity{ValidityGood, ValidityNew} {
		s := Start(t, Quirks{Validity: v})
		s.Account("joe", "pw")
		h := hello(t, s.Addr)
		h.say(literal("INBOX", "", "a"))
		before := h.say("STATUS INBOX (UIDVALIDITY MESSAGES)")
		if err := s.Restart(); err != nil {
			t.Fatal(err)
		}
		if got := h.say("NOOP"); got != "cut" {
			t.Errorf("an old connection lives: %q", got)
		}
		h = hello(t, s.Addr)
		h.say("NOOP")
		after := h.say("STATUS INBOX (UIDVALIDITY MESSAGES)")
		if !strings.Contains(after, "MESSAGES 1") || (before == after) != (v == ValidityGood) {
			t.Errorf("%q, then %q", before, after)
		}
	}
}

// TestRenumber: a client that has the mailbox open is told.
func TestRenumber(t *testing.T) {
	s := Start(t, Quirks{})
	joe := s.Account("joe", "pw")
	joe.Add("INBOX", Message{UID: 7, Body: []byte("a")})
	h := hello(t, s.Addr)
	h.say("SELECT INBOX")
	joe.Renumber("INBOX")
	if got := h.say("NOOP"); !strings.Contains(got, "UIDVALIDITY") {
		t.Errorf("%q", got)
	}
	if got := h.say("UID FETCH 1:* FLAGS"); !strings.Contains(got, "UID 1 ") {
		t.Errorf("%q", got)
	}
}
