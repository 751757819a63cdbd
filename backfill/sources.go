package backfill

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"crossfade/backfill/pace"
)

// source is one of the servers that mail is moved from.
type source struct {
	name string // "": the only one, or the first
	Driver
	pace *pace.Host
	gone bool // it is configured no more
}

// newSources are those that are configured.
func newSources(opt *Options) map[string]*source {
	out := map[string]*source{"": {Driver: opt.Source, pace: paceOf(opt.Source)}}
	for name, d := range opt.Sources {
		if out[name] == nil {
			out[name] = &source{name: name, Driver: d, pace: paceOf(d)}
		}
	}
	return out
}

// sourceNamed is the source of that name. One that is configured no more is one that does not answer: what is copied of its
// accounts is served, and nothing of them is lost.
func (e *Engine) sourceNamed(name string) *source {
	if s := e.sources[name]; s != nil {
		return s
	}
	d := goneSource(name)
	return &source{name: name, Driver: d, pace: pace.New(d.Host(), pace.Limits{}), gone: true}
}

// eachSource are the sources without those that are another one's server.
func (e *Engine) eachSource() []*source {
	var out []*source
	for _, s := range e.sources {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *source) int { return cmp.Compare(a.name, b.name) })
	seen := make(map[string]bool)
	return slices.DeleteFunc(out, func(s *source) bool {
		was := seen[s.Host()]
		seen[s.Host()] = true
		return was
	})
}

// goneSource stands for a source of which only the name is known.
type goneSource string

// Host implements Driver.
func (g goneSource) Host() string { return string(g) }

// Login implements Driver.
func (g goneSource) Login(context.Context, string, string) (Mail, error) {
	return nil, &Error{Op: "login", Host: string(g), Scope: HostScope, Patience: Later, Err: errGoneSource}
}

var errGoneSource = fmt.Errorf("the account's source is not configured any more: name it in --sources again")

// sourceCredentials are those that are configured for somebody's mailbox on the source.
func (e *Engine) sourceCredentials(id LoginIdentity) (Credentials, bool) {
	if e.opt.SourceCredentials == nil {
		return Credentials{}, false
	}
	return e.opt.SourceCredentials(id)
}
