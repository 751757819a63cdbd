package backfill

import (
	"errors"
	"strings"
	"testing"
	"time"

	"crossfade/store"
)

const ann = "ann@x.example"

// step is one thing that happens in a story of logins.
type step struct {
	do      func(b *loginBed)
	secret  string // logs in with it, unless it is ""
	want    string // how the login ends
	need    string // what the admin is told afterwards
	strikes int    // logins that the destination refused in this step
}

func login(secret, want string) step { return step{secret: secret, want: want} }

func (s step) needs(kind string) step { s.need = kind; return s }
func (s step) costs(n int) step       { s.strikes = n; return s }

func then(do func(b *loginBed)) step { return step{do: do} }

func sourcePassword(p string) step {
	return then(func(b *loginBed) { b.src.set(func() { b.src.users[ann].secret = p }) })
}
func destPassword(p string) step {
	return then(func(b *loginBed) { b.dst.town.set(func() { b.dst.users[ann].secret = p }) })
}
func atDestination(name, p string) step { return then(func(b *loginBed) { b.dst.add(name, p) }) }
func restart() step                     { return then((*loginBed).again) }

// story plays steps, and then says which passwords the destination has, how many mailboxes were made and re-keyed.
type story struct {
	name      string
	mode      LoginMode
	opt       func(o *Options)
	plain     bool // the destination has no administrator's interface
	steps     []step
	passwords string
	made, set int
}

