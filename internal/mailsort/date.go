package mailsort

import (
	"strings"
	"time"
)

// SentDate reads a Date field (RFC 5322 3.3 and 4.3) as seconds since 1970 in UTC. A zone that makes no sense counts as UTC
// and a time that makes none as midnight (RFC 5256 2.2); ok is false without a date.
func SentDate(value string) (seconds int64, ok bool) {
	words := strings.FieldsFunc(uncomment(value), func(r rune) bool { return r == ' ' || r == '\t' || r == ',' || r == '\r' || r == '\n' })
	if len(words) > 0 && !digits(words[0]) {
		words = words[1:] // the day of the week
	}
	if len(words) < 3 || !digits(words[0]) || !digits(words[2]) {
		return 0, false
	}
	day, month, year := number(words[0]), monthOf(words[1]), number(words[2])
	switch {
	case len(words[2]) == 2 && year < 50:
		year += 2000
	case len(words[2]) <= 3:
		year += 1900
	}
	if month == 0 || day < 1 || day > 31 || year < 1900 || year > 9999 {
		return 0, false
	}
	t := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	if t.Day() != day {
		return 0, false
	}
	seconds = t.Unix()
	if len(words) < 4 {
		return seconds, true
	}
	clock, ok := timeOf(words[3])
	if !ok {
		return seconds, true
	}
	seconds += clock
	if len(words) > 4 {
		seconds -= zoneOf(words[4])
	}
	return seconds, true
}

// uncomment takes out comments (RFC 5322 3.2.2), nested ones as well.
func uncomment(s string) string {
	if strings.IndexByte(s, '(') < 0 {
		return s
	}
	var b strings.Builder
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && depth > 0:
			i++
		case c == '(':
			depth++
			b.WriteByte(' ')
		case c == ')' && depth > 0:
			depth--
		case depth == 0:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != "" && len(s) <= 4
}

// number is the value of at most four digits.
func number(s string) (n int) {
	for i := range len(s) {
		n = 10*n + int(s[i]-'0')
	}
	return n
}

const months = "JanFebMarAprMayJunJulAugSepOctNovDec"

func monthOf(s string) time.Month {
	if len(s) < 3 {
		return 0
	}
	for m := range 12 {
		if strings.EqualFold(months[3*m:3*m+3], s[:3]) {
			return time.Month(m + 1)
		}
	}
	return 0
}

// timeOf reads 9:05 and 09:05:30; a leap second is the one before it.
func timeOf(s string) (int64, bool) {
	parts := strings.Split(s, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, false
	}
	total := 0
	for i := range parts {
		most := [...]int{23, 59, 60}[i]
		if !digits(parts[i]) || len(parts[i]) > 2 || number(parts[i]) > most {
			return 0, false
		}
		total = 60*total + min(number(parts[i]), 59)
	}
	if len(parts) == 2 {
		total *= 60
	}
	return int64(total), true
}

// zones are the names of RFC 5322 4.3 in hours; the others, single letters among them, count as UTC there.
var zones = map[string]int64{"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}

// zoneOf is a zone's distance from UTC in seconds.
func zoneOf(s string) int64 {
	if len(s) != 5 || s[0] != '+' && s[0] != '-' || !digits(s[1:]) || number(s[3:]) > 59 {
		return 3600 * zones[strings.ToUpper(s)]
	}
	d := int64(number(s[1:3])*3600 + number(s[3:])*60)
	if s[0] == '-' {
		return -d
	}
	return d
}
