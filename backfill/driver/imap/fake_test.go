package imap_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"crossfade/backfill"
	"crossfade/backfill/driver/imap"
)

// fake is a server that answers by script. Each connection runs in its own goroutine and ends with the test.
type fake struct {
	caps   string
	greet  string
	refuse string                                  // a command whose synchronising literals are refused
	answer func(cmd string) (wire string, ok bool) // TAG stands for the tag; not ok: the standard answer
	ln     net.Listener
	wg     sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
	cmds  []string
	ended int // connections that are closed
}

func startFake(t *testing.T, f *fake) backfill.Driver {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.ln = ln
	f.wg.Go(f.serve)
	t.Cleanup(func() {
		ln.Close()
		f.cut()
		f.wg.Wait()
	})
	d, err := imap.New(imap.Options{URL: "imap://" + ln.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (f *fake) serve() {
	for {
		c, err := f.ln.Accept()
		if err != nil {
			return
		}
		f.mu.Lock()
		f.conns = append(f.conns, c)
		f.mu.Unlock()
		f.wg.Go(func() {
			f.talk(c)
			f.mu.Lock()
			f.ended++
			f.mu.Unlock()
		})
	}
}

// cut closes every connection.
func (f *fake) cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.conns {
		c.Close()
	}
}

func (f *fake) logins() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.cmds {
		if strings.HasPrefix(c, "LOGIN") {
			n++
		}
	}
	return n
}

func (f *fake) talk(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	const basic = "CAPABILITY IMAP4rev1 LITERAL+ UIDPLUS"
	greet := f.greet
	if greet == "" {
		greet = "* OK [" + basic + f.caps + "] ready\r\n"
	}
	if _, err := io.WriteString(c, greet); err != nil {
		return
	}
	for {
		tag, cmd, err := f.read(c, r)
		if err != nil {
			return
		}
		wire, ok := "", false
		if f.answer != nil {
			wire, ok = f.answer(cmd)
		}
		switch {
		case ok:
		case cmd == "CAPABILITY" && f.greet == "":
			wire = "* " + basic + f.caps + "\r\nTAG OK done\r\n"
		default:
			wire = standard(cmd)
		}
		if wire == hangUp {
			return
		}
		if _, err := io.WriteString(c, strings.ReplaceAll(wire, "TAG", tag)); err != nil {
			return
		}
	}
}

const hangUp = "hang up"

// read reads one command; literals stand in it without their markers.
func (f *fake) read(c net.Conn, r *bufio.Reader) (tag, cmd string, err error) {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return "", "", err
		}
		line = strings.TrimRight(line, "\r\n")
		open := strings.LastIndexByte(line, '{')
		if open < 0 || !strings.HasSuffix(line, "}") {
			cmd += line
			break
		}
		num, plus := strings.CutSuffix(line[open+1:len(line)-1], "+")
		n, err := strconv.Atoi(num)
		if err != nil {
			return "", "", err
		}
		cmd += line[:open]
		if tag, verb, _ := strings.Cut(cmd, " "); !plus && f.refuse != "" && strings.HasPrefix(verb, f.refuse) {
			if _, err := io.WriteString(c, tag+" NO [TOOBIG] not this\r\n"); err != nil {
				return "", "", err
			}
			cmd = ""
			continue
		}
		if !plus {
			if _, err := io.WriteString(c, "+ go on\r\n"); err != nil {
				return "", "", err
			}
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(r, b); err != nil {
			return "", "", err
		}
		cmd += string(b)
	}
	tag, cmd, _ = strings.Cut(cmd, " ")
	f.mu.Lock()
	f.cmds = append(f.cmds, cmd)
	f.mu.Unlock()
	return tag, cmd, nil
}

// standard is a mailbox with one message, UID 5.
func standard(cmd string) string {
	switch {
	case strings.HasPrefix(cmd, "EXAMINE"), strings.HasPrefix(cmd, "SELECT"):
		return "* FLAGS (\\Seen)\r\n* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 6] x\r\nTAG OK done\r\n"
	case strings.HasPrefix(cmd, "LIST"):
		return "* LIST () \"/\" INBOX\r\nTAG OK done\r\n"
	case strings.HasPrefix(cmd, "UID FETCH 5 (UID FLAGS)"), strings.HasPrefix(cmd, "UID FETCH 1:* (UID FLAGS)"):
		return "* 1 FETCH (UID 5 FLAGS (\\Seen))\r\nTAG OK done\r\n"
	case strings.HasPrefix(cmd, "UID FETCH"):
		return "* 1 FETCH (UID 5 FLAGS () RFC822.SIZE 5 INTERNALDATE \"01-Jan-2020 00:00:00 +0000\" BODY[HEADER.FIELDS (MESSAGE-ID)] {2}\r\n\r\n BODY[] {5}\r\nhello)\r\nTAG OK done\r\n"
	}
	return "TAG OK done\r\n"
}

type shape struct{ kind, name, wire string }

