package logins

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// longest is the length of an address at most, in bytes (RFC 5321 4.5.3.1).
const longest = 64 + 1 + 255

// name is a login name taken apart. domain is "" if there is none.
type name struct{ user, domain string }

// String is the address, or the bare name.
func (n name) String() string {
	if n.domain == "" {
		return n.user
	}
	return n.user + "@" + n.domain
}

// Fold is how names are compared: in lower case, composed (NFC).
func Fold(s string) string { return strings.ToLower(norm.NFC.String(strings.TrimSpace(s))) }

// errName is a name that makes no sense; it does not repeat it.
type errName string

func (e errName) Error() string { return "the login name makes no sense: " + string(e) }

// clean is a name without the spaces around it, composed.
func clean(s string) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return "", errName("it is empty")
	case len(s) > longest:
		return "", errName("it is too long")
	case !utf8.ValidString(s):
		return "", errName("it is not UTF-8")
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError {
			return "", errName("it holds a character that cannot be seen")
		}
	}
	return norm.NFC.String(s), nil
}

// parse makes an address of a name, or leaves it bare if there is no domain for it.
func (r *Rules) parse(s string) (name, error) {
	s, err := clean(s)
	if err != nil {
		return name{}, err
	}
	if windows, user, ok := strings.Cut(s, `\`); ok {
		domain, known := r.windows[strings.ToUpper(windows)]
		if !known {
			return name{}, errName("nobody said which mail domain its Windows domain is")
		}
		if strings.Contains(user, "@") {
			return name{}, errName("it has two domains")
		}
		return checked(user, domain)
	}
	user, domain, ok := strings.Cut(s, "@")
	if !ok {
		return checked(user, r.domain)
	}
	if domain, err = Domain(domain); err != nil {
		return name{}, errName(err.Error())
	}
	return checked(user, domain)
}

func checked(user, domain string) (name, error) {
	switch {
	case user == "" || user != strings.TrimSpace(user):
		return name{}, errName("the part before its domain is empty, or ends with a space")
	case strings.ContainsAny(user, `\/*%@"`):
		return name{}, errName(`it holds one of \ / * % "`)
	}
	n := name{user, domain}
	if len(n.String()) > longest { // with the domain that is added
		return name{}, errName("it is too long")
	}
	return n, nil
}

// Domain is a mail domain as it is compared: in lower case and in ASCII (A-labels), without a dot at its end.
func Domain(s string) (string, error) {
	s = strings.Map(func(r rune) rune {
		if r == '。' || r == '．' || r == '｡' { // dots to those who type such domains (RFC 3490 3.1)
			return '.'
		}
		return r
	}, strings.TrimSpace(s))
	s = strings.TrimSuffix(s, ".")
	if s == "" {
		return "", errors.New("the domain is empty")
	}
	labels := strings.Split(s, ".")
	for i, l := range labels {
		var err error
		if labels[i], err = label(l); err != nil {
			return "", err
		}
	}
	if s = strings.Join(labels, "."); len(s) > 253 {
		return "", errors.New("the domain is too long")
	}
	return s, nil
}

// label folds one label. One that is spelt in ASCII already is read and spelt anew, so that there is one spelling of each.
func label(s string) (string, error) {
	s = foldLabel(s)
	if code, ok := strings.CutPrefix(s, acePrefix); ok {
		plain, err := decodePuny(code)
		if err != nil || isASCII(plain) || foldLabel(plain) != plain {
			return "", fmt.Errorf("a part of the domain begins with %s and is no such name", acePrefix)
		}
		s = plain
	}
	for _, r := range s {
		if r < utf8.RuneSelf && !isLDH(byte(r)) || r >= utf8.RuneSelf && !unicode.In(r, unicode.L, unicode.M, unicode.N) && r != '・' && r != '·' {
			return "", errors.New("the domain holds a character that no domain has")
		}
	}
	if !isASCII(s) {
		code, err := encodePuny(s)
		if err != nil {
			return "", err
		}
		s = acePrefix + code
	}
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return "", errors.New("a part of the domain is empty, too long, or begins or ends with a hyphen")
	}
	return s, nil
}

// foldLabel folds case and width. Unlike full case folding it keeps ß and ς, which are letters of their own in domains.
func foldLabel(s string) string {
	return norm.NFKC.String(strings.ToLower(norm.NFKC.String(s)))
}

func isLDH(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
