//go:build integration

package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"crossfade/internal/faults"
	"crossfade/internal/imapwire"
	"crossfade/internal/testbed"
)

// TestCommandsAsDirect plays the scripts under testdata/commands directly to a real server and through the proxy, and
// wants the same answers to every command: tagged status and untagged data, but for what two servers may tell
// differently. The scripts' messages lie in a folder of the destination alone, in a blended one of which nothing is
// copied, and in one that moves meanwhile.
func TestCommandsAsDirect(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t, []string{"CROSSFADE_DEST_FSYNC=never"}, testbed.Source, testbed.Dest)
	source, dest := bed.Server(testbed.Source), bed.Server(testbed.Dest)
	p := proxyBetween(t, bed, source.PlainURL(), faults.NewRelay(t, dest.Addr, 5*time.Millisecond).URL(), "--hold-backfill")
	p.start(t)
	files, err := filepath.Glob("testdata/commands/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	user := 0
	play := func(file, fill, addr string) []string {
		t.Helper()
		name := testbed.User(user)
		user++
		fillScript(t, file, fill, name)
		return playScript(t, file, addr, name)
	}
	compare := func(t *testing.T, direct, through []string) {
		t.Helper()
		for i := range max(len(direct), len(through)) {
			if i >= len(direct) || i >= len(through) || direct[i] != through[i] {
				t.Fatalf("at answer %d:\n direct %s\nthrough %s", i+1, strings.Join(direct[min(i, len(direct)):min(i+1, len(direct))], ""), strings.Join(through[min(i, len(through)):min(i+1, len(through))], ""))
			}
		}
	}
	direct := map[string][]string{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		direct[file] = play(file, dest.Addr, dest.Addr)
		t.Run("destination only "+name, func(t *testing.T) { compare(t, direct[file], play(file, p.imap, p.imap)) })
		t.Run("uncopied "+name, func(t *testing.T) { compare(t, direct[file], play(file, source.Addr, p.imap)) })
	}
	if code, _, errs := call("release", "--state", p.state); code != exitWell {
		t.Fatal(errs)
	}
	for _, file := range files {
		t.Run("moving "+strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { compare(t, direct[file], play(file, source.Addr, p.imap)) })
	}
	p.stop(t)
}

type scriptMessage struct{ flags, date, body string }

// scriptMail are the messages of INBOX before a script begins. The dates, sizes and flags differ.
var scriptMail = []scriptMessage{
	{`\Seen`, "01-Jan-2020 10:00:00 +0100", "From: Ann Other <ann@example.test>\r\nTo: bob@example.test\r\nSubject: first\r\nDate: Wed, 01 Jan 2020 10:00:00 +0100\r\nMessage-ID: <1@script.test>\r\n\r\nhello world\r\n"},
	{``, "02-Jan-2020 23:30:00 -0500", "From: \"Bob, the other\" <bob@example.test>\r\nTo: ann@example.test, carol@example.test\r\nCc: dave@example.test\r\nSubject: Re: first\r\nDate: Thu, 02 Jan 2020 23:30:00 -0500\r\nMessage-ID: <2@script.test>\r\nIn-Reply-To: <1@script.test>\r\nReferences: <1@script.test>\r\n\r\nhello yourself\r\n"},
	{`\Answered \Flagged`, "03-Jan-2020 00:10:00 +0200", "From: carol@example.test\r\nTo: undisclosed-recipients:;\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= aus =?iso-8859-1?Q?K=F6ln?=\r\nDate: Fri, 03 Jan 2020 00:10:00 +0200\r\nMessage-ID: <3@script.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b1\r\n\r\nprologue\r\n--b1\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe=\r\n aus\r\n--b1\r\nContent-Type: application/octet-stream; name=a.bin\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=a.bin\r\n\r\nAAECA/8=\r\n--b1--\r\nepilogue\r\n"},
	{`\Deleted`, "04-Jan-2020 10:00:00 +0000", "From: dave@example.test\r\nSubject: forwarded\r\nDate: Sat, 04 Jan 2020 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"outer one\"\r\n\r\n--outer one\r\nContent-Type: message/rfc822\r\n\r\nFrom: eve@example.test\r\nSubject: inner\r\nContent-Type: multipart/alternative; boundary=in\r\n\r\n--in\r\n\r\nplain\r\n--in\r\nContent-Type: text/html\r\n\r\n<p>html</p>\r\n--in--\r\n--outer one--\r\n"},
	{`\Draft $Work`, "05-Feb-2021 10:00:00 +0000", "Subject: no date, no sender\r\n\r\n" + strings.Repeat("a long line of a longer message\r\n", 40)},
	{``, "06-Feb-2021 10:00:00 +0000", "From: ann@example.test\r\nSubject: \"quotes\" \\ and (parentheses)\r\nX-Spam: no\r\n\tfolded\r\nDate: Sat, 06 Feb 2021 10:00:00 +0000\r\n\r\nlast one, NIL\r\n"},
}

