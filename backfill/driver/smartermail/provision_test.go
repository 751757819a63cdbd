package smartermail

import (
	"errors"
	"fmt"
	"testing"

	"crossfade/backfill"
	"crossfade/internal/standin"
)

// TestCreate: a mailbox is made once, with its password, language and size.
func TestCreate(t *testing.T) {
	every(t, func(t *testing.T, o standin.Options) {
		s, c := bed(t, o)
		ctx := t.Context()
		if _, err := c.Mailbox(ctx, "joe@example.com"); !errors.Is(err, backfill.ErrNoMailbox) {
			t.Fatalf("before: %v", err)
		}
		m := backfill.NewMailbox{Login: "joe@example.com", Secret: "correct horse 1", FullName: "Joe", Language: "de", Bytes: 1 << 30}
		if err := c.Create(ctx, m); err != nil {
			t.Fatal(err)
		}
		got, ok := s.Directory.Mailbox("joe@example.com")
		want := standin.Mailbox{Email: "joe@example.com", Password: "correct horse 1", FullName: "Joe", Locale: "de", MaxSize: 1 << 30}
		if !ok || got != want {
			t.Errorf("made %+v, want %+v", got, want)
		}
		info, err := c.Mailbox(ctx, "joe@example.com")
		if want := (backfill.MailboxInfo{Login: "joe@example.com", Language: "de"}); err != nil || info != want {
			t.Errorf("told %+v, %v, want %+v", info, err, want)
		}
		wantError(t, c.Create(ctx, m), backfill.AccountScope, backfill.CodeInUse, m.Secret)
	})
}

// TestCreateRefused: every refusal has its own code, and none the password.
func TestCreateRefused(t *testing.T) {
	every(t, func(t *testing.T, o standin.Options) {
		s, c := bed(t, o)
		s.Directory.AddDomain(standin.Domain{Name: "full.example", UserLimit: 1})
		s.Directory.AddMailbox(standin.Mailbox{Email: "one@full.example", Password: "x", DomainAdmin: true})
		s.Directory.AddAlias("info@example.com", "boss@example.com")
		for _, r := range []struct{ login, secret, code string }{
			{"joe@example.com", "short", backfill.CodePolicy},
			{"joe@example.com", "without digits", backfill.CodePolicy},
			{"joe@example.com", "", backfill.CodePolicy},
			{"two@full.example", "secret-1234", backfill.CodeLimit},
			{"j(o)e@example.com", "secret-1234", backfill.CodeCannot},
			{"joe", "secret-1234", backfill.CodeCannot},
			{"joe/../boss@example.com", "secret-1234", backfill.CodeCannot},
			{"info@example.com", "secret-1234", backfill.CodeInUse},
			{"BOSS@example.com", "secret-1234", backfill.CodeInUse},
		} {
			err := c.Create(t.Context(), backfill.NewMailbox{Login: r.login, Secret: r.secret})
			var secrets []string
			if r.secret != "" {
				secrets = []string{r.secret}
			}
			wantError(t, err, backfill.AccountScope, r.code, secrets...)
		}
		if boss, _ := s.Directory.Mailbox("boss@example.com"); boss.Password != "boss-secret-1" {
			t.Error("somebody's password changed")
		}
	})
	s, c := bed(t, standin.Options{})
	err := c.Create(t.Context(), backfill.NewMailbox{Login: "joe@nowhere.example", Secret: "secret-1234"})
	wantError(t, err, backfill.AccountScope, backfill.CodeCannot, "secret-1234")
	if n := s.API.Count("user-put"); n != 0 {
		t.Errorf("%d calls to make a mailbox in no domain", n)
	}
}

// TestSetPassword: the password changes and nothing else, also where the server empties what it is not given.
func TestSetPassword(t *testing.T) {
	every(t, func(t *testing.T, o standin.Options) {
		s, c := bed(t, o)
		was := standin.Mailbox{Email: "joe@example.com", Password: "old-secret-1", FullName: "Joe \u00dcber <x>", Locale: "de", MaxSize: 123456789012, Note: "kept \"as\" it is", Disabled: true, DomainAdmin: true, PasswordExpired: true}
		s.Directory.AddMailbox(was)
		if err := c.SetPassword(t.Context(), "joe@example.com", "new-secret-2"); err != nil {
			t.Fatal(err)
		}
		want := was
		want.Password = "new-secret-2"
		if got, _ := s.Directory.Mailbox("joe@example.com"); got != want {
			t.Errorf("now %+v, want %+v", got, want)
		}
		wantError(t, c.SetPassword(t.Context(), "joe@example.com", "short"), backfill.AccountScope, backfill.CodePolicy, "short")
		if err := c.SetPassword(t.Context(), "nobody@example.com", "new-secret-2"); !errors.Is(err, backfill.ErrNoMailbox) {
			t.Errorf("nobody's password: %v", err)
		}
		if got, _ := s.Directory.Mailbox("joe@example.com"); got != want {
			t.Errorf("after refusals %+v, want %+v", got, want)
		}
	})
}

// TestPartialBlanks: the switch that SetPassword is proven against does empty what it is not given.
func TestPartialBlanks(t *testing.T) {
	s, c := bed(t, standin.Options{API: standin.APIOptions{Blank: true}})
	s.Directory.AddMailbox(standin.Mailbox{Email: "joe@example.com", Password: "old-secret-1", FullName: "Joe"})
	body := map[string]any{"email": "joe@example.com", "userData": map[string]any{"password": "new-secret-2"}}
	if err := c.call(t.Context(), key{domain: "example.com"}, post("post-user", body, "settings/domain/post-user"), nil); err != nil {
		t.Fatal(err)
	}
	if got, _ := s.Directory.Mailbox("joe@example.com"); got.FullName != "" {
		t.Error("the switch does nothing")
	}
}

