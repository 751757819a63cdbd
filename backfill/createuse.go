package backfill

import (
	"context"
	"slices"
	"strings"

	"crossfade/mapping"
)

// UseCreator is a Writer that can make a folder with special uses (RFC 6154 3).
type UseCreator interface {
	// CreateUse is Create with attributes such as \Archive; ErrNotOffered where the server cannot.
	CreateUse(ctx context.Context, box string, use []string) error
}

// errUse is the answer to a CREATE whose special use cannot be had (RFC 6154 3).
func errUse(text string) *Refusal { return &Refusal{Code: "USEATTR", Text: text} }

// CreateUse makes a folder with special uses on the destination. There is never a second folder of a role: mail of the
// source is blended into the first.
func (s *Session) CreateUse(ctx context.Context, name string, use []string) error {
	made := ""
	err := s.changeTree(ctx, func(w Writer) error {
		c, ok := w.(UseCreator)
		if !ok || !w.Features().Caps.Has("CREATE-SPECIAL-USE") {
			return errUse("the new server makes no folders with a special use")
		}
		for _, attr := range use {
			if other := s.a.used(attr); other != "" {
				return errUse("the folder " + other + " has this special use")
			}
		}
		path, err := s.a.newPath(w, name)
		if err != nil {
			return err
		}
		made = w.Name(path)
		return c.CreateUse(ctx, made, use)
	})
	if err == nil {
		s.a.noteMade(made)
	}
	return err
}

// used is the folder that has a special use; "" if none has.
func (a *account) used(attr string) string {
	role := mapping.RoleOf([]string{attr})
	for _, f := range a.all() {
		rec, attrs := f.record(), f.onDestination().Attrs
		if !rec.Deleted.IsZero() {
			continue
		}
		if role != "" && (mapping.Role(rec.Role) == role || mapping.RoleOf(attrs) == role) ||
			slices.ContainsFunc(attrs, func(s string) bool { return strings.EqualFold(s, attr) }) {
			return rec.Name
		}
	}
	return ""
}
