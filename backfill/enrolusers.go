package backfill

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
)

// What became of a user who was to be enrolled without a login.
const (
	EnrolKnown    = "known"    // the account was there already
	EnrolDone     = "enrolled" // the mailbox was there, and is being filled
	EnrolMade     = "made"     // the mailbox was made, and is being filled
	EnrolWaits    = "waits"    // something must be done first: Text says what
	EnrolDeferred = "deferred" // a server could not be asked: try again
)

// Enrolled is what became of one user.
type Enrolled struct {
	Login   string `json:"login"`
	Account string `json:"account,omitempty"` // its mailbox on the destination
	Did     string `json:"did"`               // one of the Enrol constants
	Text    string `json:"text,omitempty"`
}

// Well tells whether the account is enrolled now.
func (r Enrolled) Well() bool { return r.Did == EnrolKnown || r.Did == EnrolDone || r.Did == EnrolMade }

// Enrol enrols users who have not logged in, one after another: those named, or all of Options.Users. Their mail is read
// with configured credentials. A mailbox on the destination is opened with the user's configured password, or made: nobody
// is given another password than they have. Asking again changes nothing for those who are enrolled.
func (e *Engine) Enrol(ctx context.Context, logins []string, each func(Enrolled) error) error {
	var all []*attempt
	for _, name := range logins {
		t, err := e.newAttempt(name, "")
		if err != nil {
			if err := each(Enrolled{Login: name, Did: EnrolWaits, Text: "this is no login name here: " + err.Error()}); err != nil {
				return err
			}
			continue
		}
		all = append(all, t)
	}
	if len(logins) == 0 && e.opt.Users != nil {
		for _, id := range e.opt.Users() {
			all = append(all, &attempt{e: e, typed: id.DestLogin, id: id})
		}
	}
	if len(logins)+len(all) == 0 {
		return &Refusal{Text: "whom? Name login names, or give serve a table of users (--users)"}
	}
	for _, t := range all {
		r := t.enrolUser(ctx)
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := each(r); err != nil {
			return err
		}
	}
	return nil
}

// enrolUser enrols one user.
func (t *attempt) enrolUser(ctx context.Context) Enrolled {
	e := t.e
	r := Enrolled{Login: t.typed}
	if err := t.find(); err != nil { // a table's user was not looked up yet
		r.Did, r.Text = EnrolDeferred, err.Error()
		return r
	}
	r.Account = t.id.DestLogin
	leave, err := e.doors.enter(ctx, t.key)
	if err != nil {
		r.Did, r.Text = EnrolDeferred, err.Error()
		return r
	}
	defer leave()
	if err := t.find(); err != nil {
		r.Did, r.Text = EnrolDeferred, err.Error()
		return r
	}
	if t.a != nil {
		r.Did = EnrolKnown
		return r
	}
	r.Did, err = t.unseen(ctx)
	var no *Refusal
	switch {
	case err == nil:
		r.Text = t.a.hidden()
		e.mu.Lock()
		e.start(t.a)
		e.mu.Unlock()
		e.met(t.key)
	case errors.As(err, &no) && no.Code != "UNAVAILABLE", passwordRefused(err):
		r.Did, r.Text = EnrolWaits, e.waitsFor(t.key, err)
	default:
		r.Did, r.Text = EnrolDeferred, e.waitsFor(t.key, err)
	}
	return r
}

// waitsFor is what was noted for the admin, else the error.
func (e *Engine) waitsFor(key string, err error) string {
	e.needs.mu.Lock()
	defer e.needs.mu.Unlock()
	if n, ok := e.needs.by[key]; ok {
		return n.Text
	}
	return err.Error()
}

