package imap

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// cutConn gives its bytes in pieces and then ends; what is written is kept.
type cutConn struct {
	scriptConn
	cuts []int // sizes of the pieces; the last one holds on
	gone error // how it ends; nil: io.EOF
}

func (c *cutConn) Read(p []byte) (int, error) {
	if len(c.cuts) > 0 {
		p = p[:min(len(p), max(1, c.cuts[0]))]
		if len(c.cuts) > 1 {
			c.cuts = c.cuts[1:]
		}
	}
	n, err := c.scriptConn.Read(p)
	if err != nil && c.gone != nil {
		err = c.gone
	}
	return n, err
}

// handedOver is what the server gets of what the client says, of which the first bytes were read with the login.
func handedOver(caps, input string, first int, cuts ...int) (out string, err error) {
	from, to := &cutConn{scriptConn: scriptConn{in: bytes.NewReader([]byte(input[first:]))}, cuts: cuts}, &scriptConn{}
	s := &splice{born: time.Now(), stuck: time.Minute}
	s.up = flow{s: s, from: from, to: to, first: []byte(input[:first]), rest: func() {}}
	if err = handOverTo(strings.Fields(caps)).run(&s.up); err == nil {
		err = s.up.run()
	}
	return to.out.String(), err
}

var _ net.Conn = (*cutConn)(nil)

// TestHandOver: what a server would take for commands does not reach it; everything else does.
func TestHandOver(t *testing.T) {
	const none, minus, rev2 = "IMAP4rev1", "IMAP4rev1 LITERAL-", "IMAP4rev1 IMAP4rev2"
	long := strings.Repeat("x", 4097)
	for name, c := range map[string]struct{ caps, in, out string }{
		"it takes all":                       {plus, "a APPEND x {3+}\r\nabc\r\nb NOOP\r\n", "a APPEND x {3+}\r\nabc\r\nb NOOP\r\n"},
		"it takes none":                      {none, "a APPEND x {3+}\r\nabc\r\nb NOOP\r\n", "a X-NO-NONSYNC-LITERALS\r\nb NOOP\r\n"},
		"of none":                            {none, "a LOGIN {0+}\r\n x\r\nb NOOP\r\n", "a X-NO-NONSYNC-LITERALS\r\nb NOOP\r\n"},
		"literal8":                           {none, "a APPEND x ~{3+}\r\nabc\r\nb NOOP\r\n", "a X-NO-NONSYNC-LITERALS\r\nb NOOP\r\n"},
		"a command in it":                    {none, "a APPEND x {12+}\r\nb DELETE z\r\n\r\nc NOOP\r\n", "a X-NO-NONSYNC-LITERALS\r\nc NOOP\r\n"},
		"several in one":                     {none, "a SEARCH TEXT {1+}\r\nx TEXT {2+}\r\n\r\n UNSEEN\r\nb NOOP\r\n", "a X-NO-NONSYNC-LITERALS\r\nb NOOP\r\n"},
		"one that waits behind it":           {none, "a SEARCH TEXT {1+}\r\nx TEXT {2}\r\nb NOOP\r\n", "a X-NO-NONSYNC-LITERALS\r\nb NOOP\r\n"},
		"it takes small ones":                {minus, "a X {3+}\r\nabc {0+}\r\n\r\nb NOOP\r\n", "a X {3+}\r\nabc {0+}\r\n\r\nb NOOP\r\n"},
		"IMAP4rev2 takes small ones":         {rev2, "a X {3+}\r\nabc\r\n", "a X {3+}\r\nabc\r\n"},
		"one too large":                      {minus, "a X {4097+}\r\n" + long + "\r\nb NOOP\r\n", "a X-NO-NONSYNC-LITERALS\r\nb NOOP\r\n"},
		"a small and a large one":            {minus, "a X {1+}\r\ny {4097+}\r\n" + long + "\r\nb NOOP\r\n", "a X-NO-NONSYNC-LITERALS\r\nb NOOP\r\n"},
		"behind one that waits, all passes":  {none, "a APPEND x {7}\r\nb {1+}\n\r\nc X {1+}\r\ny\r\n", "a APPEND x {7}\r\nb {1+}\n\r\nc X {1+}\r\ny\r\n"},
		"behind COMPRESS, all passes":        {none, "a compress DEFLATE\r\n\x00{1+}\r\nx", "a compress DEFLATE\r\n\x00{1+}\r\nx"},
		"odd lines are kept as they are":     {none, "\r\n\n a  NOOP \n\xff\x00\r\n* {3\r\nb {+}\r\nc {x+}\r\nd {3+} \r\n", "\r\n\n a  NOOP \n\xff\x00\r\n* {3\r\nb {+}\r\nc {x+}\r\nd {3+} \r\n"},
		"without a tag":                      {none, "{1+}\r\nx\r\nb NOOP\r\n", "x X-NO-NONSYNC-LITERALS\r\nb NOOP\r\n"},
		"it ends in a line":                  {none, "a NOOP\r\nb NO", "a NOOP\r\nb NO"},
		"it ends in a literal that is taken": {minus, "a X {9+}\r\nabc", "a X {9+}\r\nabc"},
		"it ends in one that is not":         {none, "a X {9+}\r\nabc", ""},
		"idling":                             {none, "a IDLE\r\nDONE\r\nb NOOP\r\n", "a IDLE\r\nDONE\r\nb NOOP\r\n"},
		"a long line":                        {none, "a UID FETCH " + strings.Repeat("1,", 50_000) + "2 FLAGS\r\n", "a UID FETCH " + strings.Repeat("1,", 50_000) + "2 FLAGS\r\n"},
	} {
		for _, first := range []int{0, 1, 9, len(c.in)} {
			for _, cut := range []int{1, 2, 1000, 1 << 20} {
				if out, err := handedOver(c.caps, c.in, min(first, len(c.in)), cut); out != c.out || !errors.Is(err, io.EOF) {
					t.Errorf("%s, in pieces of %d: %.200q %v, want %.200q", name, cut, out, err, c.out)
				}
			}
		}
	}
}

