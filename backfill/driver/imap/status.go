package imap

import (
	"strings"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
)

// status is a status response (RFC 3501 7.1): OK, NO, BAD, BYE or PREAUTH with an optional code and text.
type status struct {
	kind string // upper case
	code string // upper case, without its arguments
	args []byte // the code's arguments; copied
	text string
}

func (s status) ok() bool { return s.kind == "OK" }

// parseStatus reads what follows the tag or the asterisk.
func parseStatus(sc *imapwire.Scanner) (status, bool) {
	sc.SP()
	word, _ := sc.Atom()
	s := status{kind: strings.ToUpper(string(word))}
	switch s.kind {
	case "OK", "NO", "BAD", "BYE", "PREAUTH":
	default:
		return status{}, false
	}
	sc.SP()
	rest := sc.Rest()
	if end := codeEnd(rest); end > 0 {
		name, args, _ := strings.Cut(string(rest[1:end]), " ")
		s.code, s.args = strings.ToUpper(name), []byte(args)
		rest = rest[end+1:]
	}
	s.text = strings.TrimSpace(strings.ToValidUTF8(string(rest), "?"))
	return s, true
}

// codeEnd finds the bracket that closes a response code. Brackets nest; those inside parentheses belong to flags.
func codeEnd(b []byte) int {
	if len(b) == 0 || b[0] != '[' {
		return -1
	}
	first, depth, parens := -1, 0, 0
	for i, c := range b {
		switch {
		case c == '(':
			parens++
		case c == ')' && parens > 0:
			parens--
		case c == '[' && parens == 0:
			depth++
		case c == ']':
			if first < 0 {
				first = i
			}
			if parens > 0 {
				continue
			}
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return first
}

// refused makes the error of a NO or BAD. scope is what a refusal without a telling code concerns.
func (c *conn) refused(op string, s status, scope backfill.Scope) *backfill.Error {
	e := &backfill.Error{Op: op, Host: c.host, Scope: scope, Patience: backfill.Later, Code: s.code, Text: s.text}
	if s.kind == "BAD" {
		e.Patience = backfill.Never
	}
	switch s.code { // RFC 5530 and practice
	case "LIMIT":
		if e.Scope = backfill.HostScope; op == "APPEND" && saysTooBig(s.text) { // Dovecot has no other code for it
			e.Scope, e.Patience = backfill.Item, backfill.Never
		}
	case "UNAVAILABLE", "THROTTLED", "SERVERBUG", "CONTACTADMIN":
		e.Scope = backfill.HostScope
	case "AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "PRIVACYREQUIRED":
		e.Scope, e.Patience = backfill.AccountScope, backfill.Never
	case "OVERQUOTA":
		e.Scope = backfill.AccountScope
	case "TRYCREATE", "NONEXISTENT":
		e.Scope, e.Err = backfill.FolderScope, backfill.ErrNoFolder
	case "NOPERM", "CANNOT", "ALREADYEXISTS": // said to one message, it stops no other
		e.Patience = backfill.Never
	case "INUSE":
		e.Scope = backfill.FolderScope
	case "TOOBIG", "BADCHARSET", "UNKNOWN-CTE":
		e.Patience = backfill.Never
	case "":
		if isBusy(s.text) {
			e.Scope = backfill.HostScope
		}
	}
	if e.Err == nil && scope == backfill.FolderScope && s.code == "" && saysMissing(s.text) {
		e.Err = backfill.ErrNoFolder
	}
	return e
}

func isBusy(text string) bool {
	t := strings.ToLower(text)
	for _, s := range []string{"server is busy", "server busy", "too busy", "try again later", "too many connections", "too many simultaneous", "temporarily unavailable", "maximum number of connections", "throttled"} {
		if strings.Contains(t, s) {
			return true
		}
	}
	return false
}

// saysTooBig tells whether a refusal is about the size of a message, not about how much is asked of the server.
func saysTooBig(text string) bool {
	t := strings.ToLower(text)
	for _, s := range []string{"mail size", "message size", "too large", "too big", "larger than"} {
		if strings.Contains(t, s) {
			return true
		}
	}
	return false
}

func saysMissing(text string) bool {
	t := strings.ToLower(text)
	for _, s := range []string{"not exist", "doesn't exist", "no such", "not found", "unknown mailbox", "unknown folder", "non-existent", "nonexistent", "can't open mailbox", "invalid folder"} {
		if strings.Contains(t, s) {
			return true
		}
	}
	return false
}
