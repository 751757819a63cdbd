package imap

import (
	"context"
	"errors"
	"strings"

	"crossfade/backfill"
)

// badError is a command we do not understand or cannot run now: a tagged BAD.
type badError string

func (e badError) Error() string { return string(e) }

// noError is a command we understood and decline: a tagged NO with an optional response code.
type noError struct {
	code, text string
}

func (e *noError) Error() string { return e.text }

// fatalError ends the connection without another word: an answer that was begun cannot be ended truthfully.
type fatalError struct{ err error }

func (e *fatalError) Error() string { return e.err.Error() }
func (e *fatalError) Unwrap() error { return e.err }

// lostError is the client's connection breaking inside a command.
type lostError struct{ err error }

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

// errAnswered is a command that has written its tagged answer itself.
var errAnswered = errors.New("answered")

// Refusals that several commands share.
var (
	errReadOnly = &noError{"READ-ONLY", "The mailbox is open for reading only"}
	errExpunged = &noError{"EXPUNGEISSUED", "Some of these messages have been deleted"}
	errMissing  = &noError{"UNAVAILABLE", "Not all of it could be had from the servers; try again later"}
)

const (
	textUnavailable = "A mail server that is needed does not answer; try again later"
	textFull        = "The disk of this mail proxy is full, nothing can be changed now; its administrator has to make room"
	textBug         = "Something went wrong here; the log of the server knows more"
)

// codes are the response codes that may be passed on from a server or the engine (RFC 3501 7.1, 4315, 4469, 5530, 9208).
var codes = map[string]bool{
	"ALERT": true, "TRYCREATE": true, "TOOBIG": true, "UNAVAILABLE": true, "AUTHENTICATIONFAILED": true,
	"AUTHORIZATIONFAILED": true, "EXPIRED": true, "PRIVACYREQUIRED": true, "CONTACTADMIN": true, "NOPERM": true,
	"INUSE": true, "EXPUNGEISSUED": true, "CORRUPTION": true, "SERVERBUG": true, "CLIENTBUG": true, "CANNOT": true,
	"LIMIT": true, "OVERQUOTA": true, "ALREADYEXISTS": true, "NONEXISTENT": true, "READ-ONLY": true,
	"UIDNOTSTICKY": true, "HASCHILDREN": true, "USEATTR": true, "UNKNOWN-CTE": true,
}

// answer is a tagged response.
type answer struct {
	status, code, text string
}

// explain words an error for the client. unexpected is true when it is our own fault, or nobody's known one,
// and belongs in the log.
func explain(err error, target bool) (a answer, unexpected bool) {
	var bad badError
	var no *noError
	var server *backfill.Error
	var refusal *backfill.Refusal
	switch {
	case errors.As(err, &bad):
		return answer{"BAD", "", sanitize(string(bad))}, false
	case errors.As(err, &no):
		return answer{"NO", no.code, sanitize(no.text)}, false
	case errors.Is(err, backfill.ErrNoFolder) && target:
		return answer{"NO", "TRYCREATE", "There is no such mailbox"}, false
	case errors.Is(err, backfill.ErrNoFolder):
		return answer{"NO", "NONEXISTENT", "There is no such mailbox"}, false
	case backfill.IsFull(err):
		return answer{"NO", "UNAVAILABLE", textFull}, true
	case backfill.IsUnavailable(err), errors.Is(err, backfill.ErrUIDValidity), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return answer{"NO", "UNAVAILABLE", textUnavailable}, false
	case errors.As(err, &server):
		return answer{"NO", known(server.Code), words(server.Text)}, server.Text == "" && server.Code == ""
	case errors.As(err, &refusal):
		return answer{"NO", known(refusal.Code), words(refusal.Text)}, false
	case errors.Is(err, backfill.ErrNotOffered):
		return answer{"NO", "CANNOT", "The mail server cannot do this"}, false
	}
	return answer{"NO", "SERVERBUG", textBug}, true
}

// known lets a response code through that clients can make sense of.
func known(code string) string {
	code = strings.ToUpper(code)
	if codes[code] {
		return code
	}
	return ""
}

func words(text string) string {
	if text = sanitize(text); text == "" {
		return "The mail server refused this"
	}
	return text
}

// maxText keeps a status line well inside every client's limit.
const maxText = 400

// sanitize makes text fit for a status response: one line, printable ASCII (RFC 3501 9, resp-text), and no
// bracket at its start that would be read as a response code.
func sanitize(text string) string {
	var out strings.Builder
	for _, r := range text {
		switch {
		case out.Len() >= maxText:
			return out.String()
		case r == '\r' || r == '\n' || r == '\t':
			r = ' '
		case r < ' ' || r > '~':
			r = '?'
		}
		out.WriteRune(r)
	}
	return strings.TrimLeft(strings.TrimSpace(out.String()), "[")
}