// TestMailbox: what keeps a mailbox from being used is told; aliases and lists are no mailboxes.
func TestMailbox(t *testing.T) {
	every(t, func(t *testing.T, o standin.Options) {
		s, c := bed(t, o)
		s.Directory.AddMailbox(standin.Mailbox{Email: "off@example.com", Disabled: true})
		s.Directory.AddMailbox(standin.Mailbox{Email: "two@example.com", TwoFactor: true, Locale: "fr"})
		s.Directory.AddMailbox(standin.Mailbox{Email: "old@example.com", PasswordExpired: true})
		s.Directory.AddAlias("info@example.com", "boss@example.com")
		s.Directory.AddList("all@example.com")
		for _, want := range []backfill.MailboxInfo{
			{Login: "off@example.com", Disabled: true, Language: "en"},
			{Login: "two@example.com", TwoFactor: true, Language: "fr"},
			{Login: "old@example.com", PasswordExpired: true, Language: "en"},
		} {
			if got, err := c.Mailbox(t.Context(), want.Login); err != nil || got != want {
				t.Errorf("told %+v, %v, want %+v", got, err, want)
			}
		}
		for _, name := range []string{"info@example.com", "all@example.com"} {
			_, err := c.Mailbox(t.Context(), name)
			wantError(t, err, backfill.AccountScope, backfill.CodeAlias)
		}
	})
}

// TestDomainAdmin: the administrator of one domain does all of it there and nothing elsewhere.
func TestDomainAdmin(t *testing.T) {
	s, _ := bed(t, standin.Options{})
	c := clientOf(t, s, "boss@example.com", "boss-secret-1")
	if err := c.Create(t.Context(), backfill.NewMailbox{Login: "joe@example.com", Secret: "secret-1234"}); err != nil {
		t.Fatal(err)
	}
	_, err := c.Mailbox(t.Context(), "joe@other.example")
	wantError(t, err, backfill.AccountScope, backfill.CodeCannot)
	s.API.Expire()
	if users, err := c.Users(t.Context(), ""); err != nil || len(users) != 2 {
		t.Errorf("its own domain's users: %v, %v", users, err)
	}
}

// TestNoRight: an administrator who may not act on domains is told so, and no user that his password is wrong.
func TestNoRight(t *testing.T) {
	_, c := bed(t, standin.Options{API: standin.APIOptions{NoImpersonation: true}})
	_, err := c.Mailbox(t.Context(), "boss@example.com")
	wantError(t, err, backfill.HostScope, "NOPERM")
}

// TestUsers: all users of a domain, in portions, each once.
func TestUsers(t *testing.T) {
	every(t, func(t *testing.T, o standin.Options) {
		s, c := bed(t, o)
		for i := range 2*pageSize + 7 {
			s.Directory.AddMailbox(standin.Mailbox{Email: fmt.Sprintf("user%05d@example.com", i), Disabled: i == 3})
		}
		s.Directory.AddMailbox(standin.Mailbox{Email: "else@other.example"})
		s.Directory.AddAlias("info@example.com", "boss@example.com")
		users, err := c.Users(t.Context(), "example.com")
		if err != nil || len(users) != 2*pageSize+8 {
			t.Fatalf("%d users, %v", len(users), err)
		}
		if users[0].Login != "boss@example.com" || users[4].Login != "user00003@example.com" || !users[4].Disabled {
			t.Errorf("told %+v", users[:5])
		}
		_, err = c.Users(t.Context(), "")
		wantError(t, err, backfill.AccountScope, backfill.CodeCannot)
	})
}

// TestUsersOfOneWhoDoesNotSkip: a server that gives the first portion again and again is not asked for ever.
func TestUsersOfOneWhoDoesNotSkip(t *testing.T) {
	s, c := bed(t, standin.Options{})
	s.API.Break(standin.Fault{Path: "account-list-search", Body: `{"success":true,"results":[{"userName":"a"},{"userName":"b","emailAddress":"b@example.com"},{}]}`})
	users, err := c.Users(t.Context(), "example.com")
	if err != nil || len(users) != 2 || users[0].Login != "a@example.com" {
		t.Errorf("%v, %v", users, err)
	}
}

// TestLanguage: a mailbox has its language before its first mail, also where the call that makes it does not take one; a
// server that refuses a language still has the mailbox.
func TestLanguage(t *testing.T) {
	s, c := bed(t, standin.Options{})
	c.opts.Language = "es"
	s.Directory.OnMade(func(m standin.Mailbox) {
		s.Directory.Change(m.Email, func(m *standin.Mailbox) { m.Locale = "en" })
	})
	if err := c.Create(t.Context(), backfill.NewMailbox{Login: "joe@example.com", Secret: "secret-1234", Language: "de"}); err != nil {
		t.Fatal(err)
	}
	if m, _ := s.Directory.Mailbox("joe@example.com"); m.Locale != "es" {
		t.Errorf("language %q", m.Locale)
	}
	s.Directory.OnLanguage(func(string, string) error { return errors.New("FOLDER_EXISTS") })
	if err := c.Create(t.Context(), backfill.NewMailbox{Login: "ann@example.com", Secret: "secret-1234"}); err != nil {
		t.Errorf("a mailbox whose language was refused: %v", err)
	}
	if err := c.SetLanguage(t.Context(), "ann@example.com", "fr"); err == nil {
		t.Error("a language that was refused is told as set")
	}
}
