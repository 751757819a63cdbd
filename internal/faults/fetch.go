package faults

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

func (c *conn) fetch(cmd *command) error {
	set := string(cmd.args.Word())
	cmd.args.SP()
	items, since, vanished, err := fetchItems(cmd)
	if err != nil {
		return err
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	q := &c.s.quirks
	if q.EarlyNews {
		c.sync(true)
	}
	if since > 0 || hasItem(items, "MODSEQ") {
		if !q.has("CONDSTORE") {
			return bad("no CONDSTORE here")
		}
		c.modseqs = true
	}
	if vanished {
		if !c.resync || !cmd.uid || since == 0 {
			return bad("VANISHED is for UID FETCH with CHANGEDSINCE, after ENABLE QRESYNC")
		}
		c.earlier(set, since)
	}
	which, err := c.picked(set, cmd.uid)
	if err != nil {
		return err
	}
	n := 0
	for _, i := range which {
		if c.view[i].modseq <= since && since > 0 && !q.ChangedAll {
			continue
		}
		if q.Hide != nil && q.Hide(c.view[i].Message) {
			continue
		}
		if n++; q.ShortFetch > 0 && n > q.ShortFetch && len(which) > 1 || c.short > 0 && n > c.short {
			return nil
		}
		if n%7 == 3 {
			c.chatter()
		}
		if err := c.answer(i, c.view[i], items, cmd.uid, since > 0 && !q.SilentModSeq); err != nil {
			return err
		}
	}
	return nil
}

func hasItem(items []string, name string) bool {
	for _, it := range items {
		if it == name {
			return true
		}
	}
	return false
}

// fetchItems reads the items in upper case (sections too: no test needs the case of a header's name).
func fetchItems(cmd *command) (items []string, since uint64, vanished bool, err error) {
	take := func() bool {
		name, ok := cmd.args.AttName()
		items = append(items, strings.ToUpper(string(name)))
		return ok
	}
	if cmd.args.Peek() == '(' {
		if !cmd.args.List(take) {
			return nil, 0, false, bad("FETCH set (items)")
		}
	} else if !take() {
		return nil, 0, false, bad("FETCH set items")
	}
	if len(items) == 1 {
		switch items[0] {
		case "ALL":
			items = []string{"FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"}
		case "FAST":
			items = []string{"FLAGS", "INTERNALDATE", "RFC822.SIZE"}
		case "FULL":
			items = []string{"FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"}
		}
	}
	cmd.args.SP()
	cmd.args.List(func() bool {
		word, ok := cmd.args.Atom()
		if cmd.args.SP(); strings.EqualFold(string(word), "CHANGEDSINCE") {
			since, ok = cmd.args.Number()
		}
		vanished = vanished || strings.EqualFold(string(word), "VANISHED")
		return ok
	})
	return items, since, vanished, nil
}

// answer adds one FETCH answer; the caller holds mu.
func (c *conn) answer(i int, m *message, items []string, uid, modseq bool) error {
	a := &fetchAnswer{spaces: c.s.quirks.DoubleSpaces, apart: " "}
	if c.s.quirks.DoubleItems {
		a.apart = "  "
	}
	a.text(fmt.Sprintf("* %d FETCH (", i+1))
	seen := false
	if uid && !hasItem(items, "UID") {
		a.item(fmt.Sprintf("UID %d", m.UID))
	}
	body := m.Body
	if c.s.quirks.NulTo80 {
		body = bytes.ReplaceAll(body, []byte{0}, []byte{0x80})
	}
	for _, it := range items {
		switch it {
		case "UID":
			a.item(fmt.Sprintf("UID %d", m.UID))
		case "FLAGS":
			a.item("FLAGS (" + strings.Join(m.Flags, " ") + ")")
		case "INTERNALDATE":
			a.item(`INTERNALDATE "` + c.s.quirks.shown(m.Date).Format("02-Jan-2006 15:04:05 -0700") + `"`)
		case "RFC822.SIZE":
			a.item(fmt.Sprintf("RFC822.SIZE %d", len(body)))
		case "MODSEQ":
			modseq = true
		case "ENVELOPE":
			a.item("ENVELOPE " + envelope(body, c.s.quirks.OddEnvelope))
		case "BODY", "BODYSTRUCTURE":
			a.item(it + " " + structure(body))
		default:
			name, part, reads, err := section(it, body)
			if err != nil && c.s.quirks.SkipItems {
				continue
			}
			if err != nil {
				return err
			}
			seen = seen || reads
			a.item(name + " ")
			a.literal(part)
			if broken := c.s.quirks.Broken; broken != nil && len(part) == len(body) && broken(m.Message) {
				a.parts[len(a.parts)-1] = part[:len(part)/2]
				c.out = append(c.out, a.parts...)
				return errBroken
			}
		}
	}
	if seen && !c.readOnly && !hasFlag(m.Flags, `\Seen`) {
		c.box.modseq++
		m.Flags, m.modseq, m.by = canonicalFlags(append(m.Flags, `\Seen`)), c.box.modseq, c
		a.item("FLAGS (" + strings.Join(m.Flags, " ") + ")")
	}
	if modseq {
		a.item(fmt.Sprintf("MODSEQ (%d)", m.modseq))
	}
	a.text(")\r\n")
	c.out = append(c.out, a.parts...)
	return nil
}

// shown is a date in the zone that dates are told in.
func (q *Quirks) shown(t time.Time) time.Time {
	if q.Zone != nil {
		return t.In(q.Zone)
	}
	return t
}

// fetchAnswer collects one answer.
type fetchAnswer struct {
	parts  [][]byte
	more   bool
	spaces bool
	apart  string // between two items
}

func (a *fetchAnswer) text(s string) {
	if a.spaces {
		s = doubled(s)
	}
	a.parts = append(a.parts, []byte(s))
}

func (a *fetchAnswer) item(s string) {
	if a.more {
		s = a.apart + s
	}
	a.more = true
	a.text(s)
}

func (a *fetchAnswer) literal(b []byte) {
	a.parts = append(a.parts, fmt.Appendf(nil, "{%d}\r\n", len(b)), b)
}

// section finds what BODY[...] and its old names ask for. reads tells that it sets \Seen.
func section(item string, body []byte) (name string, part []byte, reads bool, err error) {
	head, text := header(body)
	switch item {
	case "RFC822":
		return item, body, true, nil
	case "RFC822.HEADER":
		return item, head, false, nil
	case "RFC822.TEXT":
		return item, text, true, nil
	}
	open, end := strings.IndexByte(item, '['), strings.LastIndexByte(item, ']')
	if open < 0 || end < open || !strings.HasPrefix(item, "BODY") {
		return "", nil, false, bad("what is " + item + "?")
	}
	spec, rest := item[open+1:end], item[end+1:]
	name = "BODY[" + spec + "]"
	switch word, list, _ := strings.Cut(spec, " "); {
	case spec == "":
		part = body
	case spec == "HEADER" || spec == "MIME":
		part = head
	case spec == "TEXT" || spec == "1":
		part = text
	case word == "HEADER.FIELDS" || word == "HEADER.FIELDS.NOT":
		part = someFields(head, strings.Fields(strings.Trim(list, "()")), word == "HEADER.FIELDS")
	}
	if rest != "" {
		from, count, _ := strings.Cut(strings.Trim(rest, "<>"), ".")
		o, err1 := strconv.Atoi(from)
		n, err2 := strconv.Atoi(count)
		if err1 != nil || err2 != nil || o < 0 || n < 0 {
			return "", nil, false, bad("what part is that?")
		}
		part = part[min(o, len(part)):]
		part = part[:min(n, len(part))]
		name += fmt.Sprintf("<%d>", o)
	}
	return name, part, !strings.HasPrefix(item, "BODY.PEEK"), nil
}

// someFields are the fields of these names, or all others, and a blank line.
func someFields(head []byte, names []string, these bool) []byte {
	var out []byte
	for _, f := range fields(head) {
		found := false
		for _, n := range names {
			found = found || strings.EqualFold(strings.Trim(n, `"`), fieldName(f))
		}
		if found == these {
			out = append(out, f...)
		}
	}
	return append(out, "\r\n"...)
}
