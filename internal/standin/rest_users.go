package standin

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

func (a *API) routes() {
	a.loginRoutes()
	a.userRoutes()
	a.domainRoutes()
	a.itemRoutes()
	a.calendarRoutes()
}

func (a *API) userRoutes() {
	a.handle("GET settings/sysadmin/user/{email}", system, func(c *call) (map[string]any, error) { return c.tellUser(c.r.PathValue("email")) })
	a.handle("POST settings/sysadmin/get-user", system, func(c *call) (map[string]any, error) { return c.tellUser(c.text("email")) })
	a.handle("POST settings/domain/get-user", domain, onPaths(func(c *call) (map[string]any, error) { return c.tellUser(c.text("email")) }, false))
	a.handle("GET settings/domain/user/{email}", domain, onPaths(func(c *call) (map[string]any, error) { return c.tellUser(c.r.PathValue("email")) }, true))
	a.handle("POST settings/domain/post-user", domain, onPaths(func(c *call) (map[string]any, error) { return c.changeUser(c.text("email")) }, false))
	a.handle("POST settings/domain/user/{email}", domain, onPaths(func(c *call) (map[string]any, error) { return c.changeUser(c.r.PathValue("email")) }, true))
	a.handle("POST settings/domain/user-put", domain, (*call).putUser)
	a.handle("GET settings/domain/user-mail/{email}", domain, (*call).tellUserMail)
	a.handle("POST settings/domain/user-mail/{email}", domain, (*call).changeUserMail)
	a.handle("POST settings/domain/account-list-search", domain, (*call).searchAccounts)
	a.handle("GET settings/sysadmin/list-users/{domain}", system, (*call).listUsers)
}

// onPaths makes a call that is there with old paths only, or only with new ones.
func onPaths(do func(*call) (map[string]any, error), old bool) func(*call) (map[string]any, error) {
	return func(c *call) (map[string]any, error) {
		if c.a.options().OldPaths != old {
			return nil, refused{http.StatusNotFound, "NOT_FOUND"}
		}
		return do(c)
	}
}

// userData is a mailbox as the API tells of it. Its password is not told. The name of the field for 2FA is a guess.
func userData(m Mailbox) map[string]any {
	local, dom, _ := strings.Cut(m.Email, "@")
	return map[string]any{"userName": local, "emailAddress": m.Email, "domain": dom, "fullName": m.FullName, "maxMailboxSize": m.MaxSize,
		"securityFlags":     map[string]any{"authType": 0, "isDisabled": m.Disabled, "isDomainAdmin": m.DomainAdmin},
		"isPasswordExpired": m.PasswordExpired, "isPasswordCompliant": true, "isTwoFactorEnabled": m.TwoFactor, "note": m.Note, "accountType": 1}
}

// mine tells whether the token may act on an address.
func (c *call) mine(email string) bool { return c.tok.system || c.tok.domain == domainOf(email) }

func (c *call) tellUser(email string) (map[string]any, error) {
	m, ok := c.a.dir.Mailbox(email)
	if !ok || !c.mine(email) {
		return nil, errNoUser
	}
	return map[string]any{"userData": userData(m)}, nil
}

// posted is userData as a client sends it. What is nil was left out.
type posted struct {
	UserName        string  `json:"userName"`
	Password        *string `json:"password"`
	FullName        *string `json:"fullName"`
	MaxMailboxSize  *int64  `json:"maxMailboxSize"`
	PasswordExpired *bool   `json:"isPasswordExpired"`
	TwoFactor       *bool   `json:"isTwoFactorEnabled"`
	Note            *string `json:"note"`
	SecurityFlags   *struct {
		IsDisabled    bool `json:"isDisabled"`
		IsDomainAdmin bool `json:"isDomainAdmin"`
	} `json:"securityFlags"`
}

func (c *call) putUser() (map[string]any, error) {
	var p posted
	if err := json.Unmarshal(c.body["userData"], &p); err != nil || p.Password == nil {
		return nil, refused{http.StatusBadRequest, "BAD_REQUEST"}
	}
	var mail struct {
		LocaleID string `json:"localeId"`
	}
	if raw := c.body["userMailSettings"]; raw != nil {
		if err := json.Unmarshal(raw, &mail); err != nil {
			return nil, refused{http.StatusBadRequest, "BAD_REQUEST"}
		}
	}
	m := Mailbox{Email: p.UserName + "@" + c.tok.domain, Password: *p.Password, Locale: mail.LocaleID}
	if p.FullName != nil {
		m.FullName = *p.FullName
	}
	if p.MaxMailboxSize != nil {
		m.MaxSize = *p.MaxMailboxSize
	}
	if p.SecurityFlags != nil {
		m.DomainAdmin, m.Disabled = p.SecurityFlags.IsDomainAdmin, p.SecurityFlags.IsDisabled
	}
	return map[string]any{}, c.a.dir.Create(m)
}

// changeUser takes the fields that came; with Blank those that did not come are emptied. A password is never emptied.
func (c *call) changeUser(email string) (map[string]any, error) {
	m, ok := c.a.dir.Mailbox(email)
	if !ok || !c.mine(email) {
		return nil, errNoUser
	}
	var p posted
	if err := json.Unmarshal(c.body["userData"], &p); err != nil {
		return nil, refused{http.StatusBadRequest, "BAD_REQUEST"}
	}
	if p.Password != nil {
		dom, _ := c.a.dir.Domain(c.tok.domain)
		local, _, _ := strings.Cut(email, "@")
		if err := dom.accepts(local, *p.Password); err != nil {
			return nil, err
		}
		m.Password = *p.Password
	}
	blank := c.a.options().Blank
	take(&m.FullName, p.FullName, blank)
	take(&m.MaxSize, p.MaxMailboxSize, blank)
	take(&m.PasswordExpired, p.PasswordExpired, blank)
	take(&m.TwoFactor, p.TwoFactor, blank)
	take(&m.Note, p.Note, blank)
	if p.SecurityFlags != nil {
		m.Disabled, m.DomainAdmin = p.SecurityFlags.IsDisabled, p.SecurityFlags.IsDomainAdmin
	} else if blank {
		m.Disabled, m.DomainAdmin = false, false
	}
	c.a.dir.Change(email, func(old *Mailbox) { *old = m })
	return map[string]any{}, nil
}

func take[T any](to, from *T, blank bool) {
	if from != nil {
		*to = *from
	} else if blank {
		*to = *new(T)
	}
}

func (c *call) tellUserMail() (map[string]any, error) {
	m, ok := c.a.dir.Mailbox(c.r.PathValue("email"))
	if !ok || !c.mine(m.Email) {
		return nil, errNoUser
	}
	return map[string]any{"userMailSettings": map[string]any{"localeId": m.Locale, "dictionaryLanguage": m.Locale, "canReceiveMail": true}}, nil
}

func (c *call) changeUserMail() (map[string]any, error) {
	m, ok := c.a.dir.Mailbox(c.r.PathValue("email"))
	if !ok || !c.mine(m.Email) {
		return nil, errNoUser
	}
	var s struct {
		LocaleID string `json:"localeId"`
	}
	if err := json.Unmarshal(c.body["userMailSettings"], &s); err != nil {
		return nil, refused{http.StatusBadRequest, "BAD_REQUEST"}
	}
	if s.LocaleID == "" {
		return map[string]any{}, nil
	}
	return map[string]any{}, c.a.dir.SetLanguage(m.Email, s.LocaleID)
}