func TestLoginStories(t *testing.T) {
	info := func(i MailboxInfo) step { return then(func(b *loginBed) { b.dst.info[ann] = i }) }
	sourceDown := func(yes bool) step { return then(func(b *loginBed) { b.src.set(func() { b.src.off = yes }) }) }
	destDown := func(yes bool) step { return then(func(b *loginBed) { b.dst.town.set(func() { b.dst.off = yes }) }) }
	api := func(err error) step { return then(func(b *loginBed) { b.dst.api = err }) }
	lost := (&office{town: newTown("new")}).lost()
	no := (&office{town: newTown("new")}).no
	refuse := func(err error) step { return then(func(b *loginBed) { b.dst.refuse = err }) }
	master := func(o *Options) {
		o.SourceCredentials = func(id LoginIdentity) (Credentials, bool) {
			return Credentials{User: "master", As: id.SourceLogin, Secret: "masters"}, true
		}
	}
	withMaster := then(func(b *loginBed) { b.src.add("master", "masters") })
	for _, s := range []story{
		{name: "same, right", mode: Same, steps: []step{atDestination(ann, "right"), login("right", "in"), login("right", "in"), restart(), login("right", "in")}, passwords: "ann@x.example:right"},
		{name: "same, a guess goes to the source alone", mode: Same, steps: []step{atDestination(ann, "right"), login("wrong", "AUTHENTICATIONFAILED"), login("right", "in"), login("wrong", "AUTHENTICATIONFAILED")}, passwords: "ann@x.example:right"},
		{name: "same, a stolen destination password", mode: Same, steps: []step{atDestination(ann, "new"), login("new", "AUTHENTICATIONFAILED")}, passwords: "ann@x.example:new"},
		{name: "same, a stolen source password", mode: Same, steps: []step{atDestination(ann, "new"), login("right", "AUTHENTICATIONFAILED").needs(NeedRefused).costs(1)}, passwords: "ann@x.example:new"},
		{name: "same, disabled", mode: Same, steps: []step{atDestination(ann, "hers"), info(MailboxInfo{Disabled: true}), login("right", "CONTACTADMIN").needs(NeedDisabled).costs(1), login("wrong", "AUTHENTICATIONFAILED").needs(NeedDisabled)}, passwords: "ann@x.example:hers"},
		{name: "same, second factor", mode: Same, steps: []step{atDestination(ann, "hers"), info(MailboxInfo{TwoFactor: true}), login("right", "CONTACTADMIN").needs(NeedTwoFactor).costs(1), info(MailboxInfo{}), login("right", "AUTHENTICATIONFAILED").needs(NeedRefused).costs(1)}, passwords: "ann@x.example:hers"},
		{name: "same, nobody to ask", mode: Same, plain: true, steps: []step{login("right", "AUTHENTICATIONFAILED").needs(NeedRefused).costs(1)}},
		{name: "same, no mailbox", mode: Same, steps: []step{login("right", "AUTHENTICATIONFAILED").needs(NeedNoMailbox).costs(1), atDestination(ann, "right"), login("right", "in")}, passwords: "ann@x.example:right"},
		{name: "same, changed on both", mode: Same, steps: []step{atDestination(ann, "right"), login("right", "in"), sourcePassword("new"), destPassword("new"), login("right", "AUTHENTICATIONFAILED").costs(1), login("new", "in"), restart(), login("new", "in")}, passwords: "ann@x.example:new"},
		{name: "same, sides down", mode: Same, steps: []step{atDestination(ann, "right"), sourceDown(true), login("right", "down"), sourceDown(false), destDown(true), login("right", "down"), destDown(false), login("right", "in"), sourceDown(true), login("right", "in"), destDown(true), login("right", "down")}, passwords: "ann@x.example:right"},
		{name: "same, the destination decides where credentials are configured", mode: Same, opt: master, steps: []step{withMaster, atDestination(ann, "new"), login("right", "AUTHENTICATIONFAILED").costs(1), login("new", "in"), sourceDown(true), login("new", "in")}, passwords: "ann@x.example:new"},

		{name: "capture, right", mode: Capture, steps: []step{login("right", "in"), login("right", "in"), restart(), login("right", "in")}, passwords: "ann@x.example:right", made: 1},
		{name: "capture, wrong", mode: Capture, steps: []step{login("wrong", "AUTHENTICATIONFAILED"), login("right", "in"), login("wrong", "AUTHENTICATIONFAILED")}, passwords: "ann@x.example:right", made: 1},
		{name: "capture, it is there with that password", mode: Capture, steps: []step{atDestination(ann, "right"), login("right", "in"), sourcePassword("newer"), login("newer", "CONTACTADMIN").needs(NeedExists).costs(1)}, passwords: "ann@x.example:right"},
		{name: "capture, a stolen source password", mode: Capture, steps: []step{atDestination(ann, "hers"), login("right", "CONTACTADMIN").needs(NeedExists).costs(1)}, passwords: "ann@x.example:hers"},
		{name: "capture, a stolen destination password", mode: Capture, steps: []step{atDestination(ann, "hers"), login("hers", "AUTHENTICATIONFAILED")}, passwords: "ann@x.example:hers"},
		{name: "capture, changed on the source", mode: Capture, steps: []step{login("right", "in"), sourcePassword("newer"), login("newer", "in"), login("right", "AUTHENTICATIONFAILED"), restart(), sourcePassword("newest"), login("newest", "in")}, passwords: "ann@x.example:newest", made: 1, set: 2},
		{name: "capture, changed on the destination", mode: Capture, steps: []step{login("right", "in"), destPassword("hers"),
			login("hers", "AUTHENTICATIONFAILED"), login("right", "CONTACTADMIN").needs(NeedChanged).costs(1), // the old password of the source
			sourcePassword("third"), login("third", "CONTACTADMIN").needs(NeedChanged).costs(1), restart(), login("third", "CONTACTADMIN").needs(NeedChanged).costs(1),
			sourcePassword("hers"), login("hers", "in")}, passwords: "ann@x.example:hers", made: 1},
		{name: "capture, changed on both, then on the source", mode: Capture, steps: []step{login("right", "in"), sourcePassword("hers"), destPassword("hers"), login("hers", "in").costs(1),
			sourcePassword("stolen"), login("stolen", "CONTACTADMIN").needs(NeedChanged).costs(1)}, passwords: "ann@x.example:hers", made: 1},
		{name: "capture, disabled", mode: Capture, steps: []step{atDestination(ann, "right"), info(MailboxInfo{Disabled: true}), login("right", "CONTACTADMIN").needs(NeedDisabled), info(MailboxInfo{}), login("right", "in")}, passwords: "ann@x.example:right"},
		{name: "capture, second factor", mode: Capture, steps: []step{atDestination(ann, "right"), info(MailboxInfo{TwoFactor: true}), login("right", "CONTACTADMIN").needs(NeedTwoFactor)}, passwords: "ann@x.example:right"},
		{name: "capture, expired", mode: Capture, steps: []step{atDestination(ann, "right"), info(MailboxInfo{PasswordExpired: true}), login("right", "EXPIRED").needs(NeedExpired)}, passwords: "ann@x.example:right"},
		{name: "capture, policy", mode: Capture, steps: []step{refuse(no(CodePolicy)), login("right", "CONTACTADMIN").needs(NeedPolicy), refuse(nil), sourcePassword("stronger"), login("stronger", "in")}, passwords: "ann@x.example:stronger", made: 1},
		{name: "capture, policy for a new password", mode: Capture, steps: []step{login("right", "in"), refuse(no(CodePolicy)), sourcePassword("feeble"), login("feeble", "CONTACTADMIN").needs(NeedPolicy), refuse(nil), login("feeble", "in")}, passwords: "ann@x.example:feeble", made: 1, set: 1},
		{name: "capture, limit", mode: Capture, steps: []step{refuse(no(CodeLimit)), login("right", "LIMIT").needs(NeedLimit), restart(), login("right", "LIMIT").needs(NeedLimit)}},
		{name: "capture, bad name", mode: Capture, steps: []step{refuse(no(CodeCannot)), login("right", "CONTACTADMIN").needs(NeedCannot)}},
		{name: "capture, source down", mode: Capture, steps: []step{sourceDown(true), login("right", "down"), sourceDown(false), login("right", "in"), sourceDown(true), login("right", "in"), login("wrong", "down")}, passwords: "ann@x.example:right", made: 1},
		{name: "capture, destination down", mode: Capture, steps: []step{login("right", "in"), destDown(true), login("right", "down")}, passwords: "ann@x.example:right", made: 1},
		{name: "capture, interface down", mode: Capture, steps: []step{api(lost), login("right", "UNAVAILABLE").needs(NeedAPI).costs(1), api(nil), login("right", "in"), api(lost), login("right", "in"), sourcePassword("newer"), login("newer", "UNAVAILABLE").needs(NeedAPI).costs(1)}, passwords: "ann@x.example:right", made: 1},
		{name: "capture, no interface", mode: Capture, plain: true, steps: []step{login("right", "AUTHENTICATIONFAILED").needs(NeedRefused).costs(1), atDestination(ann, "right"), then(func(b *loginBed) { b.e.needs.forgive("") }), login("right", "in")}, passwords: "ann@x.example:right"},
		{name: "capture, the mailbox vanished", mode: Capture, steps: []step{login("right", "in"), then(func(b *loginBed) { delete(b.dst.users, ann) }), login("right", "CONTACTADMIN").needs(NeedVanished).costs(1)}, made: 1},

		{name: "first, right", mode: DestinationFirst, opt: master, steps: []step{withMaster, atDestination(ann, "hers"), login("right", "AUTHENTICATIONFAILED").costs(1), login("hers", "in"), login("hers", "in"), restart(), destPassword("new"), login("new", "in")}, passwords: "ann@x.example:new"},
		{name: "first, no credentials", mode: DestinationFirst, steps: []step{atDestination(ann, "hers"), login("hers", "CONTACTADMIN").needs(NeedCredentials), login("wrong", "AUTHENTICATIONFAILED").needs(NeedCredentials).costs(1)}, passwords: "ann@x.example:hers"},
		{name: "first, the credentials are refused", mode: DestinationFirst, opt: master, steps: []step{atDestination(ann, "hers"), login("hers", "CONTACTADMIN").needs(NeedCredentials), withMaster, login("hers", "in"),
			then(func(b *loginBed) { b.src.set(func() { b.src.users["master"].secret = "other" }) }), restart(), login("hers", "in")}, passwords: "ann@x.example:hers"},
		{name: "first, sides down", mode: DestinationFirst, opt: master, steps: []step{withMaster, atDestination(ann, "hers"), sourceDown(true), login("hers", "down"), sourceDown(false), login("hers", "in"), sourceDown(true), login("hers", "in"), destDown(true), login("hers", "down")}, passwords: "ann@x.example:hers"},
	} {
		t.Run(s.name, func(t *testing.T) { s.play(t) })
	}
}