// fillScript puts them into a user's INBOX; more and others if the script is about sorting.
func fillScript(t *testing.T, file, addr, user string) {
	t.Helper()
	k := newScriptConn(t, addr, user)
	defer k.nc.Close()
	mail := scriptMail
	if strings.HasPrefix(filepath.Base(file), "sort") {
		mail = sortMail(100)
	}
	command := "APPEND INBOX"
	for _, m := range mail {
		command += fmt.Sprintf(" (%s) %q {%d+}\r\n%s", m.flags, m.date, len(m.body), m.body)
	}
	if got := k.command(command); !strings.HasPrefix(got, "OK") {
		t.Fatalf("%s: APPEND: %s", addr, got)
	}
}

// playScript sends the commands of a script, one line each, and returns what was answered. A number and a colon in front
// of a command choose the connection; \r\n in it is a line end.
func playScript(t *testing.T, file, addr, user string) (said []string) {
	t.Helper()
	script, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	conns := map[string]*scriptConn{}
	for n, line := range strings.Split(string(script), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		who := "1"
		if len(line) > 2 && line[1] == ':' {
			who, line = line[:1], line[2:]
		}
		if conns[who] == nil {
			conns[who] = newScriptConn(t, addr, user)
			defer conns[who].nc.Close()
		}
		said = append(said, fmt.Sprintf("%s:%d: %s\n%s", file, n+1, line, conns[who].command(strings.ReplaceAll(line, `\r\n`, "\r\n"))))
	}
	return said
}

// scriptConn is a raw client of which the answers are made comparable.
type scriptConn struct {
	t   *testing.T
	nc  *imapwire.Conn
	tag int
}

func newScriptConn(t *testing.T, addr, user string) *scriptConn {
	t.Helper()
	k := &scriptConn{t: t, nc: dialWire(t, addr)}
	if got := k.command(fmt.Sprintf("LOGIN %q %q", user, testbed.Pass)); !strings.HasPrefix(got, "OK") {
		t.Fatalf("%s: LOGIN: %s", addr, got)
	}
	return k
}

// command returns the tagged status and, in an order of its own, the untagged data.
func (k *scriptConn) command(text string) string {
	k.t.Helper()
	k.tag++
	tag := "k" + strconv.Itoa(k.tag)
	_, _ = k.nc.WriteString(tag + " " + text + "\r\n")
	if err := k.nc.Flush(); err != nil {
		k.t.Fatal(err)
	}
	var data []string
	for {
		var frame imapwire.Frame
		if err := k.nc.ReadFrame(&frame, nil); err != nil {
			if err == io.EOF {
				return "EOF"
			}
			k.t.Fatalf("%s: %v", text, err)
		}
		line := string(frame.Raw)
		if rest, ok := strings.CutPrefix(line, tag+" "); ok {
			slices.Sort(data)
			return plainStatus(rest) + "\n" + strings.Join(data, "\n")
		}
		if line = plainData(line); line != "" {
			data = append(data, line)
		}
	}
}

