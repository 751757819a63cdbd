package logins

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Config is what an admin says about login names. The zero one takes every name as it is, on both sides.
type Config struct {
	Domain              string            // of bare names; "": none
	Windows             map[string]string // mail domain by name of the Windows domain
	Source, Destination Template
	Users               []User
	Sources             map[string]string // name of the source by mail domain; all others are on the one without a name
}

// Identity is who a login name is on both sides.
type Identity struct {
	Source      string // name of the source
	SourceLogin string
	DestLogin   string
	Also        []string // folded names that mean the same, without DestLogin: as the mailbox may have been known before
	Password    string   // for the source, from the table; "": none
}

// Key is what the mailbox is known by: there is one for each.
func (i Identity) Key() string { return Fold(i.DestLogin) }

// below is the source's half of what Key is.
func (i Identity) below() string { return i.Source + "\x00" + Fold(i.SourceLogin) }

// Rules know what login names mean.
type Rules struct {
	domain       string
	windows      map[string]string
	source, dest Template
	sources      map[string]string
	users        map[string]Identity // by folded login name
	byKey        map[string]string   // of the table's users: below by Key
	byBelow      map[string]string   // and Key by below
}

// New checks what an admin said.
func New(c Config) (*Rules, error) {
	r := &Rules{windows: map[string]string{}, source: c.Source, dest: c.Destination, sources: map[string]string{},
		users: map[string]Identity{}, byKey: map[string]string{}, byBelow: map[string]string{}}
	var err error
	if c.Domain != "" {
		if r.domain, err = Domain(c.Domain); err != nil {
			return nil, fmt.Errorf("the domain of bare names: %w", err)
		}
	}
	for w, d := range c.Windows {
		if r.windows[strings.ToUpper(w)], err = Domain(d); err != nil {
			return nil, fmt.Errorf("the mail domain of %s: %w", w, err)
		}
	}
	for d, s := range c.Sources {
		if d, err = Domain(d); err != nil {
			return nil, fmt.Errorf("the sources: %w", err)
		}
		r.sources[d] = s
	}
	if err := r.checkSources(); err != nil {
		return nil, err
	}
	for _, u := range c.Users {
		if err := r.add(u); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// checkSources refuses a template that would make users of two domains one user of a source.
func (r *Rules) checkSources() error {
	if !r.source.Joins() {
		return nil
	}
	seen := map[string]string{"": r.domain}
	for d, s := range r.sources {
		if other, ok := seen[s]; ok && other != d {
			return errors.New("the name on the source leaves the domain out, but two domains are on one source: their users would be mixed")
		}
		seen[s] = d
	}
	return nil
}

// Identify says who a login name is. An error means that it is nobody.
func (r *Rules) Identify(login string) (Identity, error) {
	raw, err := clean(login)
	if err != nil {
		return Identity{}, err
	}
	n, err := r.parse(raw)
	if err != nil {
		if id, ok := r.users[Fold(raw)]; ok { // the table may hold any name
			return r.found(id), nil
		}
		return Identity{}, err
	}
	if id, ok := r.users[Fold(n.String())]; ok {
		return r.found(id), nil
	}
	id, err := r.templates(n)
	if err != nil {
		return Identity{}, err
	}
	if other, ok := r.byKey[id.Key()]; ok && other != id.below() {
		return Identity{}, errName("its mailbox on the destination is another user's in the table")
	}
	if other, ok := r.byBelow[id.below()]; ok && other != id.Key() {
		return Identity{}, errName("its mailbox on the source is another user's in the table")
	}
	id.Also = r.also(n, id)
	return r.found(id), nil
}

// templates is what is said of names that are not in the table.
func (r *Rules) templates(n name) (Identity, error) {
	id := Identity{Source: r.sources[n.domain]}
	_, own := r.sources[n.domain]
	if r.source.Joins() && !own && n.domain != r.domain || r.dest.Joins() && n.domain != r.domain {
		return Identity{}, errName("the names on a server leave the domain out, and it has not the domain of bare names")
	}
	var err error
	if id.SourceLogin, err = r.source.apply(n); err != nil {
		return Identity{}, err
	}
	if id.DestLogin, err = r.dest.apply(n); err != nil {
		return Identity{}, err
	}
	return id, nil
}

// also are the names under which the mailbox may have been known before there were rules: what the destination was told
// then is what users typed. Where it is told something else now, nothing is sure.
func (r *Rules) also(n name, id Identity) []string {
	if id.DestLogin != n.String() {
		return nil
	}
	var names []string
	if n.domain == r.domain {
		names = append(names, Fold(n.user))
	}
	for w, d := range r.windows {
		if d == n.domain {
			names = append(names, Fold(w+`\`+n.user))
		}
	}
	slices.Sort(names)
	return slices.DeleteFunc(names, func(s string) bool { return s == id.Key() })
}

// found is an identity as it is told: names that the table gives to others are nobody else's.
func (r *Rules) found(id Identity) Identity {
	var also []string
	for _, s := range id.Also {
		if _, taken := r.byKey[s]; !taken {
			also = append(also, s)
		}
	}
	id.Also = also
	return id
}
