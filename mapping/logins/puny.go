package logins

import (
	"errors"
	"math"
	"strings"
	"unicode/utf8"
)

// acePrefix begins a label that is spelt in Punycode (RFC 5890 2.3.2.1).
const acePrefix = "xn--"

// The parameters of Punycode for domains (RFC 3492 5).
const (
	punyBase    = 36
	punyTMin    = 1
	punyTMax    = 26
	punySkew    = 38
	punyDamp    = 700
	punyBias    = 72
	punyFirst   = 128
	punyLongest = 63 // a label has no more
)

var errPuny = errors.New("a part of the domain is no Punycode")

// punyAdapt is the bias for the next number (RFC 3492 6.1).
func punyAdapt(delta, points int, first bool) int {
	if delta /= 2; first {
		delta /= punyDamp / 2
	}
	delta += delta / points
	k := 0
	for ; delta > (punyBase-punyTMin)*punyTMax/2; k += punyBase {
		delta /= punyBase - punyTMin
	}
	return k + (punyBase-punyTMin+1)*delta/(delta+punySkew)
}

// punyThreshold is the least digit that does not end a number (RFC 3492 3.3).
func punyThreshold(k, bias int) int { return min(max(k-bias, punyTMin), punyTMax) }

// decodePuny is RFC 3492 6.2.
func decodePuny(s string) (string, error) {
	if len(s) > punyLongest {
		return "", errPuny
	}
	var out []rune
	if i := strings.LastIndexByte(s, '-'); i > 0 {
		out = []rune(s[:i])
		s = s[i+1:]
	}
	n, i, bias := punyFirst, 0, punyBias
	for len(s) > 0 {
		before, w := i, 1
		for k := punyBase; ; k += punyBase {
			if s == "" {
				return "", errPuny
			}
			digit := punyDigit(s[0])
			if s = s[1:]; digit < 0 || digit > (math.MaxInt32-i)/w {
				return "", errPuny
			}
			i += digit * w
			t := punyThreshold(k, bias)
			if digit < t {
				break
			}
			if w > math.MaxInt32/(punyBase-t) {
				return "", errPuny
			}
			w *= punyBase - t
		}
		bias = punyAdapt(i-before, len(out)+1, before == 0)
		n += i / (len(out) + 1)
		i %= len(out) + 1
		if n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
			return "", errPuny
		}
		out = append(out[:i], append([]rune{rune(n)}, out[i:]...)...)
		i++
	}
	return string(out), nil
}

// encodePuny is RFC 3492 6.3.
func encodePuny(s string) (string, error) {
	in := []rune(s)
	if len(in) > punyLongest {
		return "", errPuny
	}
	var out []byte
	for _, r := range in {
		if r < punyFirst {
			out = append(out, byte(r))
		}
	}
	basic := len(out)
	done := basic
	if basic > 0 {
		out = append(out, '-')
	}
	n, delta, bias := rune(punyFirst), 0, punyBias
	for done < len(in) {
		next := rune(utf8.MaxRune + 1)
		for _, r := range in {
			if r >= n {
				next = min(next, r)
			}
		}
		delta += int(next-n) * (done + 1) // at most 0x110000 * 64 for each
		n = next
		for _, r := range in {
			if r < n {
				delta++
			}
			if r != n {
				continue
			}
			out = punyNumber(out, delta, bias)
			bias = punyAdapt(delta, done+1, done == basic)
			delta = 0
			done++
		}
		delta++
		n++
	}
	return string(out), nil
}

// punyNumber appends a number (RFC 3492 3.3).
func punyNumber(out []byte, q, bias int) []byte {
	for k := punyBase; ; k += punyBase {
		t := punyThreshold(k, bias)
		if q < t {
			return append(out, punyChar(q))
		}
		out = append(out, punyChar(t+(q-t)%(punyBase-t)))
		q = (q - t) / (punyBase - t)
	}
}

func punyChar(digit int) byte {
	if digit < 26 {
		return byte('a' + digit)
	}
	return byte('0' + digit - 26)
}

func punyDigit(c byte) int {
	switch {
	case c >= 'a' && c <= 'z':
		return int(c - 'a')
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= '0' && c <= '9':
		return int(c-'0') + 26
	}
	return -1
}
