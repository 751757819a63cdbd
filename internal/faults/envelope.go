package faults

import (
	"bytes"
	"fmt"
	"net/mail"
	"strings"
)

// envelope is ENVELOPE (RFC 3501 7.4.2), of what net/mail understands. An odd one has a NIL among the addresses of From,
// and a literal.
func envelope(body []byte, odd bool) string {
	from := addresses(headerValue(body, "From"))
	if odd && from != "NIL" {
		const name = "=?utf-8?Q?not_closed"
		from = fmt.Sprintf("(NIL ({%d}\r\n%s NIL %s", len(name), name, strings.SplitN(from, " ", 3)[2])
	}
	or := func(name string) string {
		if a := addresses(headerValue(body, name)); a != "NIL" {
			return a
		}
		return from
	}
	return "(" + strings.Join([]string{
		nstring(headerValue(body, "Date")), nstring(headerValue(body, "Subject")), from, or("Sender"), or("Reply-To"),
		addresses(headerValue(body, "To")), addresses(headerValue(body, "Cc")), addresses(headerValue(body, "Bcc")),
		nstring(headerValue(body, "In-Reply-To")), nstring(headerValue(body, "Message-ID")),
	}, " ") + ")"
}

func addresses(value string) string {
	list, err := mail.ParseAddressList(value)
	if err != nil || len(list) == 0 {
		return "NIL"
	}
	var out strings.Builder
	for _, a := range list {
		user, host := a.Address, ""
		if i := strings.LastIndexByte(user, '@'); i >= 0 {
			user, host = user[:i], user[i+1:]
		}
		fmt.Fprintf(&out, "(%s NIL %s %s)", nstring(a.Name), nstring(user), nstring(host))
	}
	return "(" + out.String() + ")"
}

// nstring quotes what may be quoted and shows the rest as question marks: tests of bytes look at BODY[].
func nstring(s string) string {
	if s == "" {
		return "NIL"
	}
	return quote(strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s))
}

// structure is a BODYSTRUCTURE that takes every message for plain text.
func structure(body []byte) string {
	_, text := header(body)
	return fmt.Sprintf(`("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" %d %d)`, len(text), bytes.Count(text, []byte("\n")))
}
