package standin

import (
	"io"
	"regexp"
	"strings"

	"crossfade/internal/imapwire"
)

// answer passes the server's answers on, changed, until it goes.
func (c *filtered) answer() error {
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		_ = c.out.Flush() // what stands before an answer that was cut short
		c.gone = true
		c.idle.Broadcast()
	}()
	for {
		text, lit, err := c.answers.Next()
		if err != nil {
			return err
		}
		line := string(text)
		kind := kindOf(line)
		c.mu.Lock()
		drop := kind == "CAPABILITY"
		var sp spacer
		for first := true; ; first = false {
			if out := c.changed(kind, line, first, &sp); !drop {
				_, _ = c.out.WriteString(out) // Flush tells
				if lit != nil {
					_, _ = c.out.Write(imapwire.AppendMarker(nil, lit.Size, false, lit.Binary))
					_, err = io.Copy(c.out, lit)
					sp.value = true
				} else {
					_, _ = c.out.WriteString("\r\n")
				}
			}
			if lit == nil || err != nil {
				break
			}
			if text, lit, err = c.answers.Next(); err != nil {
				break
			}
			line = string(text)
		}
		if kind == "" {
			c.answered(line)
		}
		if err == nil && c.answers.Buffered() == 0 {
			err = c.out.Flush()
		}
		c.mu.Unlock()
		if err != nil {
			return err
		}
	}
}

// kindOf is the kind of an untagged answer, "+", or "" for a tagged one.
func kindOf(line string) string {
	f := strings.Fields(line)
	switch {
	case len(f) > 0 && f[0] == "+":
		return "+"
	case len(f) < 2 || f[0] != "*":
		return ""
	case len(f) > 2 && f[1][0] >= '0' && f[1][0] <= '9':
		return strings.ToUpper(f[2])
	}
	return strings.ToUpper(f[1])
}

// answered counts a tagged answer; the caller holds mu.
func (c *filtered) answered(line string) {
	tag, rest, _ := strings.Cut(line, " ")
	if tag == c.login {
		c.in, c.login = c.in || strings.HasPrefix(rest, "OK"), ""
	}
	if tag == c.xlist {
		c.xlist = ""
	}
	c.open--
	c.idle.Broadcast()
}

var (
	capsCode   = regexp.MustCompile(`\[CAPABILITY [^\]]*\] ?`)
	validCode  = regexp.MustCompile(`\[(UIDVALIDITY|APPENDUID|COPYUID) \d+`)
	validItem  = regexp.MustCompile(`\bUIDVALIDITY \d+`)
	permanent  = regexp.MustCompile(`\[PERMANENTFLAGS \(([^)]*)\)`)
	attributes = regexp.MustCompile(`(?i)^\* +(LIST|LSUB) +\(([^)]*)\)`)
	inboxName  = regexp.MustCompile(`(?i) "?inbox"?$`)
)

// changed is one piece of an answer as SmarterMail would say it; the caller holds mu.
func (c *filtered) changed(kind, line string, first bool, sp *spacer) string {
	switch kind {
	case "FETCH":
		if c.opt.SingleSpaces {
			return line
		}
		return sp.double(line)
	case "STATUS":
		if i := strings.LastIndexByte(line, '('); i >= 0 {
			return line[:i] + validItem.ReplaceAllStringFunc(line[i:], c.validity)
		}
	case "LIST", "LSUB":
		if first {
			return c.listed(line)
		}
	case "OK", "NO", "":
		line = capsCode.ReplaceAllString(line, "")
		line = validCode.ReplaceAllStringFunc(line, c.validity)
		line = permanent.ReplaceAllStringFunc(line, c.flags)
		tag, rest, _ := strings.Cut(line, " ")
		if kind == "" && tag == c.login && strings.HasPrefix(rest, "OK") && c.opt.quirks().TellIn {
			return "* CAPABILITY " + strings.Join(c.opt.Offer.list(), " ") + "\r\n" + line
		}
	}
	return line
}

// validity puts the UIDVALIDITY that is to be told in place of the number at the end.
func (c *filtered) validity(s string) string {
	before := s[:strings.LastIndexByte(s, ' ')+1]
	switch c.opt.Validity {
	case ValidityZero:
		return before + "0"
	case ValidityOne:
		return before + "1"
	}
	return s
}

func (c *filtered) flags(s string) string {
	s = strings.TrimSuffix(s, ")")
	if c.opt.Keywords == KeywordsNone {
		return `[PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft)`
	}
	return s + ` \Recent)`
}

// listed is a LIST or LSUB answer without uses, or an XLIST answer with those that XLIST knows.
func (c *filtered) listed(line string) string {
	inbox := inboxName.MatchString(line)
	line = attributes.ReplaceAllStringFunc(line, func(s string) string {
		found := attributes.FindStringSubmatch(s)
		how, keep := strings.ToUpper(found[1]), []string(nil)
		if c.xlist != "" && how == "LIST" {
			how = "XLIST"
		}
		for _, a := range strings.Fields(found[2]) {
			switch use := strings.ToLower(a); use {
			case `\sent`, `\trash`, `\junk`, `\drafts`, `\archive`, `\all`, `\flagged`, `\important`:
				told := map[string]string{`\sent`: `\Sent`, `\trash`: `\Trash`, `\junk`: `\Spam`}[use]
				if use == `\drafts` && c.opt.XListDrafts {
					told = `\Drafts`
				}
				if how == "XLIST" && told != "" {
					keep = append(keep, told)
				}
			default:
				keep = append(keep, a)
			}
		}
		if inbox && how == "XLIST" {
			keep = append(keep, `\Inbox`)
		}
		return "* " + how + " (" + strings.Join(keep, " ") + ")"
	})
	if inbox && c.opt.MixedInbox {
		line = inboxName.ReplaceAllString(line, " Inbox")
	}
	return line
}

// spacer doubles the space behind each value of a FETCH answer, over all its pieces.
type spacer struct {
	depth  int
	quoted bool
	value  bool // a value has just ended
}

func (sp *spacer) double(piece string) string {
	var out strings.Builder
	for i := 0; i < len(piece); i++ {
		b := piece[i]
		out.WriteByte(b)
		switch {
		case sp.quoted && b == '\\' && i+1 < len(piece):
			i++
			out.WriteByte(piece[i])
		case b == '"':
			sp.quoted = !sp.quoted
			sp.value = !sp.quoted
			continue
		case sp.quoted:
			continue
		case b == '(':
			sp.depth++
		case b == ')':
			sp.depth--
			sp.value = true
			continue
		case b == ' ' && sp.depth == 1 && sp.value:
			out.WriteByte(' ')
		case sp.depth == 1 && b >= '0' && b <= '9':
			sp.value = true // no item's name ends in a digit
			continue
		}
		sp.value = false
	}
	return out.String()
}
