package smartermail

import (
	"context"

	"crossfade/backfill"
)

// List is one list of notes or of tasks. Owner is the local part of whose it is.
type List struct {
	Owner   string `json:"ownerUsername"`
	ID      string `json:"folderId"`
	Name    string `json:"displayName"`
	Primary bool   `json:"isPrimary"`
}

// lists reads what sources there are of a kind: "notes" or "tasks". Some answers give them under the kind's own name.
func (c *client) lists(ctx context.Context, login, kind string) ([]List, error) {
	if err := c.address(login); err != nil {
		return nil, err
	}
	var out struct {
		Shared []List `json:"sharedLists"`
		Notes  []List `json:"notes"`
		Tasks  []List `json:"tasks"`
	}
	if err := c.call(ctx, key{user: login}, get(kind+"-sources", kind+"/sources"), &out); err != nil {
		return nil, err
	}
	all := append(append(out.Shared, out.Notes...), out.Tasks...)
	for _, l := range all {
		if l.ID == "" || l.Owner == "" {
			return nil, &backfill.Error{Op: "api " + kind + "-sources", Host: c.host, Scope: backfill.FolderScope, Patience: backfill.Never, Text: "a list without an owner or a number"}
		}
	}
	return all, nil
}
