package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"crossfade/backfill"
	"crossfade/backfill/driver/smartermail"
	"crossfade/backfill/probe"
)

// sideAPI is what findings about the new server's API are about.
const sideAPI probe.Side = "api"

// apiCheck looks at the API; with no driver there is none.
type apiCheck struct{ d *smartermail.Driver }

func (s *settings) apiToCheck(mail backfill.Driver) (apiCheck, error) {
	d, err := s.apiDriver(mail, slog.New(slog.DiscardHandler))
	return apiCheck{d}, err
}

// check tells what there is to say of the API. user is the test account, whose domain is looked at.
func (a apiCheck) check(ctx context.Context, user string, tell func(probe.Finding)) {
	if a.d == nil {
		return
	}
	_, domain, _ := strings.Cut(user, "@")
	n := apiNotes{tell}
	l := a.d.Look(ctx, strings.ToLower(domain))
	if n.about(l) && n.login(l) && n.rights(l) {
		n.autoClean(l)
	}
	n.say(probe.Yellow, "api-whitelist", "every user's wrong password counts against this machine's address, over IMAP and API together: SmarterMail at first delays all logins after 15 in 10 minutes, and lets nobody in for half an hour after 25",
		"put this machine's address on the whitelist (Settings > Security > Whitelist), for IMAP and webmail; leave its box \"TCP Proxy\" off: once it is ticked, the server wants the PROXY header from everybody")
}

// apiNotes tells findings.
type apiNotes struct{ tell func(probe.Finding) }

func (n apiNotes) say(l probe.Level, check, text, do string) {
	n.tell(probe.Finding{Side: sideAPI, Check: check, Level: l, Text: text, Do: do})
}

// about tells whether there is an API, and which build has it.
func (n apiNotes) about(l smartermail.Looked) bool {
	switch {
	case l.AboutErr != nil && backfill.IsUnavailable(l.AboutErr):
		n.say(probe.Red, "api-reach", l.AboutErr.Error(), "is --destination-api the address of the webmail, and may this machine connect there?")
		return false
	case l.AboutErr != nil || l.About.Version == "":
		n.say(probe.Yellow, "api-build", "the server does not tell its version", fmt.Sprintf("see that it is build %d or later", smartermail.BuildLeast))
	case l.About.Old() != "":
		n.say(probe.Red, "api-build", l.About.Old(), "update the server before any mail is moved there")
	default:
		n.say(probe.Green, "api-build", "SmarterMail "+l.About.Version, "")
	}
	return true
}

func (n apiNotes) login(l smartermail.Looked) bool {
	if l.LoginErr != nil {
		n.say(probe.Red, "api-login", l.LoginErr.Error(), "give --destination-api-user and --destination-api-password-file of an administrator without a second factor; a wrong password counts against this machine's address, so do not guess")
		return false
	}
	who := "an administrator of the domain " + l.Domain
	if l.System {
		who = "a system administrator"
	}
	n.say(probe.Green, "api-login", "the API's user is "+who, "")
	return true
}

func (n apiNotes) rights(l smartermail.Looked) bool {
	switch {
	case l.Domain == "":
		n.say(probe.Yellow, "api-rights", "whether the API's user may make mailboxes was not looked at", "give a test account: --user NAME@DOMAIN --password-file FILE")
		return false
	case l.RightsErr != nil:
		n.say(probe.Red, "api-rights", l.RightsErr.Error(), "make the domain on the new server, and give the API's user the right to manage it (a system administrator needs \"Allow impersonation\")")
		return false
	}
	n.say(probe.Green, "api-rights", fmt.Sprintf("the API's user may manage %s, which has %s", l.Domain, mailboxes(l.Users)), "")
	return true
}

// autoClean tells which folders the server empties on its own: old mail that is moved there would be deleted again.
func (n apiNotes) autoClean(l smartermail.Looked) {
	const do = "switch the rules off until the move is over (domain settings, Auto-Clean), or live with it"
	switch {
	case l.RulesErr != nil:
		n.say(probe.Yellow, "api-auto-clean", l.RulesErr.Error(), do)
	case !l.RulesTold:
		n.say(probe.Yellow, "api-auto-clean", "the server does not tell whether it empties folders on its own; many delete from Deleted Items and Junk E-Mail what is older than 30 days, and moved mail is older than that", do)
	case len(l.Rules) == 0:
		n.say(probe.Green, "api-auto-clean", "no rule of the domain empties folders", "")
	default:
		var texts []string
		for _, r := range l.Rules {
			texts = append(texts, r.Text)
		}
		n.say(probe.Yellow, "api-auto-clean", strings.Join(texts, "; ")+": older mail that is moved there would be deleted", do)
	}
}

func mailboxes(n int) string {
	if n == 1 {
		return "one mailbox"
	}
	return fmt.Sprintf("%d mailboxes", n)
}