var (
	// codes that tell the same on every server; a NO may have any other, and text is anybody's own.
	sameCodes   = regexp.MustCompile(`^(OK|NO|BAD)( \[(READ-ONLY|READ-WRITE|TRYCREATE|COPYUID|APPENDUID)[^]]*\])?`)
	validity    = regexp.MustCompile(`(UIDVALIDITY|COPYUID|APPENDUID) \d+`)
	serverFlags = regexp.MustCompile(`(?i)\\(Recent|Marked|UnMarked|HasNoChildren|HasChildren|NoInferiors|Subscribed|NonExistent|Noselect)\b`)
	blanks      = regexp.MustCompile(`  +`)
	partial     = regexp.MustCompile(`(PARTIAL \([0-9:]+) ([0-9:,NIL]+\))`)
	farNumber   = regexp.MustCompile(`\b\d{7}\b`)
	uids        = regexp.MustCompile(`(COPYUID|APPENDUID) V [0-9:,]+ ?`)
)

func plainStatus(s string) string {
	s = sameCodes.FindString(s)
	return uids.ReplaceAllString(validity.ReplaceAllString(s, "$1 V"), "$1 ")
}

// plainData makes an untagged response comparable; "" if it is not.
func plainData(s string) string {
	word := strings.ToUpper(strings.TrimLeft(strings.TrimPrefix(s, "* "), "0123456789 "))
	switch word, _, _ = strings.Cut(word, " "); word {
	case "RECENT", "OK", "NO", "BAD", "CAPABILITY", "ENABLED", "ID", "FLAGS", "QUOTAROOT", "QUOTA":
		return ""
	case "FETCH":
		return plainFetch(s)
	case "LIST", "LSUB":
		s = blanks.ReplaceAllString(serverFlags.ReplaceAllString(s, ""), " ")
		s = strings.NewReplacer("( ", "(", " )", ")", `"INBOX"`, "INBOX", `/" "`, `/" `).Replace(s)
		return strings.TrimSuffix(s, `"`)
	case "ESEARCH":
		return plainESEARCH(s)
	case "SORT", "THREAD":
		return strings.TrimRight(beyondGap(s), " ")
	}
	return validity.ReplaceAllString(s, "$1 V")
}

// beyondGap takes the gap off the UIDs of messages that a client appended through the proxy.
func beyondGap(s string) string {
	return farNumber.ReplaceAllStringFunc(s, func(n string) string {
		uid, _ := strconv.Atoi(n)
		return strconv.Itoa(uid - 1_000_000)
	})
}

// plainESEARCH puts the results in order.
func plainESEARCH(s string) string {
	s = beyondGap(s)
	_, rest, _ := strings.Cut(s, ")")
	words := strings.Fields(partial.ReplaceAllString(rest, "$1=$2"))
	var results []string
	if len(words)%2 == 1 { // UID
		results, words = words[:1:1], words[1:]
	}
	for ; len(words) > 0; words = words[2:] {
		results = append(results, words[0]+" "+words[1])
	}
	slices.Sort(results)
	return "* ESEARCH " + strings.Join(results, ", ")
}

// plainFetch puts the attributes in order and leaves out UIDs, which differ where a message was numbered anew.
func plainFetch(s string) string {
	head, rest, _ := strings.Cut(s, "(")
	sc := imapwire.NewScanner([]byte("(" + rest))
	var atts []string
	sc.List(func() bool {
		name, ok := sc.AttName()
		sc.SP()
		value, alike := sc.Raw()
		switch n := strings.ToUpper(string(name)); n {
		case "UID":
		case "FLAGS":
			flags := strings.Fields(strings.ToLower(strings.Trim(serverFlags.ReplaceAllString(string(value), ""), "()")))
			slices.Sort(flags)
			atts = append(atts, n+" "+strings.Join(flags, " "))
		case "RFC822.SIZE", "INTERNALDATE":
			atts = append(atts, n+" "+string(value))
		default:
			text := string(value)
			if body, ok := imapwire.NewScanner(value).String(); ok {
				text = strconv.Quote(string(body))
			}
			atts = append(atts, n+" "+text)
		}
		return ok && alike
	})
	slices.Sort(atts)
	return head + strings.Join(atts, ", ")
}

// dialWire connects and passes the greeting.
func dialWire(t *testing.T, addr string) *imapwire.Conn {
	t.Helper()
	nc, err := net.DialTimeout("tcp", addr, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	w := imapwire.NewConn(nc, imapwire.Options{Client: true, ReadTimeout: time.Minute, WriteTimeout: time.Minute})
	var frame imapwire.Frame
	if err := w.ReadFrame(&frame, nil); err != nil {
		t.Fatal(err)
	}
	return w
}
