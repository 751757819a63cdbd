package smartermail

import (
	"context"
	"strings"

	"crossfade/backfill"
)

// granted is what logins, refreshes and impersonations answer.
type granted struct {
	AccessToken           string `json:"accessToken"`
	RefreshToken          string `json:"refreshToken"`
	AccessTokenExpiration string `json:"accessTokenExpiration"`
	EmailAddress          string `json:"emailAddress"`
	IsAdmin               bool   `json:"isAdmin"`
	IsDomainAdmin         bool   `json:"isDomainAdmin"`
	ChangePasswordNeeded  bool   `json:"changePasswordNeeded"`
	PasswordExpired       bool   `json:"passwordExpired"`

	ImpersonateAccessToken           string `json:"impersonateAccessToken"`
	ImpersonateAccessTokenExpiration string `json:"impersonateAccessTokenExpiration"`
}

// login proves the administrator's password. It is never tried twice: each failure counts for the address that all mail
// comes from.
func (k *keys) login(ctx context.Context) (token, error) {
	if err := k.barred(); err != nil {
		return token{}, err
	}
	c := k.c
	r := post("login", map[string]string{"username": c.opts.User, "password": c.opts.Secret, "clientId": k.client}, "auth/authenticate-user")
	r.secrets = []string{c.opts.Secret}
	a, err := c.prove(ctx, r)
	if err != nil {
		return token{}, err
	}
	var g granted
	if a.status >= 500 || a.status == 429 || a.status == 404 {
		return token{}, a.unready(c, r)
	}
	if !a.well() {
		e := a.refusal(r.op, c.host, r.secrets...)
		e.Scope, e.Code, e.Patience, e.Err = backfill.HostScope, "CONTACTADMIN", backfill.Never, nil
		return token{}, k.refused(e)
	}
	if err := c.settle(r, a, &g); err != nil {
		return token{}, err
	}
	if why := half(a, g); why != "" {
		return token{}, k.refused(&backfill.Error{Op: "api login", Host: c.host, Scope: backfill.HostScope, Patience: backfill.Never, Code: "CONTACTADMIN", Text: why})
	}
	if !g.IsAdmin && !g.IsDomainAdmin {
		return token{}, k.refused(&backfill.Error{Op: "api login", Host: c.host, Scope: backfill.HostScope, Patience: backfill.Never, Code: "NOPERM", Text: "this user administers neither the system nor a domain"})
	}
	k.mu.Lock()
	k.admin, k.bar = admin{known: true, system: g.IsAdmin, domain: domainOf(g.EmailAddress)}, bar{}
	k.mu.Unlock()
	c.warnOld(ctx)
	return token{access: g.AccessToken, refresh: g.RefreshToken, until: life(g.AccessTokenExpiration)}, nil
}

// unready is the error of a server that answers, though not as the API does.
func (a *answer) unready(c *client, r request) error {
	e := a.refusal(r.op, c.host, r.secrets...)
	e.Scope, e.Patience = backfill.HostScope, backfill.Later
	if a.status == 404 {
		e.Text = "there is no such API here: is the URL that of the webmail?"
	}
	return e
}

// half says why a login that the server calls a success opens nothing; "" if it does.
func half(a *answer, g granted) string {
	switch {
	case a.says("TWO_FACTOR", "APP_PASSWORD"):
		return "this administrator needs a second factor, which a program cannot give: use one without"
	case g.ChangePasswordNeeded || g.PasswordExpired || a.says("CHANGE_PASSWORD", "PASSWORD_EXPIRED"):
		return "this administrator must change the password first, in the webmail"
	case g.AccessToken == "":
		return "the server let the login in and gave no token"
	}
	return ""
}

