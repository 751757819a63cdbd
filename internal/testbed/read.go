package testbed

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Snapshot is all that one mailbox holds. Folder names are raw, as the server spells them.
type Snapshot struct {
	Separator  string
	Folders    map[string]Folder
	Subscribed []string // sorted
}

// Folder is one folder of a Snapshot. A folder that cannot be selected has no numbers and no messages.
type Folder struct {
	Attrs                []string // in lower case, sorted, without the volatile ones
	UIDValidity, UIDNext uint32
	Messages             map[uint32]Message // by UID
}

// Message is one message of a Snapshot.
type Message struct {
	Flags string // in lower case, sorted, without \Recent
	Date  int64  // INTERNALDATE in seconds since 1970
	Size  int    // of the bytes that came
	Sum   string // SHA-256 in hex of what BODY.PEEK[] gave
}

// Count is the number of messages in all folders.
func (s Snapshot) Count() int {
	n := 0
	for _, f := range s.Folders {
		n += len(f.Messages)
	}
	return n
}

// part is a piece of an answer: text, then the literal behind it if there is one.
type part struct {
	text    string
	literal []byte
}

type reader struct {
	conn net.Conn
	r    *bufio.Reader
	n    int
}

// Read logs in over plain IMAP on addr (host:port) and reads everything: EXAMINE and BODY.PEEK[] only. It fails
// rather than return a part.
func Read(addr, user, pass string) (Snapshot, error) {
	c, err := dial(addr, user, pass)
	if err != nil {
		return Snapshot{}, err
	}
	defer c.conn.Close()
	s := Snapshot{Folders: map[string]Folder{}}
	if err := c.list(&s); err != nil {
		return Snapshot{}, err
	}
	for name, f := range s.Folders {
		if slices.Contains(f.Attrs, `\noselect`) || slices.Contains(f.Attrs, `\nonexistent`) {
			continue
		}
		if s.Folders[name], err = c.folder(name, f); err != nil {
			return Snapshot{}, fmt.Errorf("%q: %w", name, err)
		}
	}
	_, err = c.ok("LOGOUT")
	return s, err
}

// dial logs in. The connection lasts ten minutes at most.
func dial(addr, user, pass string) (*reader, error) {
	conn, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err != nil {
		return nil, err
	}
	c := &reader{conn: conn, r: bufio.NewReaderSize(conn, 1<<16)}
	err = conn.SetDeadline(time.Now().Add(10 * time.Minute))
	if err == nil {
		_, err = c.answer() // the greeting
	}
	if err == nil {
		_, err = c.ok("LOGIN " + quote(user) + " " + quote(pass))
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return c, nil
}

// answer reads one response with its literals.
func (c *reader) answer() ([]part, error) {
	var out []part
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("after %.100q: %w", line, err)
		}
		line = strings.TrimRight(line, "\r\n")
		open := strings.LastIndexByte(line, '{')
		if open < 0 || !strings.HasSuffix(line, "}") {
			return append(out, part{text: line}), nil
		}
		n, err := strconv.ParseUint(line[open+1:len(line)-1], 10, 31)
		if err != nil {
			return append(out, part{text: line}), nil
		}
		literal := make([]byte, n)
		if _, err := io.ReadFull(c.r, literal); err != nil {
			return nil, fmt.Errorf("a literal of %d bytes: %w", n, err)
		}
		out = append(out, part{text: line[:open], literal: literal})
	}
}

// ok sends a command and returns the untagged answers, or what the server said instead of OK.
func (c *reader) ok(command string) ([][]part, error) {
	c.n++
	tag := fmt.Sprintf("t%d ", c.n)
	if _, err := io.WriteString(c.conn, tag+command+"\r\n"); err != nil {
		return nil, err
	}
	var out [][]part
	for {
		a, err := c.answer()
		if err != nil {
			return nil, err
		}
		if rest, tagged := strings.CutPrefix(a[0].text, tag); tagged {
			verb, _, _ := strings.Cut(command, " ")
			if !strings.HasPrefix(strings.ToUpper(rest), "OK") {
				return nil, fmt.Errorf("%s: %s", verb, rest)
			}
			return out, nil
		}
		out = append(out, a)
	}
}

