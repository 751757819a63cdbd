package smartermail

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"crossfade/backfill"
)

// bodyMost is how much of an answer is read. A domain of 50,000 users is listed in portions.
const bodyMost = 8 << 20

// textMost is how much of a server's words goes into an error.
const textMost = 200

// answer is what every call gets back, whatever its status.
type answer struct {
	status  int
	raw     []byte
	success *bool // nil if the answer does not say
	code    int   // resultCode; 0 if not told
	message string
}

// parseAnswer reads a body. It fails if that is no JSON object.
func parseAnswer(status int, raw []byte) (*answer, error) {
	var head struct {
		Success    any             `json:"success"`
		ResultCode json.RawMessage `json:"resultCode"`
		Message    any             `json:"message"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, fmt.Errorf("status %d, and not an answer of SmarterMail's API", status) // the body may hold anything
	}
	a := &answer{status: status, raw: raw}
	switch v := head.Success.(type) {
	case bool:
		a.success = &v
	case string:
		yes := strings.EqualFold(v, "true")
		a.success = &yes
	case nil:
	default:
		no := false
		a.success = &no
	}
	a.message, _ = head.Message.(string)
	_ = json.Unmarshal(head.ResultCode, &a.code) // it says no more than the status does
	return a, nil
}

// well tells whether the call did what it was for. An answer that does not say goes by its status.
func (a *answer) well() bool {
	ok := a.status >= 200 && a.status < 300
	return ok && (a.success == nil || *a.success)
}

// into reads the answer's own fields.
func (a *answer) into(out any) error {
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(a.raw, out); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return fmt.Errorf("the answer's field %q is of another kind than expected", plainText(wrong.Field))
		}
		return errors.New("the answer cannot be read")
	}
	return nil
}

// says tells whether the server's message holds one of these, without regard to case.
func (a *answer) says(words ...string) bool {
	m := strings.ToUpper(a.message)
	for _, w := range words {
		if strings.Contains(m, strings.ToUpper(w)) {
			return true
		}
	}
	return false
}

// noUser tells whether there is no such user.
func (a *answer) noUser() bool {
	return a.says("USER DOES NOT EXIST", "USER_NOT_FOUND", "USER NOT FOUND", "USER_DOES_NOT_EXIST")
}

// noDomain tells whether the token acts on no domain, or on one that is not there.
func (a *answer) noDomain() bool { return a.says("DOMAIN NOT FOUND", "DOMAIN_NOT_FOUND") }

// refusal is the error of a call that the server did not do, in words without secrets.
func (a *answer) refusal(op, host string, secrets ...string) *backfill.Error {
	e := &backfill.Error{Op: "api " + op, Host: host, Scope: backfill.AccountScope, Patience: backfill.Later, Text: a.text(secrets...)}
	switch {
	case a.status == 429 || a.status >= 500:
		e.Scope = backfill.HostScope
	case a.says("NAME_IN_USE", "ALREADY_EXISTS", "ALREADY EXISTS", "ALREADY IN USE"):
		e.Code, e.Patience = backfill.CodeInUse, backfill.Never
	case a.says("INVALID_NAME") || a.noDomain():
		e.Code, e.Patience = backfill.CodeCannot, backfill.Never
	case a.says("LIMIT", "TOO_MANY_USERS", "LICENSE"):
		e.Code, e.Patience = backfill.CodeLimit, backfill.Never
	case a.says("PASSWORD"):
		e.Code, e.Patience = backfill.CodePolicy, backfill.Never
	case a.noUser():
		e.Err, e.Patience = backfill.ErrNoMailbox, backfill.Never
	case a.status == 403 || a.status == 401:
		e.Scope, e.Code, e.Patience = backfill.HostScope, "NOPERM", backfill.Never
	}
	return e
}

// text is the server's message, or its status.
func (a *answer) text(secrets ...string) string {
	if a.message == "" {
		return fmt.Sprintf("status %d without a message", a.status)
	}
	return scrub(a.message, secrets...)
}

// notRepeated stands for words that might hold a secret.
const notRepeated = "(what the server said is not repeated)"

// scrub makes a server's words fit for an error: one short line in which no secret stands. With secrets, words of other
// than plain characters are not repeated at all: a secret might stand there in some spelling, as HTML or in a URL. What is
// left can only hold it as it is.
func scrub(s string, secrets ...string) string {
	s = plainText(s)
	if len(secrets) > 0 && strings.ContainsFunc(s, func(r rune) bool { return !plainly(r) }) {
		return notRepeated
	}
	low := strings.ToLower(s)
	for _, secret := range secrets {
		if secret != "" && strings.Contains(low, strings.ToLower(secret)) {
			return notRepeated
		}
	}
	return s
}

// plainly tells whether a character is written the same way in every form of text.
func plainly(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(" _-.,:|@()", r)
}

// plainText is a bounded line of printable characters.
func plainText(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > textMost {
		end := textMost
		for end > 0 && !utf8.RuneStart(s[end]) {
			end--
		}
		s = s[:end] + "..."
	}
	return s
}