func (s story) play(t *testing.T) {
	b := newLoginBed(t, s.mode)
	if s.opt != nil {
		s.opt(&b.opt)
	}
	b.plain = s.plain
	b.again()
	for i, st := range s.steps {
		if st.do != nil {
			st.do(b)
			continue
		}
		before := len(b.dst.failed)
		if got := b.try(ann, st.secret); got != st.want {
			t.Fatalf("step %d, %q: %s, want %s; %+v", i, st.secret, got, st.want, b.e.Waiting())
		}
		if got := b.want(); got != st.need {
			t.Errorf("step %d: the admin is told of %q, want %q", i, got, st.need)
		}
		if got := len(b.dst.failed) - before; got != st.strikes {
			t.Errorf("step %d: %d failed logins at the destination, want %d", i, got, st.strikes)
		}
	}
	if got := b.passwords(); got != s.passwords {
		t.Errorf("the destination has %q, want %q", got, s.passwords)
	}
	if len(b.dst.made) != s.made || len(b.dst.set) != s.set {
		t.Errorf("%d mailboxes were made, %d re-keyed; want %d, %d", len(b.dst.made), len(b.dst.set), s.made, s.set)
	}
	for _, n := range b.e.Waiting() {
		if n.Login != ann || n.Account != ann || n.Since.IsZero() || strings.Contains(n.Text, "right") {
			t.Errorf("%+v", n)
		}
	}
}