// unseen enrols the attempt's user, of whom no password was typed.
func (t *attempt) unseen(ctx context.Context) (did string, err error) {
	c, configured := t.e.sourceCredentials(t.id)
	if !configured {
		return "", t.refuse(NeedCredentials, "nothing is configured that opens the mailbox on the old server: name a master user (--source-master), or its password in --users")
	}
	src, err := t.e.configured(ctx, t.source().Driver, c)
	switch {
	case err != nil && passwordRefused(err):
		return "", t.refuse(NeedCredentials, "the old server does not open the mailbox with the configured credentials: "+err.Error())
	case err != nil:
		return "", fmt.Errorf("source: %w", err)
	}
	if err := t.seesInbox(ctx, src); err != nil {
		end(src, nil)
		return "", err
	}
	own := "" // the user's own password, if it is configured
	if c.As == "" && canonical(c.User) == canonical(t.id.SourceLogin) {
		own = c.Secret
	}
	did, dst, err := t.openUnseen(ctx, src, own)
	if err != nil {
		end(src, nil)
		return "", err
	}
	a, err := t.e.enrol(t.key, t.id, t.secret, false)
	if err != nil {
		end(src, dst)
		return "", err
	}
	t.a = a
	return did, a.adopt(src, dst, t.secret)
}

// openUnseen opens the mailbox on the destination, or makes it. t.secret is what it opened with.
func (t *attempt) openUnseen(ctx context.Context, src Mail, own string) (did string, dst Writer, err error) {
	p, _ := t.e.opt.Destination.(Provisioner)
	if p != nil {
		info, err := p.Mailbox(ctx, t.id.DestLogin)
		switch {
		case errors.Is(err, ErrNoMailbox):
			return t.makeUnseen(ctx, p, src, own)
		case isCode(err, CodeAlias):
			return "", nil, t.refuse(NeedAlias, "the name is an alias or a list on the new server, and no mailbox: "+textOf(err))
		case err != nil:
			return "", nil, t.refuse(NeedAPI, "the administrator's interface of the new server does not answer, so that a mailbox can neither be made nor looked at: "+err.Error())
		}
		if err := t.usable(info); err != nil {
			return "", nil, err
		}
	}
	if intended(t.rec) { // it was being made when the program ended
		if t.secret, err = t.e.vault.open(t.key, t.rec.Secret); err != nil {
			return "", nil, err
		}
		if dst, err = t.askDestination(ctx, t.secret, true); err == nil || !passwordRefused(err) {
			return EnrolMade, dst, err
		}
	}
	if own == "" {
		return "", nil, t.refuse(NeedFirstLogin, "the mailbox is on the new server already, with a password that is known to nobody here: its user's first login enrols it")
	}
	t.secret = own
	dst, err = t.askDestination(ctx, own, false)
	if err != nil && passwordRefused(err) {
		return "", nil, t.refuse(NeedExists, "the new server refuses the password that opens the mailbox on the old one: its user's first login enrols it, or give it that password there")
	}
	return EnrolDone, dst, err
}

// makeUnseen makes the mailbox. Where the source decides about logins, it is given a password that nobody knows, and its
// user's own at the first login. Where both servers must take the same one, it is given that. Where the destination decides,
// nobody here may choose it.
func (t *attempt) makeUnseen(ctx context.Context, p Provisioner, src Mail, own string) (did string, dst Writer, err error) {
	switch {
	case intended(t.rec): // an earlier try ended before it was known whether it was made
		t.secret, err = t.e.vault.open(t.key, t.rec.Secret)
	case t.e.opt.Mode == Capture:
		t.secret, err = randomSecret()
	case t.e.opt.Mode == Same && own != "":
		t.secret = own
	default:
		err = t.refuse(NeedMailbox, "the mailbox is not on the new server: make it there with its user's password (with --login-mode capture it is made here)")
	}
	if err != nil {
		return "", nil, err
	}
	dst, err = t.makeMailbox(ctx, p, src)
	return EnrolMade, dst, err
}

// randomSecret is a password of 160 bits that satisfies whoever wants letters of both kinds, digits and signs.
func randomSecret() (string, error) {
	var b [20]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	s := base32.StdEncoding.EncodeToString(b[:])
	return "Cf7-" + strings.ToLower(s[:16]) + "-" + s[16:], nil
}
