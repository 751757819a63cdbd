package faults

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
)

func (c *conn) search(cmd *command) error {
	if cmd.args.Fold("CHARSET") {
		cmd.args.SP()
		_, _ = astring(cmd.args)
	}
	s := &searching{c: c, cmd: cmd}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if c.s.quirks.EarlyNews {
		c.sync(true)
	}
	key, err := s.all()
	if err != nil {
		return err
	}
	line, n := "* SEARCH", 0
	for i, m := range c.view {
		if m.gone || !key(i, m) || c.s.quirks.Hide != nil && c.s.quirks.Hide(m.Message) {
			continue
		}
		if n++; c.short > 0 && n > c.short {
			break
		}
		if cmd.uid {
			line += fmt.Sprintf(" %d", m.UID)
		} else {
			line += fmt.Sprintf(" %d", i+1)
		}
	}
	c.out = append(c.out, c.spaced(line))
	return nil
}

type key func(i int, m *message) bool

type searching struct {
	c   *conn
	cmd *command
}

// all reads keys up to the end or a closing parenthesis: all must hold.
func (s *searching) all() (key, error) {
	var keys []key
	sc := s.cmd.args
	for sc.SP(); !sc.End() && sc.Peek() != ')'; sc.SP() {
		k, err := s.one()
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return func(i int, m *message) bool {
		return !slices.ContainsFunc(keys, func(k key) bool { return !k(i, m) })
	}, nil
}

func (s *searching) one() (key, error) {
	sc := s.cmd.args
	if sc.SP(); sc.Byte('(') {
		k, err := s.all()
		sc.Byte(')')
		return k, err
	}
	word, _ := sc.Atom()
	sc.SP()
	name := strings.ToUpper(string(word))
	switch name {
	case "ALL":
		return func(int, *message) bool { return true }, nil
	case "NOT":
		k, err := s.one()
		return func(i int, m *message) bool { return !k(i, m) }, err
	case "OR":
		a, err := s.one()
		if err != nil {
			return nil, err
		}
		b, err := s.one()
		return func(i int, m *message) bool { return a(i, m) || b(i, m) }, err
	case "NEW", "RECENT":
		return func(int, *message) bool { return false }, nil
	case "OLD":
		return func(int, *message) bool { return true }, nil
	case "UID":
		return s.numbers(string(sc.Word()), true)
	}
	if k := s.flag(name); k != nil {
		return k, nil
	}
	if k, err := s.compared(name); k != nil || err != nil {
		return k, err
	}
	if k := s.text(name); k != nil {
		return k, nil
	}
	return s.numbers(string(word), false)
}

func (s *searching) numbers(text string, uid bool) (key, error) {
	which, err := s.c.picked(text, uid)
	return func(i int, _ *message) bool { _, ok := slices.BinarySearch(which, i); return ok }, err
}

func (s *searching) flag(name string) key {
	want, is := strings.CutPrefix(name, "UN")
	switch want {
	case "SEEN", "ANSWERED", "FLAGGED", "DELETED", "DRAFT":
		want = `\` + want
	case "KEYWORD":
		want, _ = astring(s.cmd.args)
	default:
		return nil
	}
	return func(_ int, m *message) bool { return hasFlag(m.Flags, want) != is }
}

// compared are sizes and dates.
func (s *searching) compared(name string) (key, error) {
	switch name {
	case "LARGER", "SMALLER":
		n, ok := s.cmd.args.Number()
		if !ok {
			return nil, bad(name + " than what?")
		}
		return func(_ int, m *message) bool {
			return name == "LARGER" && uint64(len(m.Body)) > n || name == "SMALLER" && uint64(len(m.Body)) < n
		}, nil
	}
	how, sent := strings.CutPrefix(name, "SENT")
	if how != "BEFORE" && how != "ON" && how != "SINCE" {
		return nil, nil
	}
	text, _ := astring(s.cmd.args)
	day, err := time.Parse("2-Jan-2006", text)
	if err != nil {
		return nil, bad("when is that?")
	}
	if wrong := s.c.s.quirks.WrongSearch; wrong != SearchGood {
		return wrong.finds, nil
	}
	return func(_ int, m *message) bool {
		t := m.Date
		if sent {
			var err error
			if t, err = time.Parse("Mon, 2 Jan 2006 15:04:05 -0700", headerValue(m.Body, "Date")); err != nil {
				return false
			}
		}
		t = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
		return how == "BEFORE" && t.Before(day) || how == "ON" && t.Equal(day) || how == "SINCE" && !t.Before(day)
	}, nil
}

// finds is a key that is wrong.
func (w WrongSearch) finds(i int, _ *message) bool {
	return w == SearchAll || w == SearchHalf && i%2 == 0
}

// text are keys that look for words.
func (s *searching) text(name string) key {
	field := ""
	switch name {
	case "SUBJECT", "FROM", "TO", "CC", "BCC":
		field = name
	case "HEADER":
		field, _ = astring(s.cmd.args)
	case "BODY", "TEXT":
	default:
		return nil
	}
	word, _ := astring(s.cmd.args)
	word = strings.ToLower(word)
	if wrong := s.c.s.quirks.WrongSearch; wrong != SearchGood && field != "" {
		return wrong.finds
	}
	return func(_ int, m *message) bool {
		switch name {
		case "BODY":
			_, text := header(m.Body)
			return bytes.Contains(bytes.ToLower(text), []byte(word))
		case "TEXT":
			return bytes.Contains(bytes.ToLower(m.Body), []byte(word))
		}
		return hasField(m.Body, field) && strings.Contains(strings.ToLower(headerValue(m.Body, field)), word)
	}
}

func hasField(body []byte, name string) bool {
	head, _ := header(body)
	return slices.ContainsFunc(fields(head), func(f []byte) bool { return strings.EqualFold(fieldName(f), name) })
}
