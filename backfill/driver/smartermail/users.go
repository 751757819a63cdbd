package smartermail

import (
	"cmp"
	"context"
	"slices"

	"crossfade/backfill"
)

// Listing in portions: how many at once, and how many in all before it is taken for a server that never ends.
const (
	pageSize  = 500
	usersMost = 1_000_000
)

// search is what account-list-search is asked.
type search struct {
	Search      *string  `json:"search"`
	SearchFlags []string `json:"searchFlags"`
	Skip        int      `json:"skip"`
	Take        int      `json:"take"`
	SortField   string   `json:"sortField"`
}

// search lists one portion of a domain's accounts.
func (c *client) search(ctx context.Context, domain string, s search) ([]userData, error) {
	var out struct {
		Results []userData `json:"results"`
	}
	s.SortField = "userName"
	err := c.call(ctx, key{domain: domain}, post("account-list-search", s, "settings/domain/account-list-search"), &out)
	return out.Results, err
}

// Users implements backfill.MailboxLister: every mailbox of a domain once, by address, or an error.
func (c *client) Users(ctx context.Context, domain string) ([]backfill.MailboxInfo, error) {
	if domain == "" {
		ad, err := c.keys.role(ctx)
		if err != nil {
			return nil, err
		}
		if domain = ad.domain; ad.system || domain == "" {
			return nil, &backfill.Error{Op: "api users", Host: c.host, Scope: backfill.AccountScope, Patience: backfill.Never, Code: backfill.CodeCannot, Text: "the API's user administers the whole system: say which domain"}
		}
	}
	seen := map[string]backfill.MailboxInfo{}
	for skip := 0; ; {
		found, err := c.search(ctx, domain, search{SearchFlags: []string{"users"}, Skip: skip, Take: pageSize})
		if err != nil {
			return nil, err
		}
		fresh := 0
		for _, u := range found {
			info := u.info()
			if info.Login == "" {
				if info.Login = u.text("userName"); info.Login == "" {
					continue
				}
				info.Login += "@" + domain
			}
			if _, ok := seen[info.Login]; !ok {
				fresh++
			}
			seen[info.Login] = info
		}
		skip += len(found)
		if len(found) == 0 || fresh == 0 || len(seen) >= usersMost { // a server that does not skip gives the same ones again
			break
		}
	}
	out := make([]backfill.MailboxInfo, 0, len(seen))
	for _, info := range seen {
		out = append(out, info)
	}
	slices.SortFunc(out, func(a, b backfill.MailboxInfo) int { return cmp.Compare(a.Login, b.Login) })
	return out, nil
}
