package backfill

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"crossfade/store"
)

// Kinds of what keeps a user out until the admin has done something.
const (
	NeedRefused     = "refused" // the destination refuses the password that the source accepts
	NeedNoMailbox   = "no-mailbox"
	NeedCredentials = "source-credentials" // nothing that is configured opens the mailbox on the source
	NeedHidden      = "hidden"             // what is configured does not open its INBOX, or may not see all of the mailbox
	NeedExists      = "exists"             // the mailbox was there before, with another password
	NeedChanged     = "changed"            // it was made here, and has been given another password since
	NeedVanished    = "vanished"           // it was there, and is not any more
	NeedAlias       = "alias"
	NeedDisabled    = "disabled"
	NeedTwoFactor   = "two-factor"
	NeedExpired     = "expired"
	NeedPolicy      = "policy"
	NeedLimit       = "limit"
	NeedCannot      = "cannot"
	NeedAPI         = "api"
	NeedFirstLogin  = "first-login" // who enrols without a login does not know the mailbox's password
	NeedMailbox     = "mailbox"     // it is not there, and is not made here
)

// Need is what keeps a user out.
type Need struct {
	Account string    `json:"account"` // login on the destination
	Login   string    `json:"login"`   // as it was typed
	Source  string    `json:"source,omitempty"`
	Kind    string    `json:"kind"` // one of the Need constants
	Text    string    `json:"text"` // in words for the admin
	Since   time.Time `json:"since"`
	Last    time.Time `json:"last"`
}

const (
	// maxNeeds bounds what is kept: further ones are in the log only.
	maxNeeds = 10_000
	// needNoted is how often one that goes on is noted.
	needNoted = time.Hour
)

// needs are what users wait for; also in the store.
type needs struct {
	mu      sync.Mutex
	by      map[string]store.Need // by Key
	refused map[string]refusedLately
}

// load reads what an earlier run noted.
func (n *needs) load(st *store.Store) error {
	n.by, n.refused = make(map[string]store.Need), make(map[string]refusedLately)
	return st.View(func(rx *store.Rx) error {
		all, err := rx.Needs()
		for _, one := range all {
			n.by[one.Key] = one
		}
		return err
	})
}

// want notes what keeps this login's user out. A server has accepted the password, so nobody makes names up.
func (t *attempt) want(kind, text string) {
	t.e.log.Warn("a user's mailbox waits for the admin", "account", t.id.DestLogin, "need", kind, "why", text)
	now := time.Now().UTC()
	now = now.Truncate(time.Millisecond)
	n := &t.e.needs
	n.mu.Lock()
	defer n.mu.Unlock()
	was, known := n.by[t.key]
	switch {
	case known && was.Kind == kind && was.Text == text && now.Sub(was.Last) < needNoted:
		return
	case !known && len(n.by) >= maxNeeds:
		return
	}
	one := store.Need{Key: t.key, Login: t.typed, Source: t.id.Source, Kind: kind, Text: text, Since: now, Last: now}
	if known && was.Kind == kind {
		one.Since = was.Since
	}
	n.by[t.key] = one
	if err := t.e.store.Update(func(tx *store.Tx) error { return tx.PutNeed(one) }); err != nil {
		t.e.log.Warn("what a user waits for could not be noted", "err", err)
	}
}

// met forgets what somebody waited for: he is in.
func (e *Engine) met(key string) {
	n := &e.needs
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.refused, key)
	if _, known := n.by[key]; !known {
		return
	}
	delete(n.by, key)
	if err := e.store.Update(func(tx *store.Tx) error { return tx.DeleteNeed(key) }); err != nil {
		e.log.Warn("that a user waits no more could not be noted", "err", err)
	}
}

// Waiting tells which users cannot log in, and why, the longest first.
func (e *Engine) Waiting() []Need {
	e.needs.mu.Lock()
	defer e.needs.mu.Unlock()
	out := make([]Need, 0, len(e.needs.by))
	for key, n := range e.needs.by {
		out = append(out, Need{Account: loginOf(key), Login: n.Login, Source: n.Source, Kind: n.Kind, Text: n.Text, Since: n.Since, Last: n.Last})
	}
	slices.SortFunc(out, func(a, b Need) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Account, b.Account))
	})
	return out
}

// refuse notes what keeps the user out, and tells him.
func (t *attempt) refuse(kind, text string) error {
	t.want(kind, text)
	return refusalFor(kind)
}

// refusalFor is what a user is told, with a response code of RFC 5530.
func refusalFor(kind string) *Refusal {
	const ask = "; please ask your administrator"
	switch kind {
	case NeedTwoFactor:
		return &Refusal{Code: "CONTACTADMIN", Text: "Your mailbox on the new mail server asks for a second factor, which mail programs cannot give" + ask}
	case NeedDisabled:
		return &Refusal{Code: "CONTACTADMIN", Text: "Your mailbox is disabled on the new mail server" + ask}
	case NeedExpired:
		return &Refusal{Code: "EXPIRED", Text: "Your password on the new mail server has run out: choose another one in its webmail, the same as on the old server"}
	case NeedPolicy:
		return &Refusal{Code: "CONTACTADMIN", Text: "Your password is too weak for the new mail server: choose a stronger one on the old server, or ask your administrator"}
	case NeedLimit:
		return &Refusal{Code: "LIMIT", Text: "The new mail server has no room for your mailbox yet" + ask}
	case NeedAPI:
		return &Refusal{Code: "UNAVAILABLE", Text: "Your mailbox on the new mail server cannot be prepared just now; try again later"}
	case NeedExists, NeedChanged:
		return &Refusal{Code: "CONTACTADMIN", Text: "Your mailbox on the new mail server has another password than on the old one: set the same on both, or ask your administrator"}
	case NeedAlias:
		return &Refusal{Code: "CONTACTADMIN", Text: "This name is no mailbox on the new mail server; log in with the name of your mailbox, or ask your administrator"}
	case NeedCredentials, NeedHidden:
		return &Refusal{Code: "CONTACTADMIN", Text: "Your mailbox on the old mail server cannot be opened yet" + ask}
	}
	return &Refusal{Code: "CONTACTADMIN", Text: "Your mailbox on the new mail server cannot be opened" + ask}
}
