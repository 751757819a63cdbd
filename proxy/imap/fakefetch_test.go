package imap

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"crossfade/backfill"
)

// renderer answers FETCH items the way a simple server does.
func renderer(m *fakeMessage, items []string, cut int64, hollow bool) func() (backfill.RawAtt, error) {
	i := 0
	return func() (backfill.RawAtt, error) {
		if i == len(items) {
			return backfill.RawAtt{}, io.EOF
		}
		item := items[i]
		i++
		switch item {
		case "ENVELOPE":
			return backfill.RawAtt{Name: item, Value: []byte(`("raw date" {3}` + "\r\n\xfc\r\n" + ` NIL NIL NIL NIL NIL NIL NIL "<1@x>")`)}, nil
		case "BODY", "BODYSTRUCTURE":
			return backfill.RawAtt{Name: item, Value: []byte(`("text" "plain" NIL NIL NIL "7bit" 5 1)`)}, nil
		case "RFC822.SIZE":
			return backfill.RawAtt{Name: item, Value: fmt.Append(nil, len(m.body))}, nil
		case "INTERNALDATE":
			return backfill.RawAtt{Name: item, Value: []byte(`"` + m.Date.Format("_2-Jan-2006 15:04:05 -0700") + `"`)}, nil
		}
		name := strings.Replace(item, "BODY.PEEK[", "BODY[", 1)
		if hollow {
			return backfill.RawAtt{Name: name, Value: []byte("NIL")}, nil
		}
		name, text := section(name, m.body)
		r := io.Reader(strings.NewReader(text))
		if cut > 0 && cut < int64(len(text)) {
			r = io.MultiReader(io.LimitReader(r, cut), failing{})
		}
		return backfill.RawAtt{Name: name, Literal: r, Size: int64(len(text))}, nil
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// section cuts the asked part out of a message of one part.
func section(name, body string) (string, string) {
	head, text, _ := strings.Cut(body, "\r\n\r\n")
	head += "\r\n\r\n"
	var from, count int
	if spec, rest, ok := strings.Cut(name, "]<"); ok {
		_, _ = fmt.Sscanf(rest, "%d.%d", &from, &count)
		name = fmt.Sprintf("%s]<%d>", spec, from)
	}
	out := body
	switch spec, _, _ := strings.Cut(strings.TrimPrefix(name, "BODY["), "]"); {
	case spec == "":
	case spec == "TEXT" || spec == "1":
		out = text
	case spec == "HEADER" || spec == "1.MIME":
		out = head
	case strings.HasPrefix(spec, "HEADER.FIELDS ("):
		out = ""
		for line := range strings.SplitSeq(head, "\r\n") {
			field, _, _ := strings.Cut(line, ":")
			if field != "" && slices.Contains(strings.Fields(strings.Trim(spec[14:], "()")), strings.ToUpper(field)) {
				out += line + "\r\n"
			}
		}
		out += "\r\n"
	}
	if count > 0 {
		out = out[min(from, len(out)):min(from+count, len(out))]
	}
	return name, out
}
