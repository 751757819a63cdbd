package smartermail

import (
	"context"
	"strings"

	"crossfade/backfill"
)

// Create implements backfill.Provisioner. The language comes before any mail: the default folders are named after it.
func (c *client) Create(ctx context.Context, m backfill.NewMailbox) error {
	if err := c.address(m.Login); err != nil {
		return err
	}
	if m.Secret == "" {
		return &backfill.Error{Op: "api user-put", Host: c.host, Scope: backfill.AccountScope, Patience: backfill.Never, Code: backfill.CodePolicy, Text: "a mailbox needs a password"}
	}
	if c.opts.Language != "" {
		m.Language = c.opts.Language
	}
	if m.Bytes == 0 {
		m.Bytes = c.opts.Bytes
	}
	local, _, _ := strings.Cut(m.Login, "@")
	user := map[string]any{"userName": local, "password": m.Secret, "fullName": m.FullName, "isPasswordExpired": false,
		"securityFlags": map[string]any{"authType": 0, "isDomainAdmin": false, "isDisabled": false}}
	if m.Bytes > 0 {
		user["maxMailboxSize"] = m.Bytes
	}
	body := map[string]any{"userData": user}
	if m.Language != "" {
		body["userMailSettings"] = languageSettings(m.Language)
	}
	r := post("user-put", body, "settings/domain/user-put")
	r.harmful, r.secrets = true, []string{m.Secret}
	if err := c.call(ctx, key{domain: domainOf(m.Login)}, r, nil); err != nil {
		return err
	}
	c.opts.Log.Info("a mailbox was made", "login", m.Login, "language", m.Language)
	c.seeLanguage(ctx, m.Login, m.Language)
	return nil
}