func (c *reader) list(s *Snapshot) error {
	shape := regexp.MustCompile(`(?is)^\* (LIST|LSUB) \(([^)]*)\) (NIL|"(?:\\.|[^"])*") ?(.*)$`)
	for _, command := range []string{"LIST", "LSUB"} {
		answers, err := c.ok(command + ` "" "*"`)
		if err != nil {
			return err
		}
		for _, a := range answers {
			m := shape.FindStringSubmatch(a[0].text)
			if m == nil {
				continue
			}
			name := unquote(m[4])
			if a[0].literal != nil {
				name = string(a[0].literal)
			}
			if command == "LSUB" {
				s.Subscribed = append(s.Subscribed, name)
				continue
			}
			attrs := strings.Fields(strings.ToLower(m[2]))
			attrs = slices.DeleteFunc(attrs, func(a string) bool {
				return slices.Contains([]string{`\marked`, `\unmarked`, `\haschildren`, `\hasnochildren`, `\subscribed`}, a)
			})
			slices.Sort(attrs)
			s.Folders[name], s.Separator = Folder{Attrs: attrs}, unquote(m[3])
		}
	}
	slices.Sort(s.Subscribed)
	return nil
}

// examine opens a folder for its numbers.
func (c *reader) examine(name string, f Folder) (_ Folder, exists uint32, _ error) {
	answers, err := c.ok("EXAMINE " + quote(name))
	if err != nil {
		return f, 0, err
	}
	number := func(pattern string) uint32 {
		for _, a := range answers {
			if m := regexp.MustCompile(pattern).FindStringSubmatch(a[0].text); m != nil {
				n, err := strconv.ParseUint(m[1], 10, 32)
				if err == nil {
					return uint32(n)
				}
			}
		}
		return 0
	}
	f.UIDValidity, f.UIDNext = number(`\[UIDVALIDITY (\d+)\]`), number(`\[UIDNEXT (\d+)\]`)
	return f, number(`^\* (\d+) EXISTS`), nil
}

func (c *reader) folder(name string, f Folder) (Folder, error) {
	f, exists, err := c.examine(name, f)
	if err != nil {
		return f, err
	}
	f.Messages = make(map[uint32]Message, exists)
	if exists == 0 {
		return f, nil
	}
	answers, err := c.ok("UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])")
	if err != nil {
		return f, err
	}
	for _, a := range answers {
		if uid, m, ok := message(a); ok {
			f.Messages[uid] = m
		}
	}
	if len(f.Messages) != int(exists) {
		return f, fmt.Errorf("EXISTS says %d, FETCH gave %d", exists, len(f.Messages))
	}
	return f, nil
}

// message reads one FETCH answer; it is not ok if one of the asked attributes is missing.
func message(a []part) (uid uint32, m Message, ok bool) {
	var text strings.Builder
	var body []byte
	for _, p := range a {
		text.WriteString(p.text + " ")
		if p.literal != nil {
			body = p.literal
		}
	}
	find := func(pattern string) string {
		if m := regexp.MustCompile(pattern).FindStringSubmatch(text.String()); m != nil {
			return m[1]
		}
		return ""
	}
	n, err := strconv.ParseUint(find(`\bUID (\d+)`), 10, 32)
	date, dateErr := time.Parse("_2-Jan-2006 15:04:05 -0700", strings.TrimSpace(find(`INTERNALDATE "([^"]*)"`)))
	if err != nil || dateErr != nil || body == nil && !strings.Contains(text.String(), `BODY[] ""`) || !strings.Contains(text.String(), "FLAGS (") {
		return 0, m, false
	}
	flags := strings.Fields(strings.ToLower(find(`FLAGS \(([^)]*)\)`)))
	flags = slices.DeleteFunc(flags, func(f string) bool { return f == `\recent` })
	slices.Sort(flags)
	m = Message{Flags: strings.Join(flags, " "), Date: date.Unix(), Size: len(body), Sum: fmt.Sprintf("%x", sha256.Sum256(body))}
	return uint32(n), m, true
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' {
		return s
	}
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(s[1 : len(s)-1])
}
