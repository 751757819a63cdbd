package managesieve

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve answers one connection: greeting first, then for each command what begins with its first word.
func serve(t *testing.T, greeting string, answers map[string]string) (addr string, asked func() []string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done, said := make(chan struct{}), []string(nil)
	go func() {
		defer close(done)
		nc, err := ln.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		_, _ = io.WriteString(nc, greeting)
		in := bufio.NewScanner(nc)
		for in.Scan() {
			said = append(said, in.Text())
			for k, a := range answers {
				if strings.HasPrefix(in.Text(), k) {
					_, _ = io.WriteString(nc, a)
				}
			}
		}
	}()
	t.Cleanup(func() { _ = ln.Close(); <-done })
	return ln.Addr().String(), func() []string { <-done; return said }
}

const hello = "\"IMPLEMENTATION\" \"x\"\r\n\"SASL\" \"LOGIN PLAIN\"\r\n\"SIEVE\" \"fileinto\"\r\nOK \"ready\"\r\n"

func TestRead(t *testing.T) {
	script := "redirect \"a@b.c\";\r\n"
	for name, c := range map[string]struct {
		greeting string
		answers  map[string]string
		plain    bool
		want     []Script
		err      error
	}{
		"two": {hello, map[string]string{"AUTHENTICATE": "OK\r\n", "LISTSCRIPTS": "\"a\"\r\n{3}\r\nb\"c ACTIVE\r\nOK\r\n",
			`GETSCRIPT "a"`: "{4}\r\nstop\r\nOK\r\n", `GETSCRIPT "b\"c"`: fmt.Sprintf("{%d}\r\n%s\r\nOK (X) \"done\"\r\n", len(script), script), "LOGOUT": "OK\r\n"},
			true, []Script{{"a", false, "stop", true}, {`b"c`, true, script, true}}, nil},
		"none":           {hello, map[string]string{"AUTHENTICATE": "OK\r\n", "LISTSCRIPTS": "OK\r\n", "LOGOUT": "OK\r\n"}, true, nil, nil},
		"gone meanwhile": {hello, map[string]string{"AUTHENTICATE": "OK\r\n", "LISTSCRIPTS": "\"a\" ACTIVE\r\nOK\r\n", "GETSCRIPT": "NO (NONEXISTENT) \"gone\"\r\n", "LOGOUT": "OK\r\n"}, true, []Script{{"a", true, "", false}}, nil},
		"refused":        {hello, map[string]string{"AUTHENTICATE": "NO \"geheim\"\r\n"}, true, nil, ErrRefused},
		"plain":          {hello, nil, false, nil, ErrPlain},
		"no SASL":        {"OK\r\n", nil, true, nil, ErrNoSASL},
		"another":        {"BYE \"busy\"\r\n", nil, true, nil, ErrNone},
		"endless":        {strings.Repeat("\"x\"\r\n", maxLines+1), nil, true, nil, ErrNone},
		"too big":        {hello, map[string]string{"AUTHENTICATE": "OK\r\n", "LISTSCRIPTS": "\"a\"\r\nOK\r\n", "GETSCRIPT": "{99999999}\r\n"}, true, nil, errWire},
	} {
		t.Run(name, func(t *testing.T) {
			addr, asked := serve(t, c.greeting, c.answers)
			got, err := Read(t.Context(), Options{Addr: addr, Plain: c.plain, User: "u", Secret: "geheim"})
			if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) || !reflect.DeepEqual(got, c.want) {
				t.Errorf("%+v, %v; want %+v, %v", got, err, c.want, c.err)
			}
			if err != nil && strings.Contains(err.Error(), "geheim") {
				t.Errorf("the error holds the password: %v", err)
			}
			for _, line := range asked() {
				word, _, _ := strings.Cut(line, " ")
				switch word {
				case "AUTHENTICATE", "LISTSCRIPTS", "GETSCRIPT", "LOGOUT":
				default:
					t.Errorf("the server was told %q", line)
				}
			}
		})
	}
}

// TestReadEnds: a server that says nothing is left.
func TestReadEnds(t *testing.T) {
	addr, _ := serve(t, "", nil)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := Read(ctx, Options{Addr: addr, Plain: true}); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
}

func TestLook(t *testing.T) {
	for text, want := range map[string]Does{
		``:                                    {},
		`keep;`:                               {},
		"# redirect \"a@b\";\n/* vacation */": {},
		`redirect "a@b.c";`:                   {Redirects: []string{"a@b.c"}},
		`if true { Redirect :copy "a\"@b"; }`: {Redirects: []string{`a"@b`}},
		`fileinto "redirect"; discard;`:       {Files: true, Discards: true},
		`vacation :days 7 "redirect \"x\"";`:  {Vacation: true},
		"vacation text:\r\nredirect \"x\";\r\n.a\r\n.\r\n;\r\nereject \"no\";": {Vacation: true, Refuses: true},
		`redirect`: {Redirects: []string{"an address that is not readable"}},
		`require ["vacation"]; notify :method "x";`: {Notifies: true},
	} {
		if got := Look(text); !reflect.DeepEqual(got, want) {
			t.Errorf("%q does %+v, want %+v", text, got, want)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(hello)
	f.Add("\"a\" ACTIVE\r\n{3+}\r\na\r\n\r\nNO (X \"y\") {1}\r\nz\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		c := newWire(struct {
			io.Reader
			io.Writer
		}{strings.NewReader(text), io.Discard})
		a, _ := c.answer()
		if len(a.lines) > maxLines {
			t.Errorf("%d lines", len(a.lines))
		}
		for _, l := range a.lines {
			for _, tok := range l {
				if len(tok.text) > max(maxScript, maxQuoted) {
					t.Errorf("a token of %d bytes", len(tok.text))
				}
			}
		}
	})
}

func FuzzLook(f *testing.F) {
	f.Add("require \"x\"; redirect :copy text:\n.\n;")
	f.Add("text:\n..\n.")
	f.Fuzz(func(t *testing.T, text string) {
		if d := Look(text); len(d.Redirects) > maxRedirects {
			t.Errorf("%d redirects", len(d.Redirects))
		}
	})
}

// TestQuote: what is written is read back.
func TestQuote(t *testing.T) {
	for _, s := range []string{"", "a", `a"\b`, "two\r\nlines", strings.Repeat("x", 2000)} {
		c := newWire(struct {
			io.Reader
			io.Writer
		}{strings.NewReader(quote(s) + "\r\nOK\r\n"), io.Discard})
		a, err := c.answer()
		if err != nil || len(a.lines) != 1 || a.lines[0][0].text != s {
			t.Errorf("%q is read as %+v, %v", s, a, err)
		}
	}
}
