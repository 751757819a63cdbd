package mailsort

import "strings"

// address is the first address of a field as ENVELOPE tells it (RFC 3501 7.4.2): of a group its name is the mailbox.
type address struct {
	name, mailbox, host string
}

// display is what RFC 5957 sorts by: the display name, else the address.
func (a address) display() string {
	if name := strings.TrimSpace(Decode(a.name)); name != "" {
		return name
	}
	if a.host != "" {
		return a.mailbox + "@" + a.host
	}
	return Decode(a.mailbox)
}

// firstAddress reads the first address of a From, To or Cc field. Whatever is not as RFC 5322 3.4 wants it is read as far
// as it goes.
func firstAddress(s string) address {
	p := addressScanner{s: s}
	for {
		words := p.words()
		switch p.next() {
		case '<':
			a := p.angle()
			if a.name = strings.Join(words, " "); a.name == "" {
				a.name = p.comment
			}
			return a
		case '@':
			a := address{mailbox: strings.Join(words, ""), host: p.domain()}
			p.words() // a comment behind it is the name
			a.name = p.comment
			return a
		case ':':
			return address{mailbox: strings.Join(words, " ")}
		case 0:
			return address{mailbox: strings.Join(words, " ")}
		}
		if len(words) > 0 {
			return address{mailbox: strings.Join(words, " ")}
		}
	}
}

// addressScanner walks over an address list.
type addressScanner struct {
	s       string
	i       int
	comment string // the last one
}

// next passes one special.
func (p *addressScanner) next() byte {
	if p.i >= len(p.s) {
		return 0
	}
	p.i++
	return p.s[p.i-1]
}

// words passes atoms, quoted strings and comments up to a special.
func (p *addressScanner) words() (out []string) {
	for p.i < len(p.s) {
		switch c := p.s[p.i]; c {
		case ' ', '\t', '\r', '\n':
			p.i++
		case '(':
			p.comment = p.enclosed('(', ')')
		case '"':
			out = append(out, p.enclosed('"', '"'))
		case '<', '>', ',', ':', ';', '@':
			return out
		default:
			from := p.i
			for p.i < len(p.s) && strings.IndexByte(" \t\r\n(\"<>,:;@", p.s[p.i]) < 0 {
				p.i++
			}
			out = append(out, p.s[from:p.i])
		}
	}
	return out
}

// enclosed passes a quoted string, or a comment with those inside it, and returns what it holds.
func (p *addressScanner) enclosed(begin, end byte) string {
	var b strings.Builder
	depth := 1
	for p.i++; p.i < len(p.s); p.i++ {
		switch c := p.s[p.i]; {
		case c == '\\' && p.i+1 < len(p.s):
			p.i++
			b.WriteByte(p.s[p.i])
			continue
		case c == end:
			if depth--; depth == 0 {
				p.i++
				return b.String()
			}
		case c == begin:
			depth++
		}
		b.WriteByte(p.s[p.i])
	}
	return b.String()
}

// domain passes what stands behind an @.
func (p *addressScanner) domain() string {
	from := p.i
	for p.i < len(p.s) && strings.IndexByte("\t\r\n(<>,:;", p.s[p.i]) < 0 {
		p.i++
	}
	return strings.ReplaceAll(p.s[from:p.i], " ", "")
}

// angle passes <local@domain> behind its bracket, a route before it as well.
func (p *addressScanner) angle() address {
	for {
		words := p.words()
		switch p.next() {
		case '@':
			if len(words) == 0 { // a route: @a,@b:local@domain
				p.domain()
				continue
			}
			return address{mailbox: strings.Join(words, ""), host: p.domain()}
		case ',', ':':
			if len(words) == 0 {
				continue
			}
		}
		return address{mailbox: strings.Join(words, "")}
	}
}
