package names

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// unnumber takes from a name the number that servers and clients append when a name is taken: "Sent-1", "Sent1",
// "Sent (1)", "Sent 1". ok is false when there is none or when it is not a small one: "Sent 2019" is somebody's own.
// sure is false when the number stands behind a blank alone, as people write it too.
func unnumber(name string) (base string, sure, ok bool) {
	s := strings.TrimSpace(name)
	sure = true
	if inner, found := cutClosing(s); found {
		open := strings.LastIndexAny(inner, "(（[")
		if open < 0 || !number(inner[open+runeLen(inner[open:]):], 99) {
			return "", false, false
		}
		s = inner[:open]
	} else {
		end := strings.TrimRightFunc(s, unicode.IsDigit)
		if end == s || !number(s[len(end):], 20) {
			return "", false, false
		}
		s = end
		last, _ := utf8.DecodeLastRuneInString(s)
		switch {
		case unicode.IsSpace(last):
			sure = false
		case last == '-' || last == '_' || last == '.' || unicode.In(last, unicode.Pd):
			s = s[:len(s)-utf8.RuneLen(last)]
		case !unicode.IsLetter(last) && !unicode.IsMark(last):
			return "", false, false
		}
	}
	s = strings.TrimSpace(s)
	return s, sure, s != ""
}

func cutClosing(s string) (string, bool) {
	for _, c := range []string{")", "）", "]"} {
		if inner, ok := strings.CutSuffix(s, c); ok {
			return inner, true
		}
	}
	return s, false
}

func runeLen(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// number tells whether s is a decimal number from 1 to most, without leading zeros.
func number(s string, most int) bool {
	n := 0
	for i, r := range s {
		d := digit(r)
		if d < 0 || i == 0 && d == 0 || n > most {
			return false
		}
		n = n*10 + d
	}
	return n >= 1 && n <= most
}

// digit is the value of a decimal digit of any script: they stand in rows of ten.
func digit(r rune) int {
	switch {
	case '0' <= r && r <= '9':
		return int(r - '0')
	case !unicode.Is(unicode.Nd, r):
		return -1
	}
	d := 0
	for d < 9 && unicode.Is(unicode.Nd, r-rune(d)-1) {
		d++
	}
	return d
}
