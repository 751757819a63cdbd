package backfill

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"crossfade/store"
)

// Stages of an account in a list of accounts.
const (
	AccountEnrolled = "enrolled"
	AccountWaiting  = "waiting" // its user, or the admin, tried, and something must be done first
	AccountMissing  = "missing" // it is known by name, and never came
	AccountClosed   = "closed"
)

// Kinds of needs of accounts that are enrolled.
const (
	NeedPassword  = "password" // the stored password is refused
	NeedProblem   = "problem"
	NeedSource    = "source" // its source is not configured
	NeedAutoClean = "auto-clean"
	NeedRebuild   = "rebuild"
)

// ListedAccount is one account, or somebody who should have one.
type ListedAccount struct {
	Account string `json:"account"`
	Stage   string `json:"stage"`
	Source  string `json:"source,omitempty"` // its name, if there are several
	Made    bool   `json:"made,omitempty"`   // the mailbox was made here
	// FirstLogin is null if no client ever came: the admin enrolled it. LastLogin is to the hour.
	FirstLogin *time.Time `json:"first_login,omitempty"`
	LastLogin  *time.Time `json:"last_login,omitempty"`
	// KnownFrom: who says that it should be there: "users" (--users) or "destination".
	KnownFrom string        `json:"known_from,omitempty"`
	Needs     []AccountNeed `json:"needs,omitempty"`
}

// AccountNeed is something that an account waits for.
type AccountNeed struct {
	Kind  string     `json:"kind"`
	Text  string     `json:"text"`
	Since *time.Time `json:"since,omitempty"`
}

// NeverCame tells whether no mail program of the user was ever here.
func (l *ListedAccount) NeverCame() bool {
	return l.Stage != AccountClosed && l.FirstLogin == nil
}

// maxListedDomains is of how many domains the destination is asked for its mailboxes.
const maxListedDomains = 100

// ListAccounts tells who is enrolled, who waits and who is missing, by name. notes are what could not be found out.
func (e *Engine) ListAccounts(ctx context.Context, each func(ListedAccount) error) (notes []string, err error) {
	l := accountList{e: e, by: make(map[string]*ListedAccount)}
	if err := l.enrolled(); err != nil {
		return nil, err
	}
	for _, n := range e.Waiting() {
		l.add(n.Account, ListedAccount{Account: n.Account, Stage: AccountWaiting, Source: n.Source}).need(n.Kind, n.Text, n.Since)
	}
	if e.opt.Users != nil {
		for _, id := range e.opt.Users() {
			l.add(id.DestLogin, ListedAccount{Account: id.DestLogin, Stage: AccountMissing, Source: id.Source, KnownFrom: "users"})
		}
	}
	notes = l.destination(ctx)
	names := make([]string, 0, len(l.by))
	for name := range l.by {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return notes, err
		}
		if err := each(*l.by[name]); err != nil {
			return notes, err
		}
	}
	return notes, nil
}

// accountList is a list in the making, by canonical name.
type accountList struct {
	e  *Engine
	by map[string]*ListedAccount
}

// add takes an account in, unless it is there.
func (l *accountList) add(name string, a ListedAccount) *ListedAccount {
	was := l.by[canonical(name)]
	if was == nil {
		was = &a
		l.by[canonical(name)] = was
	}
	return was
}

// need notes something once.
func (a *ListedAccount) need(kind, text string, since time.Time) {
	if !slices.ContainsFunc(a.Needs, func(n AccountNeed) bool { return n.Kind == kind && n.Text == text }) {
		a.Needs = append(a.Needs, AccountNeed{Kind: kind, Text: text, Since: timeOf(since)})
	}
}

// enrolled takes in what the state has.
func (l *accountList) enrolled() error {
	var recs []store.Account
	if err := l.e.store.View(func(rx *store.Rx) (err error) { recs, err = rx.Accounts(); return err }); err != nil {
		return err
	}
	for _, rec := range recs {
		out := l.add(loginOf(rec.Key), ListedAccount{Account: rec.DestLogin, Stage: AccountEnrolled, Source: rec.Source, Made: rec.Made != nil,
			FirstLogin: timeOf(rec.FirstLogin), LastLogin: timeOf(rec.LastLogin)})
		l.e.mu.Lock()
		a := l.e.accounts[rec.ID]
		l.e.mu.Unlock()
		switch {
		case !rec.Closed.IsZero():
			out.Stage = AccountClosed
		case intended(rec) || a == nil:
			out.Stage = AccountWaiting
			out.need(NeedMailbox, "it is not known whether the mailbox was made: the user's next login, or 'crossfade accounts enrol', finds out", time.Time{})
		default:
			a.needs(out)
		}
	}
	return nil
}

// needs notes what the account waits for.
func (a *account) needs(out *ListedAccount) {
	a.mu.Lock()
	p, problem, rebuild := a.patience, a.problems, a.rebuild
	a.mu.Unlock()
	_, configured := a.e.sourceCredentials(a.who)
	switch {
	case rebuild != "":
		out.need(NeedRebuild, "its clients are refused until 'crossfade rebuild' says what becomes of it: "+rebuild, time.Time{})
	case a.from.gone:
		out.need(NeedSource, errGoneSource.Error(), time.Time{})
	case out.Made && out.FirstLogin == nil && !configured:
		out.need(NeedCredentials, "nothing is configured any more that opens the mailbox on the old server", time.Time{})
	case p.Secret && time.Now().Before(p.Until):
		out.need(NeedPassword, "a stored password is refused; the user's next login, or 'crossfade retry' once that is mended, ends the wait: "+problem.Text, problem.Since)
	case problem.Text != "":
		out.need(NeedProblem, problem.Text, problem.Since)
	}
	if h := a.hidden(); h != "" {
		out.need(NeedHidden, h, a.hiddenSince())
	}
	for _, f := range a.all() {
		if rec := f.record(); rec.PausedFor != "" {
			out.need(NeedAutoClean, fmt.Sprintf("%s is not copied (%s): 'crossfade resume --account %s --folder %q' copies it all the same", rec.Path, rec.PausedFor, a.name, rec.Path.String()), time.Time{})
		}
	}
}

// destination takes in whom the destination has. What it does not tell is told as notes.
func (l *accountList) destination(ctx context.Context) (notes []string) {
	lister, ok := l.e.opt.Destination.(MailboxLister)
	if !ok {
		return []string{"who has a mailbox on the new server and never came is not known: it cannot be asked (--destination-api)"}
	}
	for _, domain := range l.domains() {
		infos, err := lister.Users(ctx, domain)
		if err != nil {
			notes = append(notes, "the new server does not tell who has a mailbox there: "+err.Error())
			continue
		}
		for _, i := range infos {
			a := l.add(i.Login, ListedAccount{Account: i.Login, Stage: AccountMissing, KnownFrom: "destination"})
			if a.Stage == AccountClosed {
				continue
			}
			for _, bar := range i.bars() {
				a.need(bar.Kind, bar.Text, time.Time{})
			}
		}
	}
	return notes
}

// domains are those of the names so far; "" if there are none.
func (l *accountList) domains() []string {
	seen := make(map[string]bool)
	for name := range l.by {
		if _, domain, ok := strings.Cut(name, "@"); ok && domain != "" {
			seen[domain] = true
		}
	}
	out := make([]string, 0, len(seen))
	for d := range seen {
		out = append(out, d)
	}
	slices.Sort(out)
	if len(out) == 0 {
		return []string{""}
	}
	return out[:min(len(out), maxListedDomains)]
}
