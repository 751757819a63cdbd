package main

import (
	"log/slog"
	"os"
	"slices"
	"strings"

	"crossfade/backfill"
	"crossfade/backfill/pace"
	"crossfade/mapping/logins"
)

// who is what the settings say about logins: who decides, what names mean, and what opens mailboxes on the source.
type who struct {
	mode    backfill.LoginMode
	rules   *logins.Rules     // nil: a name is the same on both sides
	sources map[string]string // URL of each further source by its name, which is its domain
	words   map[string]string // what opens a mailbox on the source, by whose it is
	master  master
}

// master is a user of the source who may open everybody's mailbox.
type master struct{ user, secret, form string }

// formSASL has the master's name apart from the user's (RFC 4616).
const formSASL = "sasl"

// logins reads what the settings say about logins.
func (s *settings) logins() (w who, err error) {
	modes := map[string]backfill.LoginMode{"": backfill.Same, "same": backfill.Same, "capture": backfill.Capture, "destination-first": backfill.DestinationFirst}
	mode, ok := modes[s.LoginMode]
	if !ok {
		return w, usagef("--login-mode %s: say same, capture or destination-first", s.LoginMode)
	}
	if w.mode = mode; mode == backfill.Capture && s.DestinationAPI == "" {
		return w, usagef("--login-mode capture makes mailboxes on the new server: give %s", where("destination-api", "https://new.example.com"))
	}
	if w.master, err = s.master(); err != nil {
		return w, err
	}
	c := logins.Config{Domain: s.Domain}
	if c.Windows, err = logins.ParseWindows(s.WindowsDomains); err != nil {
		return w, usagef("--windows-domains: %v", err)
	}
	for _, t := range []struct {
		name, text string
		to         *logins.Template
	}{{"source-name", s.SourceName, &c.Source}, {"destination-name", s.DestinationName, &c.Destination}} {
		if *t.to, err = logins.ParseTemplate(t.text); err != nil {
			return w, usagef("--%s %s: %v", t.name, t.text, err)
		}
	}
	if c.Users, err = s.users(); err != nil {
		return w, err
	}
	if err := w.readSources(s, &c); err != nil {
		return w, err
	}
	if mode == backfill.Same && w.master.user == "" && s.Users+s.Domain+s.WindowsDomains+s.SourceName+s.DestinationName+s.Sources == "" {
		return w, nil
	}
	if w.rules, err = logins.New(c); err != nil {
		if len(c.Users) > 0 && strings.HasPrefix(err.Error(), "line ") {
			return w, usagef("--users %s: %v", s.Users, err)
		}
		return w, usagef("login names: %v", err)
	}
	w.words = make(map[string]string)
	for _, id := range w.rules.Users() {
		if id.Password != "" {
			w.words[mailboxOf(id.Source, id.SourceLogin)] = id.Password
		}
	}
	return w, nil
}

// users reads the table of users; none without a file.
func (s *settings) users() ([]logins.User, error) {
	if s.Users == "" {
		return nil, nil
	}
	f, err := os.Open(s.Users)
	if err != nil {
		return nil, usagef("--users %s: %v", s.Users, cause(err))
	}
	defer f.Close() // it was only read
	users, err := logins.ParseUsers(f)
	if err != nil {
		return nil, usagef("--users %s: %v", s.Users, err)
	}
	return users, nil
}

// readSources reads which mail domains are on other sources.
func (w *who) readSources(s *settings, c *logins.Config) error {
	w.sources, c.Sources = make(map[string]string), make(map[string]string)
	if s.Sources != "" {
		f, err := os.Open(s.Sources)
		if err != nil {
			return usagef("--sources %s: %v", s.Sources, cause(err))
		}
		defer f.Close() // it was only read
		lines, err := logins.ParseSources(f)
		if err != nil {
			return usagef("--sources %s: %v", s.Sources, err)
		}
		on := map[string]string{s.Source: "--source"} // domain by URL
		for _, l := range lines {
			if other, taken := on[l.URL]; taken && c.Source.Joins() {
				return usagef("--sources %s: line %d: %s is on one server with the users of %s, whose names there would be the same, because --source-name leaves the domain out", s.Sources, l.Line, l.Domain, other)
			}
			on[l.URL] = l.Domain
			w.sources[l.Domain], c.Sources[l.Domain] = l.URL, l.Domain
		}
	}
	for _, u := range c.Users {
		if u.HasSource && w.sources[u.Source] == "" {
			return usagef("--users %s: line %d: there is no source of that name: --sources has a line for each", s.Users, u.Line)
		}
	}
	return nil
}

