package imap

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crossfade/internal/imapwire"
	"crossfade/proxy"
)

// scriptConn is a client that has said everything already and takes every answer.
type scriptConn struct {
	in  *bytes.Reader
	out bytes.Buffer
}

func (c *scriptConn) Read(p []byte) (int, error)       { return c.in.Read(p) }
func (c *scriptConn) Write(p []byte) (int, error)      { return c.out.Write(p) }
func (c *scriptConn) Close() error                     { return nil }
func (c *scriptConn) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
func (c *scriptConn) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
func (c *scriptConn) SetDeadline(time.Time) error      { return nil }
func (c *scriptConn) SetReadDeadline(time.Time) error  { return nil }
func (c *scriptConn) SetWriteDeadline(time.Time) error { return nil }

// alarm collects what must not be logged.
type alarm struct {
	slog.Handler
	heard *[]string
}

func (a alarm) Enabled(context.Context, slog.Level) bool { return true }
func (a alarm) WithAttrs([]slog.Attr) slog.Handler       { return a }
func (a alarm) Handle(_ context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		text := r.Message
		r.Attrs(func(at slog.Attr) bool { text += " " + at.String(); return true })
		*a.heard = append(*a.heard, text)
	}
	return nil
}

// runScript plays input to a server and returns its answers and alarms.
func runScript(t testing.TB, a *fakeAccount, input string) (out []byte, alarms []string) {
	nc := &scriptConn{in: bytes.NewReader([]byte(input))}
	s := New(Options{Login: a.login, Logger: slog.New(alarm{heard: &alarms}), MaxMessage: 1 << 16,
		Attempts: proxy.NewAttempts(proxy.AttemptsOptions{Delay: -1})})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	newConn(s, s.opts.Logger, nc, nc, false).serve(ctx, context.Background())
	if ctx.Err() != nil {
		t.Fatal("the connection hangs")
	}
	if a.opened != 0 {
		t.Fatal("a mailbox was left open")
	}
	return nc.out.Bytes(), alarms
}

// FuzzCommands lets a client say anything in every state. The server must not panic, hang, run into its own
// bugs, or answer what cannot be framed.
func FuzzCommands(f *testing.F) {
	files, err := filepath.Glob("testdata/transcripts/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for l := range strings.SplitSeq(string(b), "\n") {
			if text, ok := strings.CutPrefix(l, "C: "); ok {
				f.Add(uint8(len(l)%4), []byte(text+"\r\nz NOOP\r\n"))
			}
		}
	}
	f.Add(uint8(2), []byte("1 SELECT INBOX\r\n2 UID FETCH 1 (FLAGS)\r\n3 IDLE\r\nDONE\r\n4 NOOP\r\n"))
	preambles := []string{"", "l LOGIN alice pw\r\n", "l LOGIN alice pw\r\ns SELECT INBOX\r\n", "l LOGIN alice pw\r\ns SELECT INBOX\r\ni IDLE\r\n"}
	f.Fuzz(func(t *testing.T, state uint8, input []byte) {
		out, alarms := runScript(t, standard(), preambles[state%4]+string(input))
		if len(alarms) > 0 {
			t.Fatalf("alarms %q", alarms)
		}
		r := imapwire.NewResponseReader(bytes.NewReader(out), imapwire.Limits{})
		var frame imapwire.Frame
		for {
			err := r.ReadFrame(&frame, nil)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatalf("answers that cannot be framed: %v in %q", err, out)
			}
			if bytes.ContainsAny(bytes.SplitN(frame.Raw, []byte("{"), 2)[0], "\x00\n") {
				t.Fatalf("control characters in %q", frame.Raw)
			}
		}
	})
}

// FuzzPattern compares the LIST matcher with the definition, written as recursion.
func FuzzPattern(f *testing.F) {
	f.Add("a*/%b", "axx/b/cb")
	f.Add("inbox/%", "INBOX/x")
	f.Fuzz(func(t *testing.T, text, name string) {
		if len(text) > 12 || len(name) > 12 {
			return
		}
		fold := inboxPrefix(name, "/")
		var match func(p, n int) bool
		match = func(p, n int) bool {
			switch {
			case p == len(text):
				return n == len(name)
			case text[p] == '*':
				return match(p+1, n) || n < len(name) && match(p, n+1)
			case text[p] == '%':
				return match(p+1, n) || n < len(name) && name[n] != '/' && match(p, n+1)
			}
			return n < len(name) && same(text[p], name[n], n < fold) && match(p+1, n+1)
		}
		if got := (pattern{text, "/"}).matches(name); got != match(0, 0) {
			t.Fatalf("%q on %q: %v", text, name, got)
		}
	})
}
