package standin

import (
	"crypto/rand"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// token is an access token. A dead one belongs to half a login: every call with it is forbidden.
type token struct {
	user    string // as told in answers
	domain  string // "" for a system administrator
	admin   bool   // may act on its domain
	system  bool
	dead    bool
	expires time.Time
}

// session is what one login gave: a new one of the same user and client ends it, a refresh gives new tokens.
type session struct {
	access, refresh string
}

func addrOf(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}

func (a *API) loginRoutes() {
	a.handle("POST auth/authenticate-user", anyone, (*call).authenticate)
	a.handle("POST auth/refresh-token", anyone, (*call).refresh)
	a.handle("GET licensing/about", anyone, func(c *call) (map[string]any, error) {
		return map[string]any{"bare": true, "version": "100.0." + itoa(c.a.options().Build), "edition": 0, "enterpriseFunctionality": true}, nil
	})
}

// authenticate is a login. Failures count for the address, as IMAP's do.
func (c *call) authenticate() (map[string]any, error) {
	ip := addrOf(c.r)
	if delay, _ := c.a.ids.Allowed(ip); delay > 0 {
		time.Sleep(delay)
	}
	name, secret, client := c.text("username"), c.text("password"), c.text("clientId")
	t, half, ok := c.a.prove(name, secret)
	if !ok {
		c.a.ids.Failed(ip)
		return nil, c.a.wrong("USERNAME_OR_PASSWORD_INCORRECT")
	}
	c.a.ids.Succeeded(ip, strings.ToLower(name))
	out := map[string]any{"username": t.user, "emailAddress": t.user, "localeId": "en", "isAdmin": t.system, "isDomainAdmin": t.admin && !t.system,
		"changePasswordNeeded": half == "CHANGE_PASSWORD", "passwordExpired": half == "PASSWORD_EXPIRED"}
	if half != "" {
		t.dead = true
		out["accessToken"], out["refreshToken"], out["message"] = c.a.issue(t), "", half
		return out, nil
	}
	key := strings.ToLower(name) + "\x00" + client
	return c.a.grant(key, t, out), nil
}

// prove checks a password. half says why the login stops half way.
func (a *API) prove(name, secret string) (t *token, half string, ok bool) {
	a.mu.Lock()
	ad, system := a.admins[strings.ToLower(name)]
	a.mu.Unlock()
	if system {
		switch {
		case ad.Password != secret:
			return nil, "", false
		case ad.TwoFactor:
			half = "TWO_FACTOR_REQUIRED|rfc6238|" + ad.Name
		case ad.ChangePassword:
			half = "CHANGE_PASSWORD"
		}
		return &token{user: ad.Name, admin: true, system: true}, half, true
	}
	m, known := a.dir.Mailbox(name)
	if !known || m.Password != secret || m.Disabled {
		return nil, "", false
	}
	switch {
	case m.TwoFactor && m.AppPassword != "":
		half = "TWO_FACTOR_REQUIRED|rfc6238|" + m.Email
	case m.TwoFactor:
		half = "TWO_FACTOR_REQUIRED|DOMAIN_FORCED_NOT_SETUP|" + m.Email
	case m.PasswordExpired:
		half = "PASSWORD_EXPIRED"
	}
	return &token{user: m.Email, domain: domainOf(m.Email), admin: m.DomainAdmin}, half, true
}

// wrong is the answer to a password that is not taken.
func (a *API) wrong(message string) error {
	switch a.options().Refusal {
	case Refusal400:
		return refused{http.StatusBadRequest, message}
	case RefusalIn200:
		return refused{http.StatusOK, message}
	}
	return refused{http.StatusUnauthorized, message}
}

// grant ends the session of this user and client, if there is one, and begins another.
func (a *API) grant(key string, t *token, out map[string]any) map[string]any {
	access, refresh := a.issue(t), rand.Text()
	a.mu.Lock()
	defer a.mu.Unlock()
	if old := a.sessions[key]; old != nil {
		delete(a.tokens, old.access)
	}
	a.sessions[key] = &session{access: access, refresh: refresh}
	out["accessToken"], out["refreshToken"] = access, refresh
	out["accessTokenExpiration"] = t.expires.UTC().Format(time.RFC3339)
	return out
}

// issue makes an access token.
func (a *API) issue(t *token) string {
	s := rand.Text()
	a.mu.Lock()
	defer a.mu.Unlock()
	t.expires = a.now().Add(a.opt.TokenLife)
	a.tokens[s] = t
	return s
}

// refresh gives new tokens for a refresh token, which is dead then. A bad one counts as a failed login.
func (c *call) refresh() (map[string]any, error) {
	given := c.text("token")
	c.a.mu.Lock()
	key, t := "", (*token)(nil)
	for k, s := range c.a.sessions {
		if s.refresh == given && given != "" {
			key, t = k, c.a.tokens[s.access]
		}
	}
	c.a.mu.Unlock()
	if t == nil {
		c.a.ids.Failed(addrOf(c.r))
		return nil, refused{http.StatusUnauthorized, "INVALID_REFRESH_TOKEN"}
	}
	renewed := *t
	return c.a.grant(key, &renewed, map[string]any{"username": t.user}), nil
}

// Expire makes all access tokens too old; refresh tokens stay.
func (a *API) Expire() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, t := range a.tokens {
		t.expires = time.Time{}
	}
}

// Forget ends all sessions, as a restart of the server might.
func (a *API) Forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.tokens)
	clear(a.sessions)
}

// authorize finds the token of a call.
func (c *call) authorize(who level) error {
	given := strings.TrimPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	c.a.mu.Lock()
	t := c.a.tokens[given]
	late := t != nil && c.a.now().After(t.expires)
	c.a.mu.Unlock()
	switch {
	case t == nil || late:
		return refused{http.StatusUnauthorized, "INVALID_TOKEN"}
	case t.dead:
		return refused{http.StatusForbidden, "FORBIDDEN"}
	case who == system && !t.system, who == domain && !t.admin, who == user && t.system:
		return refused{http.StatusForbidden, "FORBIDDEN"}
	case who == domain && t.domain == "": // said with 200: it is no question of rights
		return refused{http.StatusOK, errNoDomain.Error()}
	}
	c.tok = t
	return nil
}