// master reads who may open everybody's mailbox.
func (s *settings) master() (m master, err error) {
	m.user, m.form = s.SourceMaster, s.SourceMasterForm
	switch {
	case m.user == "" && s.SourceMasterPasswordFile+m.form != "":
		return m, usagef("--source-master-password-file and --source-master-form are nothing without --source-master: whose are they?")
	case m.user == "":
		return m, nil
	case s.SourceMasterPasswordFile == "":
		return m, usagef("--source-master without --source-master-password-file: give a file with the password in its first line")
	case m.form == "":
		m.form = "{login}*{master}"
	case m.form != formSASL && (strings.Count(m.form, "{login}") != 1 || strings.Count(m.form, "{master}") != 1):
		return m, usagef("--source-master-form %s: say sasl, or how both names are joined, such as {login}*{master}", m.form)
	}
	m.secret, err = firstLine("source-master-password-file", s.SourceMasterPasswordFile)
	return m, err
}

// credentials are what the master opens a mailbox with.
func (m master) credentials(login string) backfill.Credentials {
	if m.form == formSASL {
		return backfill.Credentials{User: m.user, As: login, Secret: m.secret}
	}
	return backfill.Credentials{User: strings.NewReplacer("{login}", login, "{master}", m.user).Replace(m.form), Secret: m.secret}
}

func mailboxOf(source, login string) string { return source + "\x00" + logins.Fold(login) }

// identify is backfill's Options.Identify.
func (w *who) identify(login string) (backfill.LoginIdentity, error) {
	id, err := w.rules.Identify(login)
	return backfill.LoginIdentity{Source: id.Source, SourceLogin: id.SourceLogin, DestLogin: id.DestLogin, Also: id.Also}, err
}

// credentials is backfill's Options.SourceCredentials: a user's own before the master's.
func (w *who) credentials(id backfill.LoginIdentity) (backfill.Credentials, bool) {
	if secret := w.words[mailboxOf(id.Source, id.SourceLogin)]; secret != "" {
		return backfill.Credentials{User: id.SourceLogin, Secret: secret}, true
	}
	if w.master.user != "" {
		return w.master.credentials(id.SourceLogin), true
	}
	return backfill.Credentials{}, false
}

// engine says all that to the engine.
func (w *who) engine(o *backfill.Options) {
	o.Mode = w.mode
	if w.rules != nil {
		o.Identify, o.SourceCredentials, o.Users = w.identify, w.credentials, w.users
	}
}

// users is backfill's Options.Users: those of the table, by name.
func (w *who) users() []backfill.LoginIdentity {
	all := w.rules.Users()
	slices.SortFunc(all, func(a, b logins.Identity) int { return strings.Compare(a.Key(), b.Key()) })
	out := make([]backfill.LoginIdentity, 0, len(all))
	for _, id := range all {
		out = append(out, backfill.LoginIdentity{Source: id.Source, SourceLogin: id.SourceLogin, DestLogin: id.DestLogin, Also: id.Also})
	}
	return slices.CompactFunc(out, func(a, b backfill.LoginIdentity) bool { return logins.Fold(a.DestLogin) == logins.Fold(b.DestLogin) })
}

// drivers makes those of the further sources; two domains on one server share one.
func (w *who) drivers(s settings, source backfill.Driver, limits pace.Limits, log *slog.Logger) (map[string]backfill.Driver, error) {
	byURL := map[string]backfill.Driver{s.Source: source}
	out := make(map[string]backfill.Driver, len(w.sources))
	for domain, url := range w.sources {
		if byURL[url] == nil {
			d, err := pacedDriver("sources ("+domain+")", url, s.AllowPlainUpstream, limits, log)
			if err != nil {
				return nil, err
			}
			byURL[url] = d
		}
		out[domain] = byURL[url]
	}
	return out, nil
}

// opened is how one account is opened on both sides.
type opened struct {
	url          string // of its source
	sourceLogin  string
	below, above backfill.Credentials
	stranger     bool // below is not the user's own
}

// open tells how an account is opened that both servers know by this password, unless something else is configured for the
// source.
func (w *who) open(s settings, login, secret string) (o opened, err error) {
	id := backfill.LoginIdentity{SourceLogin: login, DestLogin: login}
	if w.rules != nil {
		if id, err = w.identify(login); err != nil {
			return o, usagef("--user %s: %v", login, err)
		}
	}
	o = opened{url: s.Source, sourceLogin: id.SourceLogin, below: backfill.Credentials{User: id.SourceLogin, Secret: secret}, above: backfill.Credentials{User: id.DestLogin, Secret: secret}}
	if url := w.sources[id.Source]; url != "" {
		o.url = url
	}
	if c, ok := w.credentials(id); ok && w.rules != nil {
		o.below, o.stranger = c, c.As != "" || logins.Fold(c.User) != logins.Fold(id.SourceLogin)
	}
	return o, nil
}
