package imap

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
)

// charset reads CHARSET and its name (RFC 9051 6.4.4). All strings go to the servers as UTF-8 or ASCII.
func (p *searchParser) charset() error {
	if !p.s.Fold("CHARSET") {
		return nil
	}
	p.s.SP()
	return p.charsetName()
}

// charsetName reads the name of a character set, and the blank behind it.
func (p *searchParser) charsetName() error {
	name, ok := p.s.AString()
	if !ok {
		return errSearch
	}
	switch strings.ToUpper(string(name)) {
	case "US-ASCII", "ASCII", "UTF-8", "UTF8":
	default:
		if p.decode = decoderOf(string(name)); p.decode == nil {
			return &noError{"BADCHARSET (US-ASCII UTF-8)", "This character set is not known here"}
		}
	}
	if p.s.SP() == 0 {
		return errSearch
	}
	return nil
}

// decoderOf makes UTF-8 of text in a character set that commands can be written in: one that keeps ASCII as it is. nil: it
// is not known, or none of those.
func decoderOf(name string) func([]byte) ([]byte, error) {
	e, err := htmlindex.Get(name)
	if err != nil {
		return nil
	}
	switch known, err := htmlindex.Name(e); {
	case err != nil, strings.HasPrefix(known, "utf-16"), known == "replacement", known == "x-user-defined":
		return nil
	}
	return func(b []byte) ([]byte, error) { return e.NewDecoder().Bytes(b) }
}

func isASCII(b []byte) bool {
	return bytes.IndexFunc(b, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// toUTF8 copies text; what is not UTF-8 is taken for Latin-1.
func toUTF8(b []byte) []byte {
	if utf8.Valid(b) {
		return bytes.Clone(b)
	}
	out := make([]byte, 0, 2*len(b))
	for _, c := range b {
		out = utf8.AppendRune(out, rune(c))
	}
	return out
}
