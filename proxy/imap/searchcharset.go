package imap

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// charset reads CHARSET and its name. All strings go to the servers as UTF-8 or ASCII.
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
		return &noError{"BADCHARSET (US-ASCII UTF-8)", "This character set is not known here"}
	}
	if p.s.SP() == 0 {
		return errSearch
	}
	return nil
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
