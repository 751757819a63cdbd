package standin

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/emersion/go-ical"
	"github.com/emersion/go-vcard"
)

// davItem is what an object's bytes say.
type davItem struct {
	uid  string
	comp string // VEVENT, VTODO, VJOURNAL, VFREEBUSY; VCARD
	cal  *ical.Calendar
	card vcard.Card
}

var (
	errFaulty = errors.New("neither iCalendar nor vCard")
	errRules  = errors.New("a rule of RFC 4791 4.1 or RFC 6352 5.1 is broken")
)

// Bounds of an object beside its size: what the parsers do with more of these takes them too long, or too deep.
const (
	maxNesting = 16
	maxParams  = 64 << 10 // bytes of a line before its value
)

// readItem reads an object. Strict says that faults which many servers let pass are none to be taken.
func readItem(kind Kind, body []byte, strict bool) (it *davItem, err error) {
	defer func() { // the parsers panic on some lines, such as one that ends behind a parameter's "="
		if recover() != nil {
			it, err = nil, errFaulty
		}
	}()
	if !bounded(body) {
		return nil, errFaulty
	}
	if kind == Contacts {
		return readCard(body, strict)
	}
	return readCalendar(body, strict)
}

func readCard(body []byte, strict bool) (*davItem, error) {
	c, err := vcard.NewDecoder(bytes.NewReader(body)).Decode()
	if err != nil || c.Value(vcard.FieldVersion) == "" {
		return nil, errFaulty
	}
	uid := c.Value(vcard.FieldUID)
	if strict && (uid == "" || c.Value(vcard.FieldVersion) == "2.1") {
		return nil, errRules
	}
	return &davItem{uid: uid, comp: "VCARD", card: c}, nil
}

func readCalendar(body []byte, strict bool) (*davItem, error) {
	c, err := ical.NewDecoder(bytes.NewReader(body)).Decode()
	if err != nil {
		return nil, errFaulty
	}
	it := &davItem{cal: c}
	for _, k := range c.Children {
		if k.Name == ical.CompTimezone {
			continue
		}
		uid := valueOf(k, ical.PropUID)
		if uid == "" || it.uid != "" && (uid != it.uid || k.Name != it.comp) {
			return nil, errRules
		}
		it.uid, it.comp = uid, k.Name
		if start := valueOf(k, ical.PropDateTimeStart); strict && start != "" && start == valueOf(k, ical.PropDateTimeEnd) {
			return nil, errRules
		}
	}
	if it.uid == "" || strict && c.Props.Get(ical.PropMethod) != nil {
		return nil, errRules
	}
	return it, nil
}

// valueOf is the first value of a property; "" if there is none.
func valueOf(c *ical.Component, name string) string {
	if p := c.Props.Get(name); p != nil {
		return p.Value
	}
	return ""
}

var fold = regexp.MustCompile(`\r?\n[ \t]`)

// unfolded are the lines of an object (RFC 5545 3.1, RFC 6350 3.2).
func unfolded(body []byte) []string {
	lines := strings.Split(string(fold.ReplaceAll(body, nil)), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimSuffix(l, "\r")
	}
	return lines
}

func bounded(body []byte) bool {
	depth := 0
	for _, l := range unfolded(body) {
		switch nameOf(l) {
		case "BEGIN":
			depth++
		case "END":
			depth--
		}
		quoted := false
		head := strings.IndexFunc(l, func(r rune) bool {
			quoted = quoted != (r == '"')
			return r == ':' && !quoted
		})
		if head < 0 {
			head = len(l)
		}
		if depth > maxNesting || head > maxParams {
			return false
		}
	}
	return true
}

// nameOf is the name of a line's property, in upper case.
func nameOf(line string) string {
	return strings.ToUpper(line[:strings.IndexAny(line+":", ":;")])
}

// rewritten says the same in other bytes: PRODID is the server's own, properties are in another order, lines are folded
// after 75 octets. Bytes that would not be read the same then stay as they are.
func (it *davItem) rewritten(kind Kind, body []byte) []byte {
	var out bytes.Buffer
	var run []string // properties since the last BEGIN or END
	flush := func() {
		slices.SortStableFunc(run, func(a, b string) int { return strings.Compare(rank(a), rank(b)) })
		for _, l := range run {
			writeFolded(&out, l)
		}
		run = run[:0]
	}
	for _, l := range unfolded(body) {
		switch nameOf(l) {
		case "":
			continue
		case "BEGIN", "END":
			flush()
			writeFolded(&out, l)
			continue
		case "PRODID":
			l = "PRODID:-//SmarterTools Inc.//SmarterMail//EN"
		}
		run = append(run, l)
	}
	flush()
	if is, err := readItem(kind, out.Bytes(), false); err != nil || is.uid != it.uid || is.comp != it.comp {
		return body
	}
	return out.Bytes()
}

// rank orders properties: VERSION comes first, as RFC 6350 6.7.9 wants.
func rank(line string) string {
	if name := nameOf(line); name != "VERSION" {
		return name
	}
	return ""
}

func writeFolded(out *bytes.Buffer, line string) {
	for width := 75; len(line) > width; width = 74 {
		cut := width
		for cut > 1 && line[cut]&0xC0 == 0x80 { // in the middle of a character
			cut--
		}
		out.WriteString(line[:cut] + "\r\n ")
		line = line[cut:]
	}
	out.WriteString(line + "\r\n")
}
