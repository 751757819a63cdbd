package smartermail

import (
	"context"

	"crossfade/backfill"
)

// Looked is what a look at the API before the move found. Each error is why a step failed, and what comes after it was not
// tried.
type Looked struct {
	About    About
	AboutErr error // it cannot be reached, or it is no SmarterMail
	LoginErr error // the administrator's login
	System   bool  // administers the system, not one domain
	Domain   string
	// RightsErr: the domain cannot be acted on, or its users cannot be listed. Whether users can be made is known only when
	// one is.
	RightsErr error
	Users     int // mailboxes of the domain
	// Rules are the auto-clean rules, for people; RulesTold is false if the server does not tell of any.
	Rules     []backfill.CleanRule
	RulesTold bool
	RulesErr  error
}

// Look looks at the API and changes nothing. domain is the one that moves; "" is the administrator's own, and that of a
// system administrator is not looked at.
func (d *Driver) Look(ctx context.Context, domain string) (l Looked) {
	if l.About, l.AboutErr = d.About(ctx); backfill.IsUnavailable(l.AboutErr) {
		return l
	}
	ad, err := d.keys.role(ctx)
	if l.LoginErr = err; err != nil {
		return l
	}
	l.System, l.Domain = ad.system, domain
	if domain == "" {
		l.Domain = ad.domain
		if ad.system {
			l.Domain = ""
			return l
		}
	}
	users, err := d.Users(ctx, l.Domain)
	if l.RightsErr, l.Users = err, len(users); err != nil {
		return l
	}
	rules, told, err := d.cleanRules(ctx, l.Domain)
	l.Rules, l.RulesTold, l.RulesErr = applied(rules, nil), told, err
	return l
}