// refresh has new tokens for the refresh token, which is dead afterwards. A bad one counts as a failed login, so it is
// tried once.
func (k *keys) refresh(ctx context.Context, old token) (token, error) {
	r := post("refresh", map[string]string{"token": old.refresh}, "auth/refresh-token")
	r.secrets = []string{old.refresh, old.access}
	k.forget(old.refresh)
	a, err := k.c.prove(ctx, r)
	if err != nil {
		return token{}, err
	}
	var g granted
	if err := k.c.settle(r, a, &g); err != nil {
		return token{}, asRefusal(err)
	}
	if g.AccessToken == "" || half(a, g) != "" {
		return token{}, &backfill.Error{Op: "api refresh", Host: k.c.host, Scope: backfill.AccountScope, Text: "no token"}
	}
	return token{access: g.AccessToken, refresh: g.RefreshToken, until: life(g.AccessTokenExpiration)}, nil
}

// asRefusal makes an error one that a login may follow.
func asRefusal(err error) error {
	return &backfill.Error{Op: "api refresh", Scope: backfill.AccountScope, Patience: backfill.Now, Err: err}
}

// forget sees that a refresh token is not sent twice, whatever becomes of the first time.
func (k *keys) forget(refresh string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if t := k.have[key{}]; t.refresh == refresh {
		delete(k.have, key{})
	}
}

// role is what the administrator is; it logs in if that is not known.
func (k *keys) role(ctx context.Context) (admin, error) {
	if _, err := k.get(ctx, key{}); err != nil {
		return admin{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.admin, nil
}

// manage has a token with which the system administrator acts on a domain.
func (k *keys) manage(ctx context.Context, domain string) (token, error) {
	var g granted
	r := post("manage-domain", nil, "settings/sysadmin/manage-domain", domain)
	a, err := k.c.ask(ctx, key{}, r)
	if err != nil {
		return token{}, err
	}
	if a.status == 404 {
		return k.throughAdmin(ctx, domain)
	}
	if err := k.c.settle(r, a, &g); err != nil {
		return token{}, err
	}
	return k.taken(r, g)
}

// throughAdmin has a domain's token from one of its administrators, where manage-domain is not known.
func (k *keys) throughAdmin(ctx context.Context, domain string) (token, error) {
	var list struct {
		DomainAdmins []string `json:"domainAdmins"`
	}
	if err := k.c.call(ctx, key{}, get("domain-admins", "settings/sysadmin/domain-admins", domain), &list); err != nil {
		return token{}, err
	}
	for _, email := range list.DomainAdmins {
		if domainOf(email) == domain {
			return k.become(ctx, key{}, email)
		}
	}
	return token{}, &backfill.Error{Op: "api domain", Host: k.c.host, Scope: backfill.AccountScope, Patience: backfill.Never, Code: backfill.CodeCannot, Text: domain + " has no administrator through whom it could be managed"}
}

// impersonate has a token of a user. Only the API takes it, not mail protocols.
func (k *keys) impersonate(ctx context.Context, want key) (token, error) {
	return k.become(ctx, key{domain: domainOf(want.user)}, want.user)
}

// become asks for a user's token, in the form of new builds and then of old ones. A domain's token may do so; where it may
// not, the system administrator's is tried.
func (k *keys) become(ctx context.Context, as key, email string) (token, error) {
	var g granted
	r := post("impersonate-user", map[string]string{"email": email}, "settings/domain/impersonate-user")
	a, err := k.c.ask(ctx, as, r)
	if err == nil && a.status == 404 {
		r = post("impersonate-user", nil, "settings/domain/impersonate-user", email)
		a, err = k.c.ask(ctx, as, r)
	}
	if err != nil {
		return token{}, err
	}
	if err := k.c.settle(r, a, &g); err != nil {
		return token{}, err
	}
	return k.taken(r, g)
}

// taken is the token of an impersonation.
func (k *keys) taken(r request, g granted) (token, error) {
	if g.ImpersonateAccessToken == "" {
		return token{}, &backfill.Error{Op: "api " + r.op, Host: k.c.host, Scope: backfill.HostScope, Patience: backfill.Later, Text: "the server agreed and gave no token"}
	}
	return token{access: g.ImpersonateAccessToken, until: life(g.ImpersonateAccessTokenExpiration)}, nil
}

// domainOf is the domain of an address, in lower case; "" if it has none.
func domainOf(email string) string {
	at := strings.LastIndexByte(email, '@')
	if at < 0 {
		return ""
	}
	return strings.ToLower(email[at+1:])
}
