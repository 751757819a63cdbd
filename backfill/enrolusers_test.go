package backfill

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

// enrolled enrols and returns what became of each.
func (b *loginBed) enrolled(logins ...string) string {
	b.t.Helper()
	var out []string
	err := b.e.Enrol(b.t.Context(), logins, func(r Enrolled) error {
		if strings.Contains(r.Text, "right") || strings.Contains(r.Text, "masters") || (r.Text == "") != r.Well() {
			b.t.Errorf("%+v", r)
		}
		out = append(out, r.Did)
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return strings.Join(out, " ")
}

// masterOf has a user who may open everybody's mailbox on the source, tableOf each user's own password.
func masterOf(id LoginIdentity) (Credentials, bool) {
	return Credentials{User: "master", As: id.SourceLogin, Secret: "masters"}, true
}

func tableOf(id LoginIdentity) (Credentials, bool) {
	return Credentials{User: id.SourceLogin, Secret: "right"}, id.SourceLogin == ann
}

// enrolBed is a loginBed with a master user on the source.
func enrolBed(t *testing.T, mode LoginMode, creds func(LoginIdentity) (Credentials, bool)) *loginBed {
	b := newLoginBed(t, mode)
	b.src.add("master", "masters")
	b.opt.SourceCredentials = creds
	b.opt.Users = func() []LoginIdentity { return []LoginIdentity{{SourceLogin: ann, DestLogin: ann}} }
	b.again()
	return b
}

// TestEnrol: what becomes of a user who never logged in, in each mode and state of the destination; and that asking again
// changes nothing.
func TestEnrol(t *testing.T) {
	const never = "never-guessed"
	none := func(LoginIdentity) (Credentials, bool) { return Credentials{}, false }
	wrong := func(id LoginIdentity) (Credentials, bool) {
		return Credentials{User: id.SourceLogin, Secret: "wrong"}, true
	}
	for _, c := range []struct {
		name      string
		mode      LoginMode
		creds     func(LoginIdentity) (Credentials, bool)
		before    func(b *loginBed)
		did, need string
		again     string // the same if ""
		strikes   int    // logins that the destination refused
	}{
		{"capture makes it", Capture, masterOf, nil, EnrolMade, "", EnrolKnown, 0},
		{"capture with a table makes it", Capture, tableOf, nil, EnrolMade, "", EnrolKnown, 0},
		{"same makes it with the table's password", Same, tableOf, nil, EnrolMade, "", EnrolKnown, 0},
		{"same does not know a password", Same, masterOf, nil, EnrolWaits, NeedMailbox, "", 0},
		{"the destination decides", DestinationFirst, tableOf, nil, EnrolWaits, NeedMailbox, "", 0},
		{"the table's password opens it", DestinationFirst, tableOf, func(b *loginBed) { b.dst.add(ann, "right") }, EnrolDone, "", EnrolKnown, 0},
		{"another's password", Capture, tableOf, func(b *loginBed) { b.dst.add(ann, never) }, EnrolWaits, NeedExists, "", 2},
		{"nobody's password", Capture, masterOf, func(b *loginBed) { b.dst.add(ann, never) }, EnrolWaits, NeedFirstLogin, "", 0},
		{"no credentials", Capture, none, nil, EnrolWaits, NeedCredentials, "", 0},
		{"wrong credentials", Capture, wrong, nil, EnrolWaits, NeedCredentials, "", 0},
		{"second factor", Capture, tableOf, func(b *loginBed) { b.dst.add(ann, "right"); b.dst.info[ann] = MailboxInfo{TwoFactor: true} }, EnrolWaits, NeedTwoFactor, "", 0},
		{"disabled", Capture, tableOf, func(b *loginBed) { b.dst.add(ann, "right"); b.dst.info[ann] = MailboxInfo{Disabled: true} }, EnrolWaits, NeedDisabled, "", 0},
		{"policy", Capture, masterOf, func(b *loginBed) { b.dst.refuse = b.dst.no(CodePolicy) }, EnrolWaits, NeedPolicy, "", 0},
		{"no room", Capture, masterOf, func(b *loginBed) { b.dst.refuse = b.dst.no(CodeLimit) }, EnrolWaits, NeedLimit, "", 0},
		{"the API is down", Capture, masterOf, func(b *loginBed) { b.dst.api = b.dst.lost() }, EnrolDeferred, NeedAPI, "", 0},
		{"the source is down", Capture, masterOf, func(b *loginBed) { b.src.off = true }, EnrolDeferred, "", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := enrolBed(t, c.mode, c.creds)
			if c.before != nil {
				c.before(b)
			}
			made := 0
			if c.did == EnrolMade {
				made = 1
			}
			if got := b.enrolled(); got != c.did || b.want() != c.need {
				t.Errorf("%s, needs %q; want %s, %q", got, b.want(), c.did, c.need)
			}
			recs := b.records()
			if well := (Enrolled{Did: c.did}).Well(); len(recs) > 0 != well || well && (!recs[0].FirstLogin.IsZero() || !recs[0].LastLogin.IsZero() || (recs[0].Made != nil) != (made > 0)) {
				t.Errorf("records %+v", recs)
			}
			if c.again == "" {
				c.again = c.did
			}
			b.again()
			if got := b.enrolled(); got != c.again {
				t.Errorf("again: %s, want %s", got, c.again)
			}
			if len(b.dst.made) != made || len(b.dst.set) != 0 || len(b.dst.failed) != c.strikes {
				t.Errorf("made %v, set %v, refused %q", b.dst.made, b.dst.set, b.dst.failed)
			}
		})
	}
}

// TestEnrolThenLogin: a mailbox that was made for somebody gets the password of that user's first login, in capture mode and
// nowhere else; and nobody's who does not have the source's password.
func TestEnrolThenLogin(t *testing.T) {
	b := enrolBed(t, Capture, masterOf)
	if got := b.enrolled(ann); got != EnrolMade {
		t.Fatal(got)
	}
	secret := b.dst.made[0].Secret
	if len(secret) < 30 {
		t.Errorf("a password of %d characters", len(secret))
	}
	for _, guess := range []string{"wrong", secret + "x"} {
		if got := b.try(ann, guess); got != "AUTHENTICATIONFAILED" || len(b.dst.set) > 0 {
			t.Errorf("%s, set %v", got, b.dst.set)
		}
	}
	if got := b.try(ann, "right"); got != "in" || b.passwords() != ann+":right" {
		t.Errorf("%s: %s", got, b.passwords())
	}
	if rec := b.records()[0]; rec.FirstLogin.IsZero() {
		t.Error("the first login was not noted")
	}
	if len(b.dst.failed) > 1 {
		t.Errorf("the destination refused %q", b.dst.failed)
	}
}

// TestEnrolThenChanged: once the mailbox has a password that was not given here, it is never given another one.
func TestEnrolThenChanged(t *testing.T) {
	b := enrolBed(t, Capture, masterOf)
	if got := b.enrolled(ann); got != EnrolMade {
		t.Fatal(got)
	}
	b.dst.town.set(func() { b.dst.users[ann].secret = "hers" })
	if got := b.try(ann, "right"); got != "CONTACTADMIN" || b.passwords() != ann+":hers" || b.want() != NeedChanged {
		t.Errorf("%s: %s, %s", got, b.passwords(), b.want())
	}
}

// TestEnrolCrash: a program that ends between making a mailbox and noting it knows it for its own afterwards.
func TestEnrolCrash(t *testing.T) {
	b := enrolBed(t, Capture, masterOf)
	b.dst.after = func(string) error { return b.dst.lost() }
	if got := b.enrolled(ann); got != EnrolDeferred {
		t.Fatal(got)
	}
	b.dst.after = nil
	b.again()
	if got := b.enrolled(ann); got != EnrolMade || len(b.dst.made) != 1 || len(b.dst.failed) != 0 {
		t.Errorf("%s, made %v, refused %q", got, b.dst.made, b.dst.failed)
	}
	if got := b.try(ann, "right"); got != "in" || b.passwords() != ann+":right" {
		t.Errorf("%s: %s", got, b.passwords())
	}
}

// TestEnrolNobody: an order that names nobody is refused where nobody is listed.
func TestEnrolNobody(t *testing.T) {
	b := newLoginBed(t, Capture)
	var no *Refusal
	if err := b.e.Enrol(t.Context(), nil, nil); !errors.As(err, &no) {
		t.Error(err)
	}
}

// lister is an office that lists its mailboxes.
type lister struct {
	*office
	err error
}

func (l lister) Users(_ context.Context, domain string) ([]MailboxInfo, error) {
	if l.err != nil {
		return nil, l.err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []MailboxInfo
	for name := range l.users {
		if strings.HasSuffix(name, "@"+domain) {
			i := l.info[name]
			i.Login = name
			out = append(out, i)
		}
	}
	return out, nil
}

// TestListAccounts: everybody is there once, with what is known and needed.
func TestListAccounts(t *testing.T) {
	b := enrolBed(t, Capture, tableOf)
	b.opt.Users = func() []LoginIdentity {
		return []LoginIdentity{{SourceLogin: ann, DestLogin: ann}, {SourceLogin: "bob@x.example", DestLogin: "Bob@x.example"}, {SourceLogin: "cid@x.example", DestLogin: "cid@x.example"}}
	}
	b.shut()
	b.dst.add("Dora@x.example", "d")
	b.dst.info["dora@x.example"] = MailboxInfo{Disabled: true}
	b.dst.add("else@y.example", "e")
	b.lists = &lister{office: b.dst}
	b.open()
	if got := b.enrolled(ann, "bob@x.example"); got != "made waits" {
		t.Fatal(got)
	}
	list := func() (out, notes []string) {
		notes, err := b.e.ListAccounts(t.Context(), func(a ListedAccount) error {
			s := a.Account + " " + a.Stage + " " + a.KnownFrom
			for _, n := range a.Needs {
				s += " " + n.Kind
			}
			if a.NeverCame() {
				s += " never"
			}
			out = append(out, s)
			return nil
		})
		must(t, err)
		return out, notes
	}
	want := []string{ann + " enrolled  never", "bob@x.example waiting  source-credentials never", "cid@x.example missing users never", "dora@x.example missing destination disabled never"}
	if got, notes := list(); !slices.Equal(got, want) || len(notes) != 0 {
		t.Errorf("%q, want %q; %q", got, want, notes)
	}
	if got := b.try(ann, "right"); got != "in" {
		t.Fatal(got)
	}
	b.lists.err = b.dst.lost()
	want[0] = ann + " enrolled "
	if got, notes := list(); !slices.Equal(got, want[:3]) || len(notes) != 1 {
		t.Errorf("%q, %q", got, notes)
	}
}
