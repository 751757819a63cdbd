package smartermail

import (
	"context"
	"encoding/json"
	"errors"

	"crossfade/backfill"
)

// SetPassword implements backfill.Provisioner: all that is known of the user is read and written back with the new
// password, as some builds empty what they are not given.
func (c *client) SetPassword(ctx context.Context, login, secret string) error {
	if err := c.address(login); err != nil {
		return err
	}
	if secret == "" {
		return &backfill.Error{Op: "api post-user", Host: c.host, Scope: backfill.AccountScope, Patience: backfill.Never, Code: backfill.CodePolicy, Text: "a mailbox needs a password"}
	}
	u, err := c.user(ctx, login)
	if err != nil {
		return err
	}
	if u["password"], err = json.Marshal(secret); err != nil {
		return errors.New("smartermail: the password cannot be written")
	}
	k := key{domain: domainOf(login)}
	r := post("post-user", map[string]any{"email": login, "userData": u}, "settings/domain/post-user")
	r.harmful, r.secrets = true, []string{secret}
	a, err := c.ask(ctx, k, r)
	if err == nil && a.status == 404 && !a.noUser() { // an old build
		r = post("post-user", map[string]any{"userData": u}, "settings/domain/user", login)
		r.harmful, r.secrets = true, []string{secret}
		a, err = c.ask(ctx, k, r)
	}
	if err != nil {
		return err
	}
	return c.settle(r, a, nil)
}
