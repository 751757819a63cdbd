package standin

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"crossfade/internal/imapwire"
)

// manners of a fuzzed filter: each bit is a switch.
func fuzzedOptions(bits uint8) IMAPOptions {
	o := IMAPOptions{MaxBad: -1, Keywords: Keywords(bits & 3 % 3), Validity: Validity(bits >> 2 & 3 % 3), SingleSpaces: bits&16 != 0, MixedInbox: bits&32 != 0}
	if bits&64 != 0 {
		o.Offer = Offer2015
	} else {
		o.OfferIn = append([]string{"IDLE"}, Offer2023.list()...)
	}
	if bits&128 != 0 {
		o.MaxSize = 100
	}
	return o
}

// within runs one half of a filter. It must end when its input has, and hold no more memory than its input is worth,
// whatever the input announces.
func within(t *testing.T, size int, half func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	done := make(chan struct{})
	go func() { defer close(done); half() }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("it never ended")
	}
	runtime.ReadMemStats(&after)
	if got, most := after.TotalAlloc-before.TotalAlloc, uint64(4<<20+2000*size); got > most {
		t.Fatalf("%d bytes were taken for %d of input", got, size)
	}
}

type readWriter struct {
	io.Reader
	io.Writer
}

// FuzzFilterAnswers is the half that reads the server. Literals come out as they went in, and so does all else but what
// the switches change: the number of answers stays, but for CAPABILITY, and a message's data is the same but for spaces.
func FuzzFilterAnswers(f *testing.F) {
	for _, s := range []string{
		"* 1 FETCH (FLAGS (\\Seen) UID 7 ENVELOPE (NIL \"a \\\" ( b\" ((NIL NIL {3}\r\n) (\"x\"))))\r\na OK [APPENDUID 99 1] done\r\n",
		"* LIST (\\HasNoChildren \\Sent) \"/\" {5}\r\nInbox\r\n* LSUB (\\Trash) \"/\" INBOX\r\n* LIST () NIL INBOX\r\n",
		"* STATUS \"a(b UIDVALIDITY 9\" (UIDVALIDITY 9 MESSAGES 3)\r\n* STATUS {3}\r\n(a) (UIDVALIDITY 9)\r\n* CAPABILITY IMAP4rev1 {1}\r\nx\r\n",
		"* OK [PERMANENTFLAGS (\\Seen \\*)] ok {3}\r\n* NO [UIDVALIDITY 4294967296] x\r\n+ go {4}\r\na BAD {3+}\r\n* BYE\r\n",
		"* 2 FETCH (BINARY[1] ~{4}\r\n\x00\r\n(  UID 1)\r\n* 3 FETCH ({4611686018427387904}\r\nshort",
		"*\r\n\r\n*  1  FETCH\r\n* (\r\n* 1 EXPUNGE\r\nno line end",
	} {
		for _, bits := range []uint8{0, 1, 2, 0x24, 0xff} {
			f.Add([]byte(s), []byte("a: b\r\n\r\n)  (\x00\xff"), bits)
		}
	}
	f.Fuzz(func(t *testing.T, wire, message []byte, bits uint8) {
		wire = fmt.Appendf(nil, "* 1 FETCH (UID 7 BODY[] {%d}\r\n%s FLAGS (\\Seen))\r\n%s", len(message), message, wire)
		var out bytes.Buffer
		c := newFiltered(fuzzedOptions(bits), readWriter{strings.NewReader(""), &out}, readWriter{bytes.NewReader(wire), io.Discard})
		c.xlist = "a"
		within(t, len(wire), func() { _ = c.answer() })
		in, got := answersOf(wire), answersOf(bytes.ReplaceAll(out.Bytes(), []byte("* CAPABILITY "+strings.Join(c.opt.Offer.list(), " ")+"\r\n"), nil))
		if len(in) != len(got) {
			t.Fatalf("%d answers became %d:\n%q\n%q", len(in), len(got), wire, out.Bytes())
		}
		for i := range in {
			if want, is := in[i].told(c.opt), got[i].told(c.opt); want != is || in[i].literals != got[i].literals {
				t.Fatalf("%q became %q\n%q %q", in[i], got[i], want, is)
			}
		}
	})
}

// wireAnswer is one whole answer.
type wireAnswer struct {
	kind           string
	text, literals string // of all pieces, each with its length
}

func answersOf(wire []byte) (out []wireAnswer) {
	r := imapwire.NewResponseReader(bytes.NewReader(wire), imapwire.Limits{})
	for {
		a := wireAnswer{}
		for first := true; ; first = false {
			text, lit, err := r.Next()
			if err != nil {
				return out
			}
			if first {
				a.kind = kindOf(string(text))
			}
			a.text += string(text)
			if lit == nil {
				break
			}
			body, err := io.ReadAll(lit)
			if err != nil {
				return out
			}
			a.literals += fmt.Sprintf("%v%d:%s", lit.Binary, len(body), body)
			a.text += "{}"
		}
		if a.kind != "CAPABILITY" {
			out = append(out, a)
		}
	}
}