// TestHandOverIsBounded: a command that does not end costs no more memory than its limit, and the connection.
func TestHandOverIsBounded(t *testing.T) {
	for name, in := range map[string]string{
		"line":     strings.Repeat("x", 3<<20),
		"literals": "a X" + strings.Repeat(" {4096+}\r\n"+strings.Repeat("x", 4096), 500),
	} {
		if out, err := handedOver("IMAP4rev1 LITERAL-", in, 0, 1<<20); out != "" || !errors.Is(err, errTooMuch) {
			t.Errorf("%s: %d bytes passed, %v", name, len(out), err)
		}
	}
}

// TestHandOverEndsInTime: who has had the time to hear what the server offers is on its own.
func TestHandOverEndsInTime(t *testing.T) {
	from, to := &cutConn{scriptConn: scriptConn{in: bytes.NewReader([]byte("a X {1+}\r\nx\r\n"))}}, &scriptConn{}
	s := &splice{born: time.Now(), stuck: time.Minute}
	s.up = flow{s: s, from: from, to: to, rest: func() {}}
	if err := (handOver{until: time.Now()}).run(&s.up); err != nil {
		t.Fatal(err)
	}
	if err := s.up.run(); !errors.Is(err, io.EOF) || to.out.String() != "a X {1+}\r\nx\r\n" {
		t.Errorf("%q %v", to.out.String(), err)
	}
}

// said draws a command and what of it reaches a server that takes literals of at most so many bytes unasked. raw says that
// all that follows passes.
func said(t *rapid.T, n int, most int64) (in, out string, raw bool) {
	tag := fmt.Sprintf("t%d", n)
	body := rapid.StringMatching(`[a-z {}+0-9\n]{0,40}`).Draw(t, "literal")
	switch rapid.IntRange(0, 4).Draw(t, "kind") {
	case 0:
		in = tag + " FETCH 1:* (" + rapid.StringMatching(`[A-Z. ]{0,30}`).Draw(t, "items") + ")\r\n"
		return in, in, false
	case 1:
		in = fmt.Sprintf("%s APPEND x {%d+}\r\n%s\r\n", tag, len(body), body)
		if int64(len(body)) > most {
			return in, tag + " " + unknownCommand + "\r\n", false
		}
		return in, in, false
	case 2:
		large := strings.Repeat("b DELETE INBOX\r\n", 300)
		in = fmt.Sprintf("%s APPEND x {%d+}\r\n%s (%s)\r\n", tag, len(large), large, strings.ReplaceAll(body, "\n", " "))
		if int64(len(large)) > most {
			return in, tag + " " + unknownCommand + "\r\n", false
		}
		return in, in, false
	case 3:
		in = fmt.Sprintf("%s APPEND x {%d}\r\n%s\r\n", tag, len(body), body)
		return in, in, true
	}
	in = tag + " IDLE\nDONE\r\n"
	return in, in, false
}

