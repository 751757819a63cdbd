package imap

import (
	"strings"

	"crossfade/internal/imapwire"
)

// plan is what a FETCH asks for (RFC 3501 6.4.5): what we answer from the state, and what the servers are asked.
type plan struct {
	uid, flags, size, date bool
	seen                   bool // a body is read in a way that marks it \Seen
	passes                 []pass
	binaries               []binaryItem // parts that we decode (RFC 3516)
}

// pass is one question to the servers. Two items that are answered under the same name (RFC822 and BODY[])
// cannot be told apart in one, so each gets its own.
type pass struct {
	items []string // harmless: BODY.PEEK, never BODY
	names []string // what each is answered as
	as    []string // what the client calls it; "": as the server spells it
}

// maxItems is how many items a FETCH may ask for.
const maxItems = 500

// parseFetch passes one item, a macro, or a list of items.
func parseFetch(cmd *command) (*plan, error) {
	p := &plan{uid: cmd.uid}
	s, count := cmd.args, 0
	var err error
	each := func() bool {
		raw, ok := s.AttName()
		if count++; !ok || count > maxItems {
			return false
		}
		err = p.add(string(raw))
		return err == nil
	}
	var ok bool
	if s.Peek() == '(' {
		ok = s.List(each)
	} else {
		for ok = each(); ok && s.SP() > 0 && !s.End(); {
			ok = each()
		}
	}
	switch {
	case err != nil:
		return nil, err
	case !ok || count == 0:
		return nil, badError("FETCH needs a list of items")
	}
	return p, cmd.end()
}

// add puts one item into the plan.
func (p *plan) add(raw string) error {
	name := strings.ToUpper(raw)
	switch name {
	case "UID":
		p.uid = true
	case "FLAGS":
		p.flags = true
	case "RFC822.SIZE":
		p.size = true
	case "INTERNALDATE":
		p.date = true
	case "FAST":
		p.flags, p.date, p.size = true, true, true
	case "ALL":
		p.flags, p.date, p.size = true, true, true
		p.ask("ENVELOPE", "ENVELOPE", "")
	case "FULL":
		p.flags, p.date, p.size = true, true, true
		p.ask("ENVELOPE", "ENVELOPE", "")
		p.ask("BODY", "BODY", "")
	case "ENVELOPE", "BODYSTRUCTURE", "BODY":
		p.ask(name, name, "")
	case "RFC822", "RFC822.PEEK": // the second is in no RFC, but in use
		p.seen = p.seen || name == "RFC822"
		p.ask("BODY.PEEK[]", "BODY[]", "RFC822")
	case "RFC822.HEADER":
		p.ask("BODY.PEEK[HEADER]", "BODY[HEADER]", "RFC822.HEADER")
	case "RFC822.TEXT":
		p.seen = true
		p.ask("BODY.PEEK[TEXT]", "BODY[TEXT]", "RFC822.TEXT")
	default:
		return p.section(raw)
	}
	return nil
}

// ask adds a question to the first pass that has no other answer of that name.
func (p *plan) ask(item, name, as string) {
	for i := range p.passes {
		at := p.passes[i].find(name, as)
		if at >= 0 && p.passes[i].items[at] == item && p.passes[i].as[at] == as {
			return
		}
		if at < 0 {
			p.passes[i].put(item, name, as)
			return
		}
	}
	p.passes = append(p.passes, pass{})
	p.passes[len(p.passes)-1].put(item, name, as)
}

func (q *pass) put(item, name, as string) {
	q.items, q.names, q.as = append(q.items, item), append(q.names, name), append(q.as, as)
}

// find is where an item is whose answer cannot be told from one of this name, -1 if there is none. RFC822.TEXT is asked for
// as BODY[TEXT], whose answer some servers call BODY[TEXT]<0>: it would be taken for the first bytes of the text, and these for it.
func (q *pass) find(name, as string) int {
	for i, n := range q.names {
		if n == name || (as != "" || q.as[i] != "") && strings.TrimSuffix(n, "<0>") == strings.TrimSuffix(name, "<0>") {
			return i
		}
	}
	return -1
}

