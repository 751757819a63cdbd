package logins

import (
	"strings"
	"testing"
)

func template(t testing.TB, s string) Template {
	t.Helper()
	tpl, err := ParseTemplate(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return tpl
}

func rules(t testing.TB, c Config) *Rules {
	t.Helper()
	r, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestIdentify: what each form of a name means. "-" is a name that makes no sense.
func TestIdentify(t *testing.T) {
	example := Config{Domain: "example.com", Windows: map[string]string{"EX": "example.com", "Other": "other.example"}}
	short := Config{Domain: "example.com", Source: template(t, "{user}"), Destination: template(t, "{user}@new.example")}
	many := Config{Source: template(t, "{user}"), Domain: "a.example", Sources: map[string]string{"b.example": "b", "c.example": "c"}}
	table := Config{Domain: "example.com", Users: []User{
		{Line: 2, Login: "alice", SourceLogin: "asmith", DestLogin: "alice.smith@example.com"},
		{Line: 3, Login: "alice.smith@example.com", SourceLogin: "asmith"},
		{Line: 4, Login: "bob@example.com", Source: "old2", HasSource: true},
		{Line: 5, Login: `ACME\carol`, SourceLogin: "carol", DestLogin: "carol@example.com"},
	}}
	for _, c := range []struct {
		config             Config
		login              string
		source, from, dest string // from: the name of the source
	}{
		{Config{}, "alice", "alice", "", "alice"},
		{Config{}, " alice@Example.COM. ", "alice@example.com", "", "alice@example.com"},
		{Config{}, `EX\alice`, "-", "", ""},
		{example, "alice", "alice@example.com", "", "alice@example.com"},
		{example, "Alice@Example.com", "Alice@example.com", "", "Alice@example.com"},
		{example, `ex\alice`, "alice@example.com", "", "alice@example.com"},
		{example, `OTHER\alice`, "alice@other.example", "", "alice@other.example"},
		{example, `NO\alice`, "-", "", ""},
		{example, `EX\alice@other.example`, "-", "", ""},
		{example, `EX\a\b`, "-", "", ""},
		{example, "alice@bücher.example", "alice@xn--bcher-kva.example", "", "alice@xn--bcher-kva.example"},
		{example, "alice@BÜCHER.example", "alice@xn--bcher-kva.example", "", "alice@xn--bcher-kva.example"},
		{example, "alice@xn--BCHER-KVA.example", "alice@xn--bcher-kva.example", "", "alice@xn--bcher-kva.example"},
		{example, "alice@straße.example", "alice@xn--strae-oqa.example", "", "alice@xn--strae-oqa.example"},
		{example, "alice@bücher。example", "alice@xn--bcher-kva.example", "", "alice@xn--bcher-kva.example"},
		{example, "jürgen", "jürgen@example.com", "", "jürgen@example.com"},
		{example, "ju\u0308rgen", "jürgen@example.com", "", "jürgen@example.com"},
		{example, "", "-", "", ""},
		{example, "@example.com", "-", "", ""},
		{example, "a@b@c", "-", "", ""},
		{example, "alice*master", "-", "", ""},
		{example, "alice/bob", "-", "", ""},
		{example, "alice%other.example", "-", "", ""},
		{example, "al\x00ice", "-", "", ""},
		{example, "al\u200bice", "-", "", ""},
		{example, "al\xffice", "-", "", ""},
		{example, "alice@-a.example", "-", "", ""},
		{example, "alice@a..example", "-", "", ""},
		{example, "alice@xn--a-.example", "-", "", ""},
		{example, "alice@" + strings.Repeat("a", 64) + ".example", "-", "", ""},
		{example, strings.Repeat("a", 400), "-", "", ""},
		{short, "alice", "alice", "", "alice@new.example"},
		{short, "alice@example.com", "alice", "", "alice@new.example"},
		{short, "alice@other.example", "-", "", ""},
		{many, "alice", "alice", "", "alice@a.example"},
		{many, "alice@b.example", "alice", "b", "alice@b.example"},
		{many, "alice@c.example", "alice", "c", "alice@c.example"},
		{many, "alice@d.example", "-", "", ""},
		{table, "alice", "asmith", "", "alice.smith@example.com"},
		{table, "ALICE@example.com", "asmith", "", "alice.smith@example.com"},
		{table, "alice.smith", "asmith", "", "alice.smith@example.com"},
		{table, "asmith@example.com", "asmith@example.com", "", "asmith@example.com"},
		{table, "bob", "bob@example.com", "old2", "bob@example.com"},
		{table, `acme\Carol`, "carol", "", "carol@example.com"},
		{table, "carol", "-", "", ""}, // it is another user's
	} {
		id, err := rules(t, c.config).Identify(c.login)
		if c.source == "-" {
			if err == nil || !isNoName(err) {
				t.Errorf("%q: %+v, %v", c.login, id, err)
			}
			continue
		}
		if err != nil || id.SourceLogin != c.source || id.Source != c.from || id.DestLogin != c.dest {
			t.Errorf("%q: %+v, %v", c.login, id, err)
		}
	}
}

// TestAlso: the names under which an account may have been known, which are never those of others.
func TestAlso(t *testing.T) {
	c := Config{Domain: "example.com", Windows: map[string]string{"EX": "example.com"}}
	id, err := rules(t, c).Identify("Alice@example.com")
	if got := strings.Join(id.Also, " "); err != nil || got != `alice ex\alice` {
		t.Errorf("%q %v", got, err)
	}
	c.Users = []User{{Line: 2, Login: "bob", DestLogin: "alice"}}
	id, err = rules(t, c).Identify("Alice@example.com")
	if got := strings.Join(id.Also, " "); err != nil || got != `ex\alice` {
		t.Errorf("%q %v", got, err)
	}
	if id, err = rules(t, c).Identify("bob"); err != nil || len(id.Also) != 0 {
		t.Errorf("%q %v", id.Also, err)
	}
}

// TestRefusedConfigs: what would mix users is refused when the program starts.
func TestRefusedConfigs(t *testing.T) {
	for _, c := range []struct {
		config Config
		want   string
	}{
		{Config{Domain: "a b"}, "no domain has"},
		{Config{Windows: map[string]string{"EX": ""}}, "EX"},
		{Config{Source: template(t, "{user}"), Sources: map[string]string{"a.example": "x", "b.example": "x"}}, "mixed"},
		{Config{Source: template(t, "{user}"), Domain: "c.example", Sources: map[string]string{"a.example": ""}}, "mixed"},
		{Config{Users: []User{{Line: 2, Login: "a"}, {Line: 3, Login: "A"}}}, "line 3: the login name is in the table twice"},
		{Config{Domain: "x.example", Users: []User{{Line: 2, Login: "a"}, {Line: 3, Login: "A@x.example"}}}, "line 3: the login name is in the table twice"},
		{Config{Users: []User{{Line: 2, Login: "a", DestLogin: "z"}, {Line: 3, Login: "b", DestLogin: "Z"}}}, "line 3: another line gives the same mailbox on the destination"},
		{Config{Users: []User{{Line: 2, Login: "a", SourceLogin: "z"}, {Line: 3, Login: "b", SourceLogin: "Z"}}}, "line 3: another line gives the same mailbox on the source"},
		{Config{Users: []User{{Line: 2, Login: `EX\a`, DestLogin: "z"}}}, "line 2: the login name makes no sense"},
		{Config{Users: []User{{Line: 2, Login: "a", DestLogin: "\x01"}}}, "line 2: the login name makes no sense"},
	} {
		if _, err := New(c.config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

func TestTemplates(t *testing.T) {
	for s, want := range map[string]string{
		"":                     "",
		"{login}":              "",
		"{user}":               "",
		"x-{user}@new.example": "",
		"{user}%{domain}":      "",
		`{domain}\{user}`:      "",
		"a{user}+{domain}b":    "",
		"{user}{domain}":       "something that no domain has",
		"{user}.{domain}":      "something that no domain has",
		"{user}ü{domain}":      "something that no domain has",
		"@{user}-{domain}":     "something that no domain has",
		"{domain}":             "{login} or {user}",
		"all":                  "{login} or {user}",
		"{user}@{user}":        "twice",
		"{login}@{domain}":     "whole address",
		"{name}":               "there is no {name}",
		"{user":                "without its }",
		"user}":                "without its {",
	} {
		_, err := ParseTemplate(s)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// TestPunycode has the samples of RFC 3492 7.1 that are no more than a label, and what is none.
func TestPunycode(t *testing.T) {
	for plain, code := range map[string]string{
		"ليهمابتكلموشعربي؟":      "egbpdaj6bu4bxfgehfvwxn",
		"他们为什么不说中文":              "ihqwcrb4cv8a8dqg056pqjye",
		"Pročprostěnemluvíčesky": "Proprostnemluvesky-uyb24dma41a",
		"ひとつ屋根の下2":               "2-u9tlzr9756bt3uc0v",
		"MajiでKoiする5秒前":          "MajiKoi5-783gue6qz075azm5e",
		"そのスピードで":                "d9juau41awczczp",
		"bücher":                 "bcher-kva",
	} {
		got, err := decodePuny(code)
		if err != nil || got != plain {
			t.Errorf("%s: %q %v", code, got, err)
		}
		if back, err := encodePuny(plain); err != nil || back != code {
			t.Errorf("%s: %q %v", plain, back, err)
		}
	}
	for _, code := range []string{"a-ü", "99999999", "zzzzzzzzzzzz", "-é", strings.Repeat("a", 100), "b-~"} {
		if got, err := decodePuny(code); err == nil {
			t.Errorf("%s: %q", code, got)
		}
	}
	if _, err := encodePuny(strings.Repeat("ü", 100)); err == nil {
		t.Error("a label of 100 letters")
	}
}
