package imap

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
	"crossfade/proxy"
)

// Limits of one SEARCH. Clients chain hundreds of ORs.
const (
	maxKeys  = 10_000
	maxDepth = 2_000
)

// searchParser reads the keys of a SEARCH.
type searchParser struct {
	s        *imapwire.Scanner
	view     *proxy.View
	last     uint32 // the UID * stands for
	saved    numSet // what $ stands for
	numbered bool   // a key speaks of sequence numbers
	keys     int
	decode   func([]byte) ([]byte, error) // from the command's character set; nil: it is UTF-8 or ASCII
}

var errSearch = badError("SEARCH does not understand these keys")

// program reads all keys to the end of the command.
func (p *searchParser) program() (*searchKey, error) {
	tree, err := p.keyList(0)
	if err != nil {
		return nil, err
	}
	if p.s.SP(); !p.s.End() {
		return nil, errSearch
	}
	return tree, nil
}

// keyList reads keys up to a closing parenthesis or the end: all of them must hold.
func (p *searchParser) keyList(depth int) (*searchKey, error) {
	and := &searchKey{op: opAnd}
	for {
		p.s.SP()
		if c := p.s.Peek(); c == ')' || p.s.End() {
			break
		}
		k, err := p.key(depth + 1)
		if err != nil {
			return nil, err
		}
		and.kids = append(and.kids, k)
		if c := p.s.Peek(); c != ' ' && c != ')' && !p.s.End() {
			return nil, errSearch
		}
	}
	if len(and.kids) == 0 {
		return nil, errSearch
	}
	slices.SortStableFunc(and.kids, byCost)
	return and, nil
}

func byCost(a, b *searchKey) int { return a.cost() - b.cost() }

// key reads one key.
func (p *searchParser) key(depth int) (*searchKey, error) {
	if p.keys++; p.keys > maxKeys || depth > maxDepth {
		return nil, &noError{"LIMIT", "The search is too long"}
	}
	switch c := p.s.Peek(); {
	case p.s.Byte('('):
		k, err := p.keyList(depth)
		if err != nil {
			return nil, err
		}
		if !p.s.Byte(')') {
			return nil, errSearch
		}
		return k, nil
	case c == '*' || c == '$' || c >= '0' && c <= '9':
		return p.set(opSeqs, p.view.Len())
	}
	word, ok := p.s.Atom()
	if !ok {
		return nil, errSearch
	}
	name := strings.ToUpper(string(word))
	switch name {
	case "NOT":
		k, err := p.argument(depth)
		if err != nil {
			return nil, err
		}
		return not(k), nil
	case "OR":
		return p.or(depth)
	case "UID":
		if p.s.SP() == 0 {
			return nil, errSearch
		}
		return p.set(opUIDs, p.last)
	}
	return p.named(name)
}

// argument reads a blank and the key behind NOT or OR.
func (p *searchParser) argument(depth int) (*searchKey, error) {
	if p.s.SP() == 0 {
		return nil, errSearch
	}
	return p.key(depth + 1)
}

func (p *searchParser) or(depth int) (*searchKey, error) {
	a, err := p.argument(depth)
	if err != nil {
		return nil, err
	}
	b, err := p.argument(depth)
	if err != nil {
		return nil, err
	}
	k := &searchKey{op: opOr, kids: []*searchKey{a, b}}
	slices.SortStableFunc(k.kids, byCost)
	return k, nil
}

func (p *searchParser) set(op searchOp, last uint32) (*searchKey, error) {
	set, saved, ok := parseSet(p.s)
	if !ok {
		return nil, errSearch
	}
	p.numbered = p.numbered || op == opSeqs && len(set) > 0
	k := &searchKey{op: op, set: set.at(last)}
	if saved {
		k = &searchKey{op: opOr, kids: []*searchKey{k, {op: opUIDs, set: p.saved}}}
	}
	return k, nil
}

// flagKeys are the keys about system flags.
var flagKeys = map[string]string{
	"ANSWERED": `\Answered`, "DELETED": `\Deleted`, "DRAFT": `\Draft`, "FLAGGED": `\Flagged`, "SEEN": `\Seen`,
}

