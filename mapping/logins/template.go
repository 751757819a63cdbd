package logins

import (
	"errors"
	"fmt"
	"strings"
)

// Template says how a login is spelt on one side: {login} is the address or the bare name, {user} and {domain} its parts.
// The zero one is {login}.
type Template struct {
	parts  []part
	domain bool // the domain is in it
	user   bool
}

// part is text, or a placeholder.
type part struct{ text, slot string }

// ParseTemplate reads a template, and refuses one that would make two names one.
func ParseTemplate(s string) (Template, error) {
	var t Template
	if s == "" {
		return t, nil
	}
	seen := map[string]bool{}
	for rest := s; rest != ""; {
		text, after, ok := strings.Cut(rest, "{")
		if strings.Contains(text, "}") {
			return Template{}, errors.New("there is a } without its {")
		}
		if text != "" {
			t.parts = append(t.parts, part{text: text})
		}
		if !ok {
			break
		}
		slot, behind, closed := strings.Cut(after, "}")
		switch {
		case !closed:
			return Template{}, errors.New("there is a { without its }")
		case slot != "login" && slot != "user" && slot != "domain":
			return Template{}, fmt.Errorf("there is no {%s}: say {login}, {user} or {domain}", slot)
		case seen[slot]:
			return Template{}, fmt.Errorf("{%s} is in it twice", slot)
		}
		seen[slot] = true
		t.parts = append(t.parts, part{slot: slot})
		rest = behind
	}
	t.domain, t.user = seen["login"] || seen["domain"], seen["login"] || seen["user"]
	return t, t.check(seen)
}

// check makes sure that the name can be read from what the template makes of it.
func (t Template) check(seen map[string]bool) error {
	switch {
	case !t.user:
		return errors.New("all users would have one name: {login} or {user} must be in it")
	case seen["login"] && len(seen) > 1:
		return errors.New("{login} is the whole address: say it alone, or {user} and {domain}")
	case !seen["domain"]:
		return nil
	}
	inner := ""
	for _, p := range t.parts[1:] {
		if p.slot != "" {
			break
		}
		inner = p.text
	}
	if t.parts[0].slot == "" { // text goes before
		inner = ""
		for i := 2; i < len(t.parts) && t.parts[i].slot == ""; i++ {
			inner = t.parts[i].text
		}
	}
	for i := range len(inner) {
		if c := inner[i]; c != '.' && !isLDH(c) && !(c >= 'A' && c <= 'Z') && c < 0x80 {
			return nil
		}
	}
	return errors.New("between {user} and {domain} there must be something that no domain has, such as @")
}

// apply spells a name.
func (t Template) apply(n name) (string, error) {
	if len(t.parts) == 0 {
		return n.String(), nil
	}
	var b strings.Builder
	for _, p := range t.parts {
		switch p.slot {
		case "":
			b.WriteString(p.text)
		case "login":
			b.WriteString(n.String())
		case "user":
			b.WriteString(n.user)
		case "domain":
			if n.domain == "" {
				return "", errName("it has no domain")
			}
			b.WriteString(n.domain)
		}
	}
	return b.String(), nil
}

// Joins tells whether the template makes users of different domains one.
func (t Template) Joins() bool { return len(t.parts) > 0 && !t.domain }