// rename gives an answer the name the client used.
func (q *pass) rename(name string) string {
	for i, n := range q.names {
		// Some servers add <0> to an answer that was not asked for in part.
		if q.as[i] != "" && (strings.EqualFold(n, name) || strings.EqualFold(n+"<0>", name)) {
			return q.as[i]
		}
	}
	return name
}

// section adds BODY[...] or BODY.PEEK[...] with an optional part in angle brackets.
func (p *plan) section(raw string) error {
	bad := badError("FETCH does not know this item")
	head, rest, ok := strings.Cut(raw, "[")
	if !ok {
		return bad
	}
	switch kind := strings.ToUpper(head); kind {
	case "BINARY", "BINARY.PEEK", "BINARY.SIZE":
		part, tail, ok := strings.Cut(rest, "]")
		if !ok {
			return bad
		}
		return p.binary(kind, strings.TrimSpace(part), tail)
	}
	peek := strings.EqualFold(head, "BODY.PEEK")
	if !peek && !strings.EqualFold(head, "BODY") {
		return bad
	}
	end := strings.LastIndexByte(rest, ']')
	if end < 0 {
		return bad
	}
	spec, ok := sectionSpec(rest[:end])
	if !ok {
		return bad
	}
	partial, origin, ok := parsePartial(rest[end+1:])
	if !ok {
		return bad
	}
	p.seen = p.seen || !peek
	p.ask("BODY.PEEK["+spec+"]"+partial, "BODY["+spec+"]"+origin, "")
	return nil
}

// sectionSpec checks a section (RFC 3501 9, section-spec) and returns it in its usual spelling.
func sectionSpec(raw string) (string, bool) {
	s := imapwire.NewScanner([]byte(raw))
	s.SP()
	var out strings.Builder
	for {
		from := s.Pos()
		if n, ok := s.Uint32(); !ok || n == 0 {
			break
		}
		out.WriteString(raw[from:s.Pos()])
		if !s.Byte('.') {
			s.SP()
			return out.String(), s.End()
		}
		out.WriteByte('.')
	}
	word := strings.ToUpper(string(s.Word()))
	out.WriteString(word)
	switch word {
	case "":
		return "", out.Len() == 0
	case "MIME":
		if out.Len() == len(word) {
			return "", false // MIME headers are those of a part
		}
	case "HEADER", "TEXT":
	case "HEADER.FIELDS", "HEADER.FIELDS.NOT":
		s.SP()
		list, ok := headerList(s)
		if !ok {
			return "", false
		}
		out.WriteString(" " + list)
	default:
		return "", false
	}
	s.SP()
	return out.String(), s.End()
}

// headerList reads the names of header fields and writes them as atoms or quoted strings.
func headerList(s *imapwire.Scanner) (string, bool) {
	out := []byte{'('}
	ok := s.List(func() bool {
		raw, ok := s.AString()
		name := string(raw)
		if !ok || name == "" || !imapwire.Quotable(name) {
			return false
		}
		out = appendBlank(out)
		if imapwire.IsAtom(name) && !strings.ContainsRune(name, ']') {
			out = append(out, name...)
		} else {
			out = imapwire.AppendQuoted(out, name)
		}
		return true
	})
	return string(append(out, ')')), ok && len(out) > 1
}

// parsePartial reads <offset.count>, and returns it with the <offset> that stands in the answer.
func parsePartial(raw string) (partial, origin string, ok bool) {
	if raw == "" {
		return "", "", true
	}
	s := imapwire.NewScanner([]byte(raw))
	if !s.Byte('<') {
		return "", "", false
	}
	_, ok = s.Uint32()
	at := s.Pos()
	if !ok || !s.Byte('.') {
		return "", "", false
	}
	if n, ok := s.Uint32(); !ok || n == 0 || !s.Byte('>') || !s.End() {
		return "", "", false
	}
	return raw, raw[:at] + ">", true
}
