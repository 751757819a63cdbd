package names

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold is the key under which folder names are compared with the table of default names: NFKC, full case
// folding, invisible characters dropped (bidi marks, joiners, tatweel, soft hyphen, byte order mark), every run
// of blanks, dashes, low lines, apostrophes and full stops one space, none at the ends. Combining marks are
// kept: without them Thai, Hindi and others become other words. It takes one segment, never a whole path,
// because "／" folds to "/".
func Fold(name string) string {
	var buf [64]byte
	if key, ok := foldASCII(buf[:0], name); ok {
		return string(key)
	}
	if key, ok := foldLetters(buf[:0], name); ok {
		return string(key)
	}
	return foldUnicode(name)
}

// foldASCII folds a short plain name into buf. It is what foldUnicode would give, without allocating.
func foldASCII(buf []byte, name string) ([]byte, bool) {
	if len(name) > cap(buf) {
		return nil, false
	}
	for i := range len(name) {
		c := name[i]
		switch {
		case c >= 0x80:
			return nil, false
		case 'A' <= c && c <= 'Z':
			buf = append(buf, c+'a'-'A')
		case foldedToSpace(rune(c)):
			if len(buf) > 0 && buf[len(buf)-1] != ' ' {
				buf = append(buf, ' ')
			}
		default:
			buf = append(buf, c)
		}
	}
	if n := len(buf); n > 0 && buf[n-1] == ' ' {
		buf = buf[:n-1]
	}
	return buf, true
}

// foldLetters folds a name of ASCII and of letters that stand by themselves into buf. It is what foldUnicode would give,
// without allocating.
func foldLetters(buf []byte, name string) ([]byte, bool) {
	last := rune(0)
	for _, r := range name {
		switch {
		case len(buf)+2*utf8.UTFMax > cap(buf), thaiVowelBelow(r) && thaiTone(last):
			return nil, false
		case r < utf8.RuneSelf && foldedToSpace(r):
			if len(buf) > 0 && buf[len(buf)-1] != ' ' {
				buf = append(buf, ' ')
			}
		case r == 'ς':
			buf = utf8.AppendRune(buf, 'σ')
		case r == 'ำ':
			buf = append(buf, "\u0e4d\u0e32"...)
		case r < utf8.RuneSelf || standsAlone(r):
			buf = utf8.AppendRune(buf, unicode.ToLower(r))
		default:
			return nil, false
		}
		last = r
	}
	if n := len(buf); n > 0 && buf[n-1] == ' ' {
		buf = buf[:n-1]
	}
	return buf, true
}

// thaiVowelBelow and thaiTone are the two classes of Thai marks that normalisation puts in order: vowels go first.
func thaiVowelBelow(r rune) bool { return r == '\u0e38' || r == '\u0e39' }
func thaiTone(r rune) bool       { return '\u0e48' <= r && r <= '\u0e4b' }

// thai tells of letters and marks that normalisation leaves alone, but for the order of those two classes.
func thai(r rune) bool {
	return 0x0e01 <= r && r <= 0x0e39 && r != 0x0e33 || 0x0e40 <= r && r <= 0x0e4e
}

// standsAlone tells of letters that no normalisation changes or joins to their neighbours, and that have the plainest of
// cases.
func standsAlone(r rune) bool {
	switch r {
	case 'ß', '×', '÷', 'İ', 'ı', 'Ĳ', 'ĳ', 'Ŀ', 'ŀ', 'ŉ', 'ſ', 'ς', 'ΐ', 'ΰ', '\u03a2':
		return false
	case 'Ơ', 'ơ', 'Ư', 'ư':
		return true
	}
	return 0x00c0 <= r && r <= 0x017f || 0x1ea0 <= r && r <= 0x1ef9 || // Latin
		0x0391 <= r && r <= 0x03ce || 0x0400 <= r && r <= 0x045f || // Greek, Cyrillic
		0x05d0 <= r && r <= 0x05ea || 0x0621 <= r && r <= 0x063a || 0x0641 <= r && r <= 0x064a || // Hebrew, Arabic
		thai(r) || 0x3041 <= r && r <= 0x3096 || 0x30a1 <= r && r <= 0x30fa || r == 'ー' || // kana
		0x4e00 <= r && r <= 0x9fff || 0xac00 <= r && r <= 0xd7a3 // Han, Hangul
}

// foldUnicode is the general case. Characters are dropped before normalising, so that what they kept apart
// composes, and again after it, because compatibility forms decompose into them (U+FE71 holds a tatweel).
func foldUnicode(name string) string {
	name = strings.Map(visible, name)
	name = norm.NFKC.String(undotted.Replace(WithoutCase(norm.NFKC.String(name))))
	if seen := strings.Map(visible, name); seen != name {
		name = norm.NFKC.String(seen)
	}
	if strings.IndexFunc(name, foldedToSpace) < 0 {
		return name
	}
	return strings.Join(strings.FieldsFunc(name, foldedToSpace), " ")
}

// undotted takes both of Turkish's i for one: capitals do not tell them apart once they went through a program that
// does not know Turkish.
var undotted = strings.NewReplacer("i\u0307", "i", "ı", "i")

// WithoutCase is full case folding. Lower case follows because cases.Fold swaps the two cases of Cherokee.
func WithoutCase(s string) string { return strings.ToLower(cases.Fold().String(s)) }

// visible drops characters that a reader does not see.
func visible(r rune) rune {
	switch {
	case r < 0x80:
		return r
	case r == '\u0640', // Arabic tatweel
		r == '\u00ad',                  // soft hyphen
		r == '\u034f',                  // combining grapheme joiner
		r == '\u061c',                  // Arabic letter mark
		'\u200b' <= r && r <= '\u200f', // zero width space, joiners, marks
		'\u202a' <= r && r <= '\u202e', // bidi embeddings
		'\u2060' <= r && r <= '\u2069', // word joiner, bidi isolates
		r == '\ufeff':                  // byte order mark
		return -1
	}
	return r
}

// foldedToSpace tells of characters that servers and clients put between words as they like.
func foldedToSpace(r rune) bool {
	switch r {
	case '.', '\'', '`', '"', '\u00b4', '\u00b7', '\u02b9', '\u02bb', '\u02bc', '\u05f3', '\u05f4':
		return true
	}
	return '\u2018' <= r && r <= '\u201f' || unicode.IsSpace(r) || unicode.In(r, unicode.Zs, unicode.Pd, unicode.Pc)
}