func shapes(t *testing.T) []shape {
	t.Helper()
	b, err := os.ReadFile("testdata/responses.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var out []shape
	for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n")[1:] {
		f := strings.Split(line, "\t")
		wire, err := strconv.Unquote(`"` + strings.ReplaceAll(f[2], `"`, `\"`) + `"`)
		if err != nil {
			t.Fatalf("%s: %v", f[1], err)
		}
		out = append(out, shape{f[0], f[1], wire})
	}
	return out
}

func loginFake(t *testing.T, f *fake) backfill.Writer {
	t.Helper()
	m, err := startFake(t, f).Login(t.Context(), "joe", "pw")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m.(backfill.Writer)
}

// TestShapesInOtherCommands sends each odd answer before the real ones of every command; none may change a
// result, and none but BYE may cost the connection.
func TestShapesInOtherCommands(t *testing.T) {
	for _, s := range shapes(t) {
		if s.kind == "list" || strings.Contains(s.name, "1 short") || strings.HasPrefix(s.name, "BYE") || strings.HasPrefix(s.wire, "TAG") {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			f := &fake{}
			f.answer = func(cmd string) (string, bool) {
				if strings.HasPrefix(cmd, "LOGIN") || strings.HasPrefix(cmd, "CAPABILITY") || strings.HasPrefix(cmd, "L") {
					return "", false
				}
				return s.wire + standard(cmd), true
			}
			w := loginFake(t, f)
			for range 2 {
				if s.name == "BODY[] NIL" || s.name == `BODY[] ""` { // contradicts the real answer, each time
					if err := readOne(t, w); err != nil && !isItem(err) {
						t.Error(err)
					}
					continue
				}
				checkRead(t, w)
				checkRaw(t, w)
			}
			if _, err := w.Folders(t.Context()); err != nil {
				t.Error("folders:", err)
			}
			if n := f.logins(); n > 1 {
				t.Errorf("%d connections", n)
			}
		})
	}
}

func checkRead(t *testing.T, m backfill.Mail) {
	t.Helper()
	n := 0
	err := m.Read(t.Context(), "INBOX", 7, uidSet(5), func(msg *backfill.Message) error {
		n++
		b, err := io.ReadAll(msg.Body)
		if err != nil || string(b) != "hello" && string(b) != "hello\r\n" {
			t.Errorf("%q %v", b, err)
		}
		return nil
	})
	if err != nil || n != 1 {
		t.Errorf("read %d messages: %v", n, err)
	}
}

func checkRaw(t *testing.T, m backfill.Mail) {
	t.Helper()
	got := ""
	err := m.FetchRaw(t.Context(), "INBOX", backfill.RawFetch{UIDs: uidSet(5), Items: []string{"BODY.PEEK[]"}}, func(it *backfill.RawItem) error {
		for {
			att, err := it.Next()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			got = string(att.Value)
			if att.Literal != nil {
				b, err := io.ReadAll(att.Literal)
				if err != nil {
					return err
				}
				got = string(b)
			}
		}
	})
	if err != nil || got != "hello" && got != `"hello"` {
		t.Errorf("raw: %q %v", got, err)
	}
}

// TestBodyShapes answers a read with one shape alone, twice: either it is the message, or it is an Item error, never
// an empty message; and the connection stays.
func TestBodyShapes(t *testing.T) {
	for _, s := range shapes(t) {
		if s.kind != "fetch" || strings.Contains(s.name, "1 short") {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			f := &fake{answer: func(cmd string) (string, bool) {
				return s.wire + "TAG OK done\r\n", strings.HasPrefix(cmd, "UID FETCH")
			}}
			w := loginFake(t, f)
			for _, op := range []func(uint32) error{
				func(uint32) error { return readOne(t, w) },
				func(uint32) error {
					return w.FetchRaw(t.Context(), "INBOX", backfill.RawFetch{UIDs: uidSet(5), Items: []string{"BODY.PEEK[]"}}, func(*backfill.RawItem) error { return nil })
				},
				func(uint32) error {
					_, err := w.Scan(t.Context(), "INBOX", backfill.Scan{Flags: true, Details: true}, func(backfill.Entry) error { return nil })
					return err
				},
			} {
				var e *backfill.Error
				if err := op(0); err != nil && (!errors.As(err, &e) || e.Scope > backfill.FolderScope) {
					t.Errorf("%v", err)
				}
			}
			if n := f.logins(); n > 1 {
				t.Errorf("%d connections", n)
			}
		})
	}
}

func readOne(t *testing.T, m backfill.Mail) error {
	return m.Read(t.Context(), "INBOX", 7, uidSet(5), func(msg *backfill.Message) error {
		b, err := io.ReadAll(msg.Body)
		if err == nil && string(b) != "hello" {
			t.Errorf("read %q", b)
		}
		return err
	})
}

func isItem(err error) bool {
	var e *backfill.Error
	return errors.As(err, &e) && e.Scope == backfill.Item
}