// TestAliasesAreOneAccount: all names that mean a mailbox lead to one record.
func TestAliasesAreOneAccount(t *testing.T) {
	for _, mode := range []LoginMode{Same, Capture} {
		b := newLoginBed(t, mode)
		b.opt.Identify = exampleNames
		b.again()
		if mode == Same {
			b.dst.add(ann, "right")
		}
		for _, name := range []string{"ann", "ANN@X.example", `EX\ann`, ann} {
			if got := b.try(name, "right"); got != "in" {
				t.Errorf("%s: %s", name, got)
			}
		}
		if got := b.try("nobody at all", "right"); got != "AUTHENTICATIONFAILED" {
			t.Error(got)
		}
		if recs := b.records(); len(recs) != 1 || len(b.e.Waiting()) != 0 {
			t.Errorf("%d accounts, %d waiting", len(recs), len(b.e.Waiting()))
		}
	}
}

// exampleNames is what an admin may have said: bare names and those of EX are of x.example.
func exampleNames(login string) (LoginIdentity, error) {
	user := strings.TrimPrefix(strings.TrimSuffix(canonical(login), "@x.example"), `ex\`)
	if strings.ContainsAny(user, ` \@`) {
		return LoginIdentity{}, errors.New("no such name")
	}
	return LoginIdentity{SourceLogin: user + "@x.example", DestLogin: user + "@x.example", Also: []string{user, `ex\` + user}}, nil
}

// TestNamesSaidLater: an account that was enrolled before the names were said is found by the name it had.
func TestNamesSaidLater(t *testing.T) {
	b := newLoginBed(t, Same)
	b.src.add("ann", "right")
	b.dst.add("ann", "right")
	b.dst.add(ann, "right")
	if got := b.try("Ann", "right"); got != "in" {
		t.Fatal(got)
	}
	b.opt.Identify = exampleNames
	b.again()
	for _, name := range []string{"ann", ann} {
		if got := b.try(name, "right"); got != "in" {
			t.Error(got)
		}
	}
	recs := b.records()
	if len(recs) != 1 || recs[0].DestLogin != "Ann" {
		t.Errorf("%+v", recs)
	}
}

// TestCreatedInItsLanguage: the source's folders say what language a mailbox is made in, before anything is copied to it.
func TestCreatedInItsLanguage(t *testing.T) {
	b := newLoginBed(t, Capture)
	for _, name := range []string{"Gesendet", "Papierkorb", "Entwürfe"} {
		b.src.users[ann].add(name)
	}
	if got := b.try(ann, "right"); got != "in" {
		t.Fatal(got)
	}
	if got := b.try("bob@x.example", "bobs"); got != "in" {
		t.Fatal(got)
	}
	if m := b.dst.made; len(m) != 2 || m[0].Language != "de" || m[1].Language != "" {
		t.Errorf("%+v", m)
	}
	rec := b.records()[0]
	if rec.Made == nil || rec.Made.Intended || rec.Made.Changed || rec.Made.At.IsZero() {
		t.Errorf("%+v", rec.Made)
	}
}

// TestSeveralSources: an account's mail is on the source that its name said, and it remembers that. One that is configured no
// more is one that is down: the account is served as far as it is copied.
func TestSeveralSources(t *testing.T) {
	b := newLoginBed(t, Capture)
	other := newTown("old2", "carol@y.example:carols")
	b.opt.Sources = map[string]Driver{"y": other}
	b.opt.Identify = func(login string) (LoginIdentity, error) {
		id := LoginIdentity{SourceLogin: login, DestLogin: login}
		if strings.HasSuffix(login, "@y.example") {
			id.Source = "y"
		}
		return id, nil
	}
	b.again()
	for name, secret := range map[string]string{ann: "right", "carol@y.example": "carols"} {
		if got := b.try(name, secret); got != "in" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if b.src.entered != 1 || other.entered != 1 || len(b.src.failed)+len(other.failed) > 0 {
		t.Errorf("%d and %d logins", b.src.entered, other.entered)
	}
	b.opt.Identify, b.opt.Sources = nil, nil
	b.again()
	if got := b.try("carol@y.example", "carols"); got != "in" {
		t.Error(got)
	}
	if got := b.try("carol@y.example", "wrong"); got != "down" {
		t.Error(got)
	}
	a, err := b.e.lookup("carol@y.example")
	must(t, err)
	if _, err := a.source(t.Context()); !IsUnavailable(err) || !strings.Contains(err.Error(), "not configured any more") {
		t.Error(err)
	}
	if hosts := b.e.Hosts(); len(hosts) != 2 {
		t.Errorf("%+v", hosts)
	}
}

// TestAliasOnDestination: a list is no mailbox, and is not made one.
func TestAliasOnDestination(t *testing.T) {
	b := newLoginBed(t, Capture)
	b.src.add("list@x.example", "lists")
	if got := b.try("list@x.example", "lists"); got != "CONTACTADMIN" || b.want() != NeedAlias || len(b.dst.failed)+len(b.dst.made) > 0 {
		t.Error(got, b.want(), b.dst.failed, b.dst.made)
	}
}

// TestNeedsAreBounded: and outlive the program; nobody who guesses makes any.
func TestNeedsAreBounded(t *testing.T) {
	b := newLoginBed(t, Capture)
	for _, name := range []string{"x", "y", "list@x.example"} {
		_ = b.try(name, "guess")
	}
	if got := b.e.Waiting(); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	b.dst.refuse = b.dst.no(CodeLimit)
	for range 2 {
		if got := b.try(ann, "right"); got != "LIMIT" {
			t.Error(got)
		}
	}
	first := b.e.Waiting()
	b.again()
	if got := b.e.Waiting(); len(got) != 1 || got[0] != first[0] {
		t.Errorf("%+v, was %+v", got, first)
	}
	b.e.needs.mu.Lock()
	for len(b.e.needs.by) < maxNeeds {
		b.e.needs.by[strings.Repeat("x", len(b.e.needs.by))] = store.Need{}
	}
	b.e.needs.mu.Unlock()
	if got := b.try("bob@x.example", "bobs"); got != "LIMIT" || len(b.e.Waiting()) != maxNeeds {
		t.Error(got, len(b.e.Waiting()))
	}
}

// TestAskedAgainLater: a mail program that goes on trying does not use up the destination's patience; 'crossfade retry' has it
// asked at once.
func TestAskedAgainLater(t *testing.T) {
	b := newLoginBed(t, Capture)
	b.dst.add(ann, "hers")
	for range 20 {
		if got := b.try(ann, "right"); got != "CONTACTADMIN" || b.want() != NeedExists {
			t.Fatal(got, b.want())
		}
	}
	if n := len(b.dst.failed); n != 1 {
		t.Errorf("%d failed logins", n)
	}
	b.dst.town.set(func() { b.dst.users[ann].secret = "right" })
	if got := b.try(ann, "right"); got != "CONTACTADMIN" {
		t.Error(got)
	}
	must(t, b.e.Retry(Target{}))
	if got := b.try(ann, "right"); got != "in" || b.want() != "" {
		t.Error(got, b.want())
	}
	for pause, n := firstAskAgain, 0; n < 10; pause, n = min(2*pause, lastAskAgain), n+1 {
		b.dst.town.set(func() { b.dst.users[ann].secret = "hers" })
		b.src.set(func() { b.src.users[ann].secret = "different" })
		if got := b.try(ann, "different"); got != "CONTACTADMIN" {
			t.Fatal(got)
		}
		was := b.e.needs.refused[b.e.aliasKey(ann)]
		if was.pause != pause {
			t.Fatalf("after %d times it rests for %v, want %v", n, was.pause, pause)
		}
		was.until = time.Now()
		b.e.needs.refused[b.e.aliasKey(ann)] = was
	}
}
