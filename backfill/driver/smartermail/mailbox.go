package smartermail

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"crossfade/backfill"
)

// userData is all that the server says of a user, field by field, so that what is not known here survives.
type userData map[string]json.RawMessage

// Mailbox implements backfill.Provisioner.
func (c *client) Mailbox(ctx context.Context, login string) (backfill.MailboxInfo, error) {
	if err := c.address(login); err != nil {
		return backfill.MailboxInfo{}, err
	}
	u, err := c.user(ctx, login)
	if errors.Is(err, backfill.ErrNoMailbox) {
		if other := c.notAUser(ctx, login); other != nil {
			return backfill.MailboxInfo{}, other
		}
	}
	if err != nil {
		return backfill.MailboxInfo{}, err
	}
	info := u.info()
	info.Login = login
	if info.Language, err = c.language(ctx, login); err != nil && ctx.Err() != nil {
		return info, err
	}
	return info, nil
}

// address refuses what is no mailbox's address: SmarterMail knows users by address alone.
func (c *client) address(login string) error {
	local, domain, ok := strings.Cut(login, "@")
	if ok && local != "" && domain != "" && !strings.ContainsAny(login, "/\\?#% \t\r\n") && !strings.Contains(domain, "@") {
		return nil
	}
	return &backfill.Error{Op: "api mailbox", Host: c.host, Scope: backfill.AccountScope, Patience: backfill.Never, Code: backfill.CodeCannot, Text: "a login must be an address here"}
}

// user reads a user, in the form of new builds and then of old ones.
func (c *client) user(ctx context.Context, login string) (userData, error) {
	var out struct {
		UserData userData `json:"userData"`
	}
	k, r := key{domain: domainOf(login)}, post("get-user", map[string]string{"email": login}, "settings/domain/get-user")
	a, err := c.ask(ctx, k, r)
	if err == nil && a.status == 404 && !a.noUser() {
		r = get("get-user", "settings/domain/user", login)
		a, err = c.ask(ctx, k, r)
	}
	if err != nil {
		return nil, err
	}
	if err := c.settle(r, a, &out); err != nil {
		return nil, err
	}
	if len(out.UserData) == 0 {
		return nil, &backfill.Error{Op: "api get-user", Host: c.host, Scope: backfill.AccountScope, Patience: backfill.Never, Err: backfill.ErrNoMailbox}
	}
	return out.UserData, nil
}

// info reads what is known of a user's fields. Some have had several names, or are known by their meaning alone.
func (u userData) info() backfill.MailboxInfo {
	var flags userData
	_ = json.Unmarshal(u["securityFlags"], &flags) // what is no object has no fields
	out := backfill.MailboxInfo{Login: u.text("emailAddress"), PasswordExpired: u.yes("isPasswordExpired"), Disabled: flags.yes("isDisabled") || u.yes("isDisabled")}
	for _, fields := range []userData{u, flags} {
		for name := range fields {
			low := strings.ToLower(name)
			if strings.Contains(low, "twofactor") && (strings.Contains(low, "enabled") || strings.Contains(low, "active")) && fields.yes(name) {
				out.TwoFactor = true
			}
		}
	}
	return out
}

func (u userData) yes(name string) bool {
	var b bool
	return json.Unmarshal(u[name], &b) == nil && b
}

func (u userData) text(name string) string {
	var s string
	_ = json.Unmarshal(u[name], &s) // what is no text is none
	return s
}

// accountAlias and accountList are the kinds of accounts that are no mailboxes.
const (
	accountAlias = 4
	accountList  = 5
)

// notAUser says what a name is that no user has: an alias or a list; nil if it is nothing, or if that cannot be told (then
// the server refuses to make it).
func (c *client) notAUser(ctx context.Context, login string) error {
	local, _, _ := strings.Cut(strings.ToLower(login), "@")
	found, err := c.search(ctx, domainOf(login), search{Search: &local, SearchFlags: []string{"users", "aliases", "mailingLists"}, Take: pageSize})
	if err != nil {
		if backfill.IsUnavailable(err) {
			return err
		}
		return nil
	}
	for _, u := range found {
		if !strings.EqualFold(u.text("userName"), local) {
			continue
		}
		var kind int
		_ = json.Unmarshal(u["accountType"], &kind) // without a kind it is none of these
		switch kind {
		case accountAlias:
			return c.alias(login + " is an alias: log in with the mailbox's own address")
		case accountList:
			return c.alias(login + " is a mailing list: it has no mailbox")
		}
	}
	return nil
}

func (c *client) alias(text string) error {
	return &backfill.Error{Op: "api mailbox", Host: c.host, Scope: backfill.AccountScope, Patience: backfill.Never, Code: backfill.CodeAlias, Text: text}
}