// named reads what belongs to a key that has a name.
func (p *searchParser) named(name string) (*searchKey, error) {
	if flag, ok := flagKeys[name]; ok {
		return &searchKey{op: opFlag, flag: flag}, nil
	}
	if rest, ok := strings.CutPrefix(name, "UN"); ok && flagKeys[rest] != "" {
		return not(&searchKey{op: opFlag, flag: flagKeys[rest]}), nil
	}
	switch name {
	case "ALL":
		return &searchKey{op: opAll}, nil
	case "RECENT":
		return &searchKey{op: opRecent}, nil
	case "OLD":
		return not(&searchKey{op: opRecent}), nil
	case "NEW":
		unseen := not(&searchKey{op: opFlag, flag: `\Seen`})
		return &searchKey{op: opAnd, kids: []*searchKey{{op: opRecent}, unseen}}, nil
	}
	if p.s.SP() == 0 {
		return nil, errSearch
	}
	switch name {
	case "KEYWORD", "UNKEYWORD":
		word, ok := p.s.Atom()
		if !ok {
			return nil, errSearch
		}
		k := &searchKey{op: opFlag, flag: string(word)}
		if name == "UNKEYWORD" {
			k = not(k)
		}
		return k, nil
	case "LARGER", "SMALLER":
		return p.sized(name)
	case "BEFORE", "ON", "SINCE", "SENTBEFORE", "SENTON", "SENTSINCE":
		return p.dated(name)
	case "BCC", "BODY", "CC", "FROM", "SUBJECT", "TEXT", "TO":
		return p.text(name, 1)
	case "HEADER":
		return p.text(name, 2)
	}
	return nil, errSearch
}

func (p *searchParser) sized(name string) (*searchKey, error) {
	n, ok := p.s.Number()
	if !ok {
		return nil, errSearch
	}
	k := &searchKey{op: opLarger, size: int64(n)}
	if name == "SMALLER" {
		k.op = opSmaller
	}
	k.leaf.Text = []string{string(number([]byte(name+" "), n))}
	return k, nil
}

func (p *searchParser) dated(name string) (*searchKey, error) {
	raw, ok := p.s.AString()
	if !ok {
		return nil, errSearch
	}
	t, err := time.Parse("2-Jan-2006", string(raw))
	if err != nil {
		return nil, badError("SEARCH needs a date such as 1-Feb-1994")
	}
	k := &searchKey{day: dayOf(t), leaf: backfill.SearchKey{Text: []string{name + " " + t.Format("2-Jan-2006")}}}
	switch name {
	case "BEFORE":
		k.op = opBefore
	case "ON":
		k.op = opOn
	case "SINCE":
		k.op = opSince
	default:
		k.op = opServer
	}
	return k, nil
}

// text reads a key with one or two strings. 8-bit text goes on as UTF-8; what the client said it was may be wrong.
func (p *searchParser) text(name string, args int) (*searchKey, error) {
	k := &searchKey{op: opServer}
	text := name
	for i := range args {
		if i > 0 && p.s.SP() == 0 {
			return nil, errSearch
		}
		raw, ok := p.s.AString()
		if !ok || bytes.IndexByte(raw, 0) >= 0 {
			return nil, errSearch
		}
		if p.decode != nil {
			decoded, err := p.decode(raw)
			if err != nil || bytes.IndexByte(decoded, 0) >= 0 {
				return nil, errSearch
			}
			raw = decoded
		}
		if imapwire.Quotable(string(raw)) {
			text = string(imapwire.AppendQuoted([]byte(text+" "), string(raw)))
			continue
		}
		if isASCII(raw) {
			raw = bytes.Clone(raw)
		} else {
			raw = toUTF8(raw)
			k.leaf.Charset = "UTF-8"
		}
		k.leaf.Text = append(k.leaf.Text, text+" ")
		k.leaf.Literals = append(k.leaf.Literals, raw)
		text = ""
	}
	if text != "" {
		k.leaf.Text = append(k.leaf.Text, text)
	}
	return k, nil
}