// told is what of an answer no switch may change.
func (a wireAnswer) told(o IMAPOptions) string {
	switch a.kind {
	case "FETCH":
		if o.SingleSpaces {
			return a.text
		}
		return strings.ReplaceAll(a.text, " ", "")
	case "LIST", "LSUB", "XLIST":
		_, rest, _ := strings.Cut(a.text, ")")
		if o.MixedInbox {
			return strings.ToLower(strings.ReplaceAll(rest, `"`, ""))
		}
		return rest
	case "STATUS":
		name, _, _ := strings.Cut(a.text[:strings.LastIndexByte(a.text, '(')+1], "\x00")
		return name
	case "OK", "NO", "":
		before, _, _ := strings.Cut(a.text, "[")
		return before
	}
	return a.text
}

// FuzzFilterCommands is the half that reads the client, before a server that answers every command it gets. What goes on is
// in what came, in this order, byte by byte, literals above all.
func FuzzFilterCommands(f *testing.F) {
	for _, s := range []string{
		"b LOGIN {3}\r\njoe {2}\r\npw\r\nc XLIST \"\" *\r\nd CAPABILITY\r\n",
		"b AUTHENTICATE PLAIN\r\nAGpvZQBwdw==\r\nc AUTHENTICATE PLAIN AGpvZQBwdw==\r\nd AUTHENTICATE CRAM-MD5\r\n",
		"b APPEND {5}\r\nInbox (\\Seen $k) {3}\r\nabc\r\nc APPEND x ({3+}\r\nabc\r\nd NOOP\r\n",
		"b UID MOVE 1 x\r\nc UID\r\nd ENABLE CONDSTORE\r\ne LIST (SPECIAL-USE) \"\" *\r\nf LIST \"\" * RETURN (CHILDREN)\r\n",
		"* NOOP\r\n+ NOOP\r\n NOOP\r\n\r\n{3}\r\nabc\r\na{3}\r\nabc\r\nb NOOP\r\n",
		"b IDLE\r\nDONE\r\nc IDLE\r\nDONE",
		"b APPEND \"a(b\\\"\" ($k) {4611686018427387904}\r\nshort",
		"b APPEND x ~{3}\r\n\x00\r\n\r\nc LOGOUT",
	} {
		for _, bits := range []uint8{0, 1, 2, 0xff} {
			f.Add([]byte(s), []byte("a: b\r\n\r\n)  (\x00\xff"), bits)
		}
	}
	f.Fuzz(func(t *testing.T, wire, message []byte, bits uint8) {
		o := fuzzedOptions(bits)
		if o.MaxSize > 0 {
			o.MaxSize = max(o.MaxSize, int64(len(message)))
		}
		first := fmt.Appendf(nil, "a APPEND INBOX (\\Seen) {%d}\r\n%s\r\n", len(message), message)
		wire = append(first, wire...)
		server, up := io.Pipe()
		answers, say := io.Pipe()
		c := newFiltered(o, readWriter{bytes.NewReader(wire), io.Discard}, readWriter{answers, up})
		got := &agreeable{r: imapwire.NewReader(server, imapwire.Limits{}), say: say}
		var end error
		within(t, len(wire), func() {
			served, answered := make(chan struct{}), make(chan struct{})
			go func() { defer close(served); got.serve(); _ = say.Close(); _ = server.Close() }()
			go func() { defer close(answered); _ = c.answer() }()
			end = c.command()
			_ = up.Close()
			<-served
			<-answered
		})
		if want := fmt.Sprintf("a APPEND INBOX (\\Seen) %d:%s", len(message), message); got.commands == nil || got.commands[0] != want {
			t.Fatalf("%q became %q", first, got.commands)
		}
		left := wire
		for _, p := range got.pieces {
			_, rest, found := bytes.Cut(left, p)
			if !found {
				t.Fatalf("%q was sent on, and is not in\n%q", p, left)
			}
			left = rest
		}
		if c.open > 1 || c.open == 1 && !errors.Is(end, io.ErrUnexpectedEOF) && !errors.Is(end, errHalf) {
			t.Errorf("%d commands were never answered: %q", c.open, got.commands)
		}
	})
}

// agreeable is a server that says OK to everything.
type agreeable struct {
	r        *imapwire.Reader
	say      io.Writer
	commands []string
	pieces   [][]byte // that the filter does not change
}

func (a *agreeable) serve() {
	for {
		text, lit, err := a.r.Next()
		if err != nil {
			return
		}
		line := string(text)
		f := strings.Fields(line)
		verb := ""
		if len(f) > 1 {
			verb = strings.ToUpper(f[1])
		}
		whole := ""
		for {
			whole += line
			if verb != "LIST" && verb != "APPEND" {
				a.pieces = append(a.pieces, []byte(line))
			}
			if lit == nil {
				break
			}
			body, err := io.ReadAll(lit)
			a.pieces = append(a.pieces, body)
			if err != nil {
				return
			}
			whole += fmt.Sprintf("%d:%s", len(body), body)
			if text, lit, err = a.r.Next(); err != nil {
				return
			}
			line = string(text)
		}
		a.commands = append(a.commands, whole)
		if verb == "IDLE" || verb == "AUTHENTICATE" && len(f) == 3 {
			line, err := a.r.ReadLine()
			a.pieces = append(a.pieces, bytes.Clone(line))
			if err != nil {
				return
			}
		}
		tag, _, _ := strings.Cut(whole, " ")
		if _, err := io.WriteString(a.say, tag+" OK [UIDVALIDITY 7] done\r\n"); err != nil {
			return
		}
	}
}
