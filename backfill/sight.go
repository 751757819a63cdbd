package backfill

import (
	"context"
	"fmt"
	"strings"
	"time"

	"crossfade/store"
)

// A server with access lists (RFC 4314) may apply them to whoever logs in, and not to whose mailbox it is: a master user of
// Dovecot's is then shown the folders that were given to him, perhaps none, and LIST says nothing of the others. A move that
// copies all that is listed would leave mail behind and call itself done.

// Sighted is a Mail of a source that can tell what whoever logged in may see.
type Sighted interface {
	// Sight looks at INBOX. It changes nothing.
	Sight(ctx context.Context) (Sight, error)
}

// Sight is what a login may see of a mailbox, as far as its INBOX tells.
type Sight struct {
	Refused bool   // INBOX, which every mailbox has (RFC 3501 5.1), cannot be opened
	Lists   bool   // the server has access lists
	Rights  string // to INBOX (RFC 4314 2.1); "" if they are not told
	Named   bool   // INBOX's access list has an entry for the login itself
}

// Doubt says why it is doubted that the whole mailbox is shown to a login that is not the user's own; "" if nothing speaks
// for that. It is the same as long as what is seen is.
func (s Sight) Doubt() string {
	switch {
	case s.Refused:
		return "the old server does not show INBOX to the login that opens this mailbox: its access lists (ACL) seem to apply to that login, and not to the user"
	case s.Lists && !strings.Contains(s.Rights, "a"): // its owner may administer it
		return fmt.Sprintf("the old server has access lists (ACL), and the login that opens this mailbox has not its owner's rights to INBOX, but %q: folders that it may not see are not listed", s.Rights)
	case s.Lists && s.Named:
		return "the old server has access lists (ACL), and the login that opens this mailbox has its rights to INBOX from an entry of its own (remove it if it is not needed any more): folders that it may not see are not listed"
	}
	return ""
}

// SightRemedy is what to do about a doubt.
const SightRemedy = "have the user's own access lists apply: in Dovecot 2.3 'plugin { acl_user = %u }' " +
	"(or 'override_fields = userdb_acl_user=%{login_user}' in the master's passdb), in Dovecot 2.4 'acl_user = %{user}'; " +
	"elsewhere give that login all rights to all folders"

// LookSight asks a source for a doubt; "" where nothing speaks for one.
func LookSight(ctx context.Context, m Mail) (string, error) {
	by, ok := m.(Sighted)
	if !ok {
		return "", nil
	}
	s, err := by.Sight(ctx)
	return s.Doubt(), err
}

// strangers are credentials that are configured for somebody's mailbox and are not his own.
func (e *Engine) strangers(id LoginIdentity) bool {
	c, ok := e.sourceCredentials(id)
	return ok && (c.As != "" || canonical(c.User) != canonical(id.SourceLogin))
}

// seesInbox refuses to enrol somebody of whom the configured login is shown nothing at all: his mail program would be shown
// an empty mailbox.
func (t *attempt) seesInbox(ctx context.Context, src Mail) error {
	by, ok := src.(Sighted)
	if !ok || !t.e.strangers(t.id) {
		return nil
	}
	s, err := by.Sight(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("source: %w", err)
	case s.Refused:
		return t.refuse(NeedHidden, s.Doubt()+"; "+SightRemedy)
	}
	return nil
}

// lookSight notes whether the source may hide folders. The user's own login, which could tell, is not asked: what is known is
// his password on the destination, and that is no other server's business.
func (a *account) lookSight(ctx context.Context, src Mail) error {
	by, ok := src.(Sighted)
	if !ok || !a.e.strangers(a.who) {
		return a.noteSight("")
	}
	s, err := by.Sight(ctx)
	if err != nil {
		return err
	}
	return a.noteSight(s.Doubt())
}

// noteSight keeps a doubt, or that there is none. What the admin has accepted is the very doubt.
func (a *account) noteSight(doubt string) error {
	a.mu.Lock()
	known := a.sight
	a.mu.Unlock()
	if known == nil && doubt == "" || known != nil && known.Doubt == doubt {
		return nil
	}
	var now *store.Sight
	if doubt != "" {
		now = &store.Sight{Doubt: doubt, Since: time.Now().UTC()}
		a.log.Warn("it is doubted that the source shows the whole mailbox", "why", doubt)
	}
	err := a.change(func(rec *store.Account) { rec.Sight = now })
	if IsFull(err) { // the next look notes it
		a.mu.Lock()
		a.sight = now
		a.mu.Unlock()
		return nil
	}
	return err
}

// hidden is why it is doubted that the source shows the whole mailbox, and what to do; "" if it is not, or the admin has
// accepted that.
func (a *account) hidden() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.sight
	if s == nil || !s.Accepted.IsZero() || !a.parting.closed.IsZero() {
		return ""
	}
	return s.Doubt + "; " + SightRemedy + "; or, if nothing is hidden: crossfade accept --whole --account " + a.name
}

// hiddenSince is since when it is doubted.
func (a *account) hiddenSince() (t time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sight != nil {
		t = a.sight.Since
	}
	return t
}

// AcceptWhole takes the admin's word that the source shows the whole mailbox, of one account or of all that are in doubt. It
// is about what is doubted now: another doubt is told again.
func (e *Engine) AcceptWhole(name string) (done Accepted, err error) {
	accounts, err := e.accountsNamed(name)
	if err != nil {
		return done, err
	}
	n := 0
	for _, a := range accounts {
		if a.hidden() == "" {
			continue
		}
		n++
		err := a.change(func(rec *store.Account) {
			if rec.Sight != nil {
				s := *rec.Sight
				s.Accepted = time.Now().UTC()
				rec.Sight = &s
			}
		})
		if err != nil {
			return done, err
		}
		a.kick()
	}
	if n == 0 {
		return done, &Refusal{Text: "nobody doubts that the whole mailbox is shown"}
	}
	done = Accepted{Account: name, Done: fmt.Sprintf("what the old server shows of %d mailboxes counts as all of them", n)}
	return done, nil
}
