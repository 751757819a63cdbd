package logins

import "fmt"

// User is a line of the table of users. Login and Line are always there; what else is empty is left to the templates.
type User struct {
	Line                   int
	Login                  string
	SourceLogin, DestLogin string
	Password               string // for the source
	Source                 string // its name
	HasSource              bool   // Source was said
}

// add takes a user in.
func (r *Rules) add(u User) error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("line %d: %s", u.Line, fmt.Sprintf(format, args...))
	}
	raw, err := clean(u.Login)
	if err != nil {
		return fail("%v", err)
	}
	id, key := Identity{}, Fold(raw)
	n, err := r.parse(raw)
	switch {
	case err == nil:
		key = Fold(n.String())
		if id, err = r.templates(n); err != nil && (u.SourceLogin == "" || u.DestLogin == "") {
			return fail("%v", err)
		}
		if err != nil { // the table says all that the templates cannot
			id = Identity{Source: r.sources[n.domain]}
		}
	case u.SourceLogin == "" || u.DestLogin == "":
		return fail("%v; both source-login and destination-login are needed", err)
	}
	for _, s := range []struct {
		of   *string
		said string
	}{{&id.SourceLogin, u.SourceLogin}, {&id.DestLogin, u.DestLogin}} {
		if s.said == "" {
			continue
		}
		if *s.of, err = clean(s.said); err != nil {
			return fail("%v", err)
		}
	}
	if u.HasSource {
		id.Source = u.Source
	}
	id.Password = u.Password
	if n.user != "" { // it is an address, or a bare name
		id.Also = r.also(n, id)
	}
	if _, ok := r.users[key]; ok {
		return fail("the login name is in the table twice")
	}
	if other, ok := r.byKey[id.Key()]; ok && other != id.below() {
		return fail("another line gives the same mailbox on the destination to another user of the source")
	}
	if other, ok := r.byBelow[id.below()]; ok && other != id.Key() {
		return fail("another line gives the same mailbox on the source to another user of the destination")
	}
	r.users[key], r.byKey[id.Key()], r.byBelow[id.below()] = id, id.below(), id.Key()
	return nil
}

// Users are the identities of all users in the table, in no order.
func (r *Rules) Users() []Identity {
	out := make([]Identity, 0, len(r.users))
	for _, id := range r.users {
		out = append(out, r.found(id))
	}
	return out
}
