package logins

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// drawRules makes rules that New takes, with few names, so that they meet.
func drawRules(t *rapid.T) *Rules {
	tpl := func(label string) Template {
		s := rapid.SampledFrom([]string{"", "{login}", "{user}", "{user}@b.example", "{user}%{domain}", `{domain}\{user}`, "x{user}@{domain}"}).Draw(t, label)
		out, err := ParseTemplate(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	domain := rapid.SampledFrom([]string{"", "a.example", "B.example", "bücher.example"})
	name := rapid.SampledFrom([]string{"", "", "al", "bo", "AL@a.example", "bo@b.example", `EX\bo`, "al@b.example", "xal@a.example"})
	c := Config{Domain: domain.Draw(t, "domain"), Source: tpl("source"), Destination: tpl("destination"), Sources: map[string]string{}, Windows: map[string]string{}}
	if rapid.Bool().Draw(t, "windows") {
		c.Windows["EX"] = "b.example"
	}
	for _, d := range []string{"a.example", "b.example", "xn--bcher-kva.example"} {
		if s := rapid.SampledFrom([]string{"-", "", "s1", "s2"}).Draw(t, "source of "+d); s != "-" {
			c.Sources[d] = s
		}
	}
	for i := range rapid.IntRange(0, 6).Draw(t, "users") {
		c.Users = append(c.Users, User{Line: i + 2, Login: name.Draw(t, "login"), SourceLogin: name.Draw(t, "below"), DestLogin: name.Draw(t, "above"),
			Source: rapid.SampledFrom([]string{"", "s1"}).Draw(t, "on"), HasSource: rapid.Bool().Draw(t, "said")})
	}
	r, err := New(c)
	for err != nil && len(c.Users) > 0 { // leave out what is refused
		c.Users = c.Users[:len(c.Users)-1]
		r, err = New(c)
	}
	if err != nil { // sources that two domains share, and names without one
		return rules2(t, Config{Domain: c.Domain, Windows: c.Windows, Destination: c.Destination})
	}
	return r
}

// drawLogin makes a login name, which may be what one of the table's users is called on a server.
func drawLogin(t *rapid.T, r *Rules, label string) string {
	names := []string{"al"}
	for _, id := range r.Users() {
		names = append(names, id.DestLogin, id.SourceLogin)
	}
	slices.Sort(names)
	return rapid.OneOf(
		rapid.SampledFrom(names),
		rapid.SampledFrom([]string{"al", "AL ", "bo", "xal"}),
		rapid.Custom(func(t *rapid.T) string {
			return rapid.SampledFrom([]string{"al", "Bo", "xal"}).Draw(t, "user") + "@" +
				rapid.SampledFrom([]string{"a.example", "B.EXAMPLE", "b.example.", "bücher.example", "xn--bcher-kva.example", "other.example"}).Draw(t, "at")
		}),
		rapid.SampledFrom([]string{`EX\al`, `ex\Bo`, `FOO\al`}),
		rapid.String(),
	).Draw(t, label)
}

// TestOneMailboxOneKey: two names have one key when they are one mailbox of one source, and only then, whatever the rules.
func TestOneMailboxOneKey(t *testing.T) {
	met := 0
	rapid.Check(t, func(t *rapid.T) {
		r := drawRules(t)
		a, b := drawLogin(t, r, "a"), drawLogin(t, r, "b")
		x, errX := r.Identify(a)
		y, errY := r.Identify(b)
		again, errAgain := r.Identify(a)
		if !reflect.DeepEqual(x, again) || (errX == nil) != (errAgain == nil) {
			t.Fatalf("%q is once %+v, once %+v", a, x, again)
		}
		for _, err := range []error{errX, errY} {
			if err != nil && !isNoName(err) {
				t.Fatalf("%v", err)
			}
		}
		if errX != nil || errY != nil {
			return
		}
		if x.Key() == "" || x.SourceLogin == "" {
			t.Fatalf("%q is nobody: %+v", a, x)
		}
		if (x.Key() == y.Key()) != (x.below() == y.below()) {
			t.Fatalf("%q is %+v, and %q is %+v", a, x, b, y)
		}
		if x.Key() != y.Key() {
			for _, s := range append([]string{x.Key()}, x.Also...) {
				for _, other := range append([]string{y.Key()}, y.Also...) {
					if s == other {
						t.Fatalf("%q is %+v, and %q is %+v: both were %q", a, x, b, y, s)
					}
				}
			}
			return
		}
		met++
	})
	if met == 0 {
		t.Error("no two names ever met: nothing was tried")
	}
}

// TestAliases: all forms of a name are one mailbox.
func TestAliases(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rules2(t, Config{Domain: "bücher.example", Windows: map[string]string{"EX": "BÜCHER.example"}})
		user := rapid.StringMatching(`[a-z][a-z0-9._-]{0,20}|[äöüß]{1,5}`).Draw(t, "user")
		want, err := r.Identify(user)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{strings.ToUpper(strings.ReplaceAll(user, "ß", "ẞ")), user + "@Bücher.example", user + "@xn--bcher-kva.example.", `ex\` + user, " " + user + " "} {
			if got, err := r.Identify(s); err != nil || got.Key() != want.Key() || got.below() != want.below() {
				t.Errorf("%q is %+v (%v), want %+v", s, got, err, want)
			}
		}
	})
}

func rules2(t *rapid.T, c Config) *Rules {
	r, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestDomainsSettle: a domain has one spelling.
func TestDomainsSettle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.StringOf(rapid.RuneFrom([]rune("aZ-.ü你ßx0n"), unicode.Latin, unicode.Greek)), rapid.String()).Draw(t, "domain")
		once, err := Domain(s)
		if err != nil {
			return
		}
		if twice, err := Domain(once); err != nil || twice != once {
			t.Fatalf("%q: %q, then %q (%v)", s, once, twice, err)
		}
	})
}

func FuzzIdentify(f *testing.F) {
	for _, s := range []string{"alice", "Alice@Example.com", `EX\alice`, "a@xn--bcher-kva.example", "a@xn--99999999", "a@b@c", "a@ß", "\xff", "a@·.·", strings.Repeat("u", longest-5)} {
		f.Add(s)
	}
	r := rules(f, Config{Domain: "example.com", Windows: map[string]string{"EX": "example.com"}})
	f.Fuzz(func(t *testing.T, s string) {
		id, err := r.Identify(s)
		if err != nil {
			if !isNoName(err) {
				t.Fatal(err)
			}
			return
		}
		again, err := r.Identify(id.DestLogin)
		if err != nil || again.Key() != id.Key() {
			t.Fatalf("%q is %+v, which is %+v (%v)", s, id, again, err)
		}
	})
}

func FuzzParseUsers(f *testing.F) {
	for _, s := range []string{"login\nalice\n", "\ufefflogin;source-login\n\"a;\"\"\";b\n", "login\tsource\na\tb", "login,login", "\"", "login\n\"a\nb\"\nc"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		users, err := ParseUsers(strings.NewReader(string(b)))
		if err != nil {
			return
		}
		lines := strings.Count(string(b), "\n") + strings.Count(string(b), "\r") + 1
		last := 1
		for _, u := range users {
			if u.Login == "" || u.Line <= last || u.Line > lines {
				t.Fatalf("%+v after line %d of %d", u, last, lines)
			}
			last = u.Line
		}
		if r, err := New(Config{Users: users}); err == nil {
			for _, u := range users {
				if _, err := r.Identify(u.Login); err != nil {
					t.Fatalf("%q is in the table: %v", u.Login, err)
				}
			}
		}
	})
}

func FuzzLines(f *testing.F) {
	for _, s := range []string{"a.example = imaps://b", "# x\nEX=b.example, FOO=c.example", "{user}@{domain}", "{"} {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, s string) {
		_, err := ParseSources(strings.NewReader(s))
		_, err2 := ParseWindows(s)
		tpl, err3 := ParseTemplate(s)
		if err3 == nil {
			_, _ = tpl.apply(name{"a", "b.example"})
		}
		_ = fmt.Sprint(err, err2)
	})
}

// isNoName tells whether an error is about a name that makes no sense.
func isNoName(err error) bool {
	var e errName
	return errors.As(err, &e)
}
