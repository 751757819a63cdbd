package mailsort

import "strings"

// maxField is how much of a field's text is read; of References more, where single ids are short.
const (
	maxField      = 8 << 10
	maxIDs        = 64 << 10
	fieldNames    = "Subject Date From To Cc Message-ID In-Reply-To References"
	numberOfField = 8
)

// field is one of the header fields that matter, by its place in fieldNames.
type field int

const (
	fieldSubject field = iota
	fieldDate
	fieldFrom
	fieldTo
	fieldCc
	fieldMessageID
	fieldInReplyTo
	fieldReferences
)

// header holds the fields of one message, unfolded; "" is none. Of several of one name the first counts.
type header [numberOfField]string

// parseHeader reads a header block, or some fields of one.
func parseHeader(block []byte) (h header) {
	s := string(block)
	var seen [numberOfField]bool
	for s != "" {
		line, rest := fieldLines(s)
		s = rest
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		f, ok := fieldByName(strings.TrimRight(name, " \t"))
		if !ok || seen[f] {
			continue
		}
		most := maxField
		if f >= fieldMessageID {
			most = maxIDs
		}
		seen[f] = true
		h[f] = unfold(value[:min(len(value), most)])
	}
	return h
}

// fieldLines cuts off one line with those that continue it.
func fieldLines(s string) (line, rest string) {
	at := 0
	for {
		end := strings.IndexByte(s[at:], '\n')
		if end < 0 {
			return s, ""
		}
		at += end + 1
		if at == len(s) || s[at] != ' ' && s[at] != '\t' {
			return s[:at], s[at:]
		}
	}
}

func fieldByName(name string) (field, bool) {
	f := field(0)
	for known := range strings.SplitSeq(fieldNames, " ") {
		if strings.EqualFold(known, name) {
			return f, true
		}
		f++
	}
	return 0, false
}

// unfold takes out line ends (RFC 5322 2.2.3).
func unfold(value string) string {
	value = strings.TrimSpace(value)
	if strings.ContainsAny(value, "\r\n") {
		value = strings.NewReplacer("\r", "", "\n", "").Replace(value)
	}
	return value
}