// TestHandOverAnyCut: whatever the client says and however the network cuts it, its login included, the server gets the
// same, and what it must not get is replaced.
func TestHandOverAnyCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		caps := rapid.SampledFrom([]string{plus, "IMAP4rev1 LITERAL-", "IMAP4rev1"}).Draw(t, "capabilities")
		h, raw := handOverTo(strings.Fields(caps)), false
		var in, want strings.Builder
		for n := range rapid.IntRange(0, 8).Draw(t, "commands") {
			i, o, last := said(t, n, h.most)
			in.WriteString(i)
			if raw {
				o = i
			}
			want.WriteString(o)
			raw = raw || last
		}
		text := in.String()
		cuts := rapid.SliceOfN(rapid.IntRange(1, 60), 0, 50).Draw(t, "cuts")
		got, err := handedOver(caps, text, rapid.IntRange(0, len(text)).Draw(t, "read with the login"), append(cuts, 1<<20)...)
		if got != want.String() || !errors.Is(err, io.EOF) {
			t.Fatalf("%v: of\n%q\nthe server got\n%q, want\n%q", err, text, got, want.String())
		}
	})
}

// TestSpliceAnyCut is the same over TCP, with a login in front, for servers that take everything.
func TestSpliceAnyCut(t *testing.T) {
	a := standard()
	ends := piped(t, a, plus, "")
	addr := start(t, a, nil)
	for range 40 {
		text := make([]byte, rand.IntN(20_000))
		for i := range text {
			text[i] = "ab {}+1\r\n"[rand.IntN(9)]
		}
		k := dial(t, addr)
		sent := make(chan error, 1)
		go func() {
			for all := append([]byte("l LOGIN {5+}\r\nalice {2+}\r\npw\r\n"), text...); len(all) > 0; {
				n := min(len(all), 1+rand.IntN(3000))
				if _, err := k.conn.Write(all[:n]); err != nil {
					sent <- err
					return
				}
				all = all[n:]
				time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
			}
			sent <- k.conn.(*net.TCPConn).CloseWrite()
		}()
		s := <-ends
		got, err := io.ReadAll(s.r)
		if err != nil || !bytes.Equal(got, text) {
			t.Fatalf("%d bytes, want %d: %v", len(got), len(text), err)
		}
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		_ = s.conn.Close()
		_ = k.conn.Close()
	}
}

// FuzzHandOver: nothing a client says breaks the hand-over, the cuts do not matter, and what announces no literal that the
// server does not wait for passes as it is.
func FuzzHandOver(f *testing.F) {
	for _, s := range []string{"a NOOP\r\nb X {3+}\r\nabc\r\n", "a X {5000+}\r\n", "a X {3}\r\nb {1+}\r\n", "a COMPRESS DEFLATE\r\n{1+}\n"} {
		f.Add(uint8(0), uint8(3), uint16(4), []byte(s))
		f.Add(uint8(1), uint8(1), uint16(0), []byte(s))
	}
	caps := []string{"IMAP4rev1", "IMAP4rev1 LITERAL-", plus}
	f.Fuzz(func(t *testing.T, kind, cut uint8, first uint16, input []byte) {
		in, c := string(input), caps[int(kind)%len(caps)]
		whole, err := handedOver(c, in, len(in))
		parts, err2 := handedOver(c, in, min(int(first), len(in)), int(cut)+1)
		if whole != parts || errors.Is(err, io.EOF) != errors.Is(err2, io.EOF) {
			t.Fatalf("the cuts matter: %q %v and %q %v", whole, err, parts, err2)
		}
		if (c == plus || !strings.Contains(in, "+}")) && errors.Is(err, io.EOF) && whole != in {
			t.Fatalf("%q became %q", in, whole)
		}
	})
}
