package managesieve

import (
	"bufio"
	"io"
	"strconv"
	"strings"
)

// Bounds of one answer.
const (
	maxLines  = 1000
	maxTokens = 100
	maxQuoted = 4096
	maxBytes  = 1 << 20 // of one string that is read at all
)

// token is a word, or a string.
type token struct {
	text string
	atom bool
	cut  bool // the string was longer than what is kept
}

// answer is what came before the final line (RFC 5804 1.3).
type answer struct{ lines [][]token }

// capability is the value of a capability in a greeting (RFC 5804 1.7).
func (a answer) capability(name string) (value string, ok bool) {
	for _, l := range a.lines {
		if len(l) > 0 && strings.EqualFold(l[0].text, name) {
			if len(l) > 1 {
				value = l[1].text
			}
			return value, true
		}
	}
	return "", false
}

// wire is a connection.
type wire struct {
	r *bufio.Reader
	w io.Writer
}

func newWire(rw io.ReadWriter) *wire { return &wire{bufio.NewReader(rw), rw} }

// ask sends a command and reads its answer.
func (c *wire) ask(line string) (answer, error) {
	if _, err := io.WriteString(c.w, line+"\r\n"); err != nil {
		return answer{}, err
	}
	return c.answer()
}

// answer reads up to the line that begins with OK, NO or BYE.
func (c *wire) answer() (answer, error) {
	var a answer
	for len(a.lines) < maxLines {
		line, err := c.line()
		if err != nil {
			return a, err
		}
		if len(line) > 0 && line[0].atom {
			switch strings.ToUpper(line[0].text) {
			case "OK":
				return a, nil
			case "NO":
				return a, errNo
			case "BYE":
				return a, errBye
			}
		}
		a.lines = append(a.lines, line)
	}
	return a, errWire
}

// line reads the tokens of one line, strings with line ends in them among them.
func (c *wire) line() (tokens []token, err error) {
	for {
		b, err := c.r.ReadByte()
		if err != nil {
			return nil, err
		}
		var t token
		switch {
		case b == '\n':
			return tokens, nil
		case b == ' ' || b == '\r' || b == '(' || b == ')':
			continue
		case b == '"':
			t, err = c.quoted()
		case b == '{':
			t, err = c.literal()
		default:
			t, err = c.word(b)
		}
		if err != nil {
			return nil, err
		}
		if tokens = append(tokens, t); len(tokens) > maxTokens {
			return nil, errWire
		}
	}
}

// word reads an atom, whose first byte was read.
func (c *wire) word(first byte) (token, error) {
	text := []byte{first}
	for {
		b, err := c.r.ReadByte()
		switch {
		case err != nil:
			return token{}, err
		case strings.IndexByte(" \r\n()\"{", b) >= 0:
			return token{text: string(text), atom: true}, c.r.UnreadByte()
		case len(text) >= maxQuoted:
			return token{}, errWire
		}
		text = append(text, b)
	}
}

func (c *wire) quoted() (token, error) {
	var text []byte
	for {
		b, err := c.r.ReadByte()
		if err != nil {
			return token{}, err
		}
		switch {
		case b == '"':
			return token{text: string(text)}, nil
		case b == '\\':
			if b, err = c.r.ReadByte(); err != nil {
				return token{}, err
			}
		}
		if text = append(text, b); len(text) > maxQuoted {
			return token{}, errWire
		}
	}
}

// literal reads {n}CRLF or {n+}CRLF and n bytes, of which it keeps what fits.
func (c *wire) literal() (token, error) {
	head, err := c.r.ReadSlice('\n')
	if err != nil {
		return token{}, errWire
	}
	number, ok := strings.CutSuffix(strings.TrimRight(string(head), "\r\n"), "}")
	n, err := strconv.ParseUint(strings.TrimSuffix(number, "+"), 10, 31)
	if !ok || err != nil || n > maxBytes {
		return token{}, errWire
	}
	keep := min(int64(n), maxScript)
	text := new(strings.Builder)
	if _, err := io.CopyN(text, c.r, keep); err != nil {
		return token{}, err
	}
	if _, err := io.CopyN(io.Discard, c.r, int64(n)-keep); err != nil {
		return token{}, err
	}
	return token{text: text.String(), cut: int64(n) > keep}, nil
}

// quote writes a string. One with line ends in it, or a long one, is a literal (RFC 5804 4).
func quote(s string) string {
	if len(s) > 1000 || strings.ContainsAny(s, "\r\n\x00") {
		return "{" + strconv.Itoa(len(s)) + "+}\r\n" + s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
