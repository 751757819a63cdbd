package smartermail

import (
	"context"
	"strings"
)

// languageSettings are the settings of a mailbox that hold its language.
func languageSettings(tag string) map[string]any {
	return map[string]any{"localeId": tag, "dictionaryLanguage": tag}
}

// language tells a mailbox's language, as the server writes it.
func (c *client) language(ctx context.Context, login string) (string, error) {
	var out struct {
		UserMailSettings userData `json:"userMailSettings"`
	}
	err := c.call(ctx, key{domain: domainOf(login)}, get("user-mail", "settings/domain/user-mail", login), &out)
	return out.UserMailSettings.text("localeId"), err
}

// SetLanguage gives a mailbox a language, and its default folders the names of that. The server refuses it where a folder
// of such a name is there already.
func (c *client) SetLanguage(ctx context.Context, login, tag string) error {
	if err := c.address(login); err != nil {
		return err
	}
	r := post("user-mail", map[string]any{"userMailSettings": languageSettings(tag)}, "settings/domain/user-mail", login)
	r.harmful = true
	return c.call(ctx, key{domain: domainOf(login)}, r, nil)
}

// seeLanguage sees that a mailbox just made has the language that it was to have: some builds do not take it from the call
// that makes it. The mailbox is there in any case, so that what goes wrong is told and no more.
func (c *client) seeLanguage(ctx context.Context, login, tag string) {
	if tag == "" {
		return
	}
	has, err := c.language(ctx, login)
	if err == nil && !strings.EqualFold(has, tag) {
		err = c.SetLanguage(ctx, login, tag)
	}
	if err != nil {
		c.opts.Log.Warn("a new mailbox's language cannot be set; its folders have the names of another", "login", login, "language", tag, "err", err)
	}
}
