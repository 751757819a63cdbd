package standin

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

func (a *API) domainRoutes() {
	a.handle("POST settings/sysadmin/manage-domain/{domain}", system, (*call).manageDomain)
	a.handle("GET settings/sysadmin/domain-admins/{domain}", system, (*call).domainAdmins)
	a.handle("POST settings/domain/impersonate-user", ruled, onPaths(func(c *call) (map[string]any, error) { return c.impersonate(c.text("email")) }, false))
	a.handle("POST settings/domain/impersonate-user/{email}", ruled, onPaths(func(c *call) (map[string]any, error) { return c.impersonate(c.r.PathValue("email")) }, true))
	a.handle("GET settings/domain/domain", domain, (*call).tellDomain)
}

// ruled is a call whose rights its own code looks at.
const ruled level = -1

func (c *call) manageDomain() (map[string]any, error) {
	o := c.a.options()
	dom, ok := c.a.dir.Domain(c.r.PathValue("domain"))
	switch {
	case o.NoManageDomain:
		return nil, refused{http.StatusNotFound, "NOT_FOUND"}
	case o.NoImpersonation:
		return nil, refused{http.StatusForbidden, "FORBIDDEN"}
	case !ok:
		return nil, errNoDomain
	}
	return map[string]any{"impersonateAccessToken": c.a.issue(&token{user: c.tok.user, domain: strings.ToLower(dom.Name), admin: true})}, nil
}

func (c *call) domainAdmins() (map[string]any, error) {
	out := []string{}
	for _, email := range c.a.dir.Emails(c.r.PathValue("domain")) {
		if m, _ := c.a.dir.Mailbox(email); m.DomainAdmin {
			out = append(out, email)
		}
	}
	return map[string]any{"domainAdmins": out}, nil
}

func (c *call) impersonate(email string) (map[string]any, error) {
	m, ok := c.a.dir.Mailbox(email)
	switch {
	case !c.tok.admin || c.tok.system && c.a.options().NoImpersonation:
		return nil, refused{http.StatusForbidden, "FORBIDDEN"}
	case !ok || !c.mine(email):
		return nil, errNoUser
	}
	t := &token{user: m.Email, domain: domainOf(m.Email), admin: m.DomainAdmin}
	out := map[string]any{"impersonateAccessToken": c.a.issue(t), "impersonateRefreshToken": "", "username": m.Email, "email": m.Email}
	out["impersonateAccessTokenExpiration"] = t.expires.UTC().Format(time.RFC3339)
	return out, nil
}

// tellDomain tells the settings of the token's domain.
func (c *call) tellDomain() (map[string]any, error) {
	dom, _ := c.a.dir.Domain(c.tok.domain)
	data := map[string]any{"name": dom.Name, "userLimit": dom.UserLimit, "isEnabled": true}
	switch c.a.options().CleanStyle {
	case CleanList:
		rules := []map[string]any{}
		for _, r := range dom.Clean {
			rules = append(rules, map[string]any{"folder": r.Folder, "days": r.Days, "sizeMb": r.Megs, "enabled": !r.Disabled})
		}
		data["autoCleanRules"] = rules
	case CleanObject:
		rules := map[string]any{}
		for _, r := range dom.Clean {
			rules[strings.ReplaceAll(r.Folder, " ", "")] = map[string]any{"isEnabled": !r.Disabled, "maxAgeDays": r.Days, "maxSizeMB": r.Megs}
		}
		data["auto_clean"] = map[string]any{"folders": rules}
	}
	return map[string]any{"domainData": data}, nil
}

// searchAccounts lists users, aliases and lists, as searchFlags say.
func (c *call) searchAccounts() (map[string]any, error) {
	var q struct {
		Search     *string  `json:"search"`
		Flags      []string `json:"searchFlags"`
		Skip, Take int
	}
	if err := json.Unmarshal(c.raw, &q); err != nil {
		return nil, refused{http.StatusBadRequest, "BAD_REQUEST"}
	}
	var out []map[string]any
	if slices.Contains(q.Flags, "users") {
		for _, email := range c.a.dir.Emails(c.tok.domain) {
			m, _ := c.a.dir.Mailbox(email)
			out = append(out, userData(m))
		}
	}
	aliases, lists := c.a.dir.others(c.tok.domain)
	for _, kind := range []struct {
		flag  string
		names []string
		code  int
	}{{"aliases", aliases, 4}, {"mailingLists", lists, 5}} {
		for _, name := range kind.names {
			if local, _, _ := strings.Cut(name, "@"); slices.Contains(q.Flags, kind.flag) {
				out = append(out, map[string]any{"userName": local, "emailAddress": name, "accountType": kind.code})
			}
		}
	}
	if q.Search != nil && *q.Search != "" {
		out = slices.DeleteFunc(out, func(m map[string]any) bool {
			return !strings.Contains(m["userName"].(string), strings.ToLower(*q.Search))
		})
	}
	total := len(out)
	out = out[min(max(0, q.Skip), total):]
	out = out[:min(max(0, q.Take), len(out))]
	if out == nil {
		out = []map[string]any{}
	}
	return map[string]any{"results": out, "totalCount": total}, nil
}

// others lists the aliases and mailing lists of a domain.
func (d *Directory) others(domain string) (aliases, lists []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for a := range d.aliases {
		if domainOf(a) == domain {
			aliases = append(aliases, a)
		}
	}
	for l := range d.lists {
		if domainOf(l) == domain {
			lists = append(lists, l)
		}
	}
	slices.Sort(aliases)
	slices.Sort(lists)
	return aliases, lists
}

func (c *call) listUsers() (map[string]any, error) {
	if _, ok := c.a.dir.Domain(c.r.PathValue("domain")); !ok {
		return nil, errNoDomain
	}
	out := []map[string]any{}
	for _, email := range c.a.dir.Emails(c.r.PathValue("domain")) {
		m, _ := c.a.dir.Mailbox(email)
		out = append(out, userData(m))
	}
	return map[string]any{"userData": out}, nil
}
