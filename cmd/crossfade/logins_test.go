package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crossfade/backfill"
)

// written is a file with a text.
func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestLoginSettings: what a name means on both sides, and what opens it on the source.
func TestLoginSettings(t *testing.T) {
	word := written(t, "word", "masters word \nmore\n")
	users := written(t, "users.csv", "login;source-login;destination-login;source-password;source\nalice;asmith;alice.smith@new.example; her own ;b.example\nbob;;;;\n")
	sources := written(t, "sources", "b.example = imaps://b\nc.example = imaps://old\n")
	for name, c := range map[string]struct {
		s                              settings
		login                          string
		below, as, secret, above, from string
	}{
		"nothing said":   {settings{}, `EX\Alice*x`, `EX\Alice*x`, "", "pw", `EX\Alice*x`, "imaps://old"},
		"domain":         {settings{Domain: "example.com"}, "Alice", "Alice@example.com", "", "pw", "Alice@example.com", "imaps://old"},
		"windows":        {settings{WindowsDomains: "EX=example.com"}, `ex\alice`, "alice@example.com", "", "pw", "alice@example.com", "imaps://old"},
		"templates":      {settings{Domain: "example.com", SourceName: "{user}", DestinationName: "{user}@new.example"}, "alice@example.com", "alice", "", "pw", "alice@new.example", "imaps://old"},
		"sources":        {settings{Sources: sources}, "alice@b.example", "alice@b.example", "", "pw", "alice@b.example", "imaps://b"},
		"table":          {settings{Users: users, Sources: sources, Domain: "x.example"}, "alice@x.example", "asmith", "", " her own ", "alice.smith@new.example", "imaps://b"},
		"table says no":  {settings{Users: users, Sources: sources, Domain: "x.example", SourceMaster: "root", SourceMasterPasswordFile: word}, "bob", "bob@x.example*root", "", "masters word ", "bob@x.example", "imaps://old"},
		"master":         {settings{SourceMaster: "root", SourceMasterPasswordFile: word}, "alice", "alice*root", "", "masters word ", "alice", "imaps://old"},
		"another master": {settings{SourceMaster: "root", SourceMasterPasswordFile: word, SourceMasterForm: "{master}%{login}"}, "alice", "root%alice", "", "masters word ", "alice", "imaps://old"},
		"sasl":           {settings{SourceMaster: "root", SourceMasterPasswordFile: word, SourceMasterForm: "sasl"}, "alice", "root", "alice", "masters word ", "alice", "imaps://old"},
	} {
		c.s.Source = "imaps://old"
		w, err := c.s.logins()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		o, err := w.open(c.s, c.login, "pw")
		want := opened{url: c.from, sourceLogin: o.sourceLogin, below: backfill.Credentials{User: c.below, As: c.as, Secret: c.secret}, above: backfill.Credentials{User: c.above, Secret: "pw"}, stranger: c.s.SourceMaster != ""}
		if err != nil || o != want {
			t.Errorf("%s: %+v (%v), want %+v", name, o, err, want)
		}
	}
}

// TestRefusedLoginSettings: what cannot work is told when the program starts, without a word of a password.
func TestRefusedLoginSettings(t *testing.T) {
	word, empty := written(t, "word", "hush\n"), written(t, "empty", "\n")
	twice := written(t, "users.csv", "login,source-password\na,hush\nA,hush\n")
	nowhere := written(t, "users.csv", "login,source\na,b.example\n")
	both := written(t, "sources", "b.example = imaps://old\n")
	for want, s := range map[string]settings{
		"--login-mode both":            {LoginMode: "both"},
		"capture makes mailboxes":      {LoginMode: "capture"},
		"--domain":                     {Domain: "a b"},
		"--windows-domains":            {WindowsDomains: "EX"},
		"--source-name {usr}":          {SourceName: "{usr}"},
		"--destination-name {domain}":  {DestinationName: "{domain}"},
		"no such file":                 {Users: "/does/not/exist"},
		"line 3: the login name is in": {Users: twice},
		"line 2: there is no source":   {Users: nowhere},
		"b.example is on one server":   {Sources: both, SourceName: "{user}"},
		"line 1: say domain = URL":     {Sources: word},
		"without --source-master:":     {SourceMasterForm: "sasl"},
		"give a file":                  {SourceMaster: "root"},
		"its first line is empty":      {SourceMaster: "root", SourceMasterPasswordFile: empty},
		"--source-master-form x":       {SourceMaster: "root", SourceMasterPasswordFile: word, SourceMasterForm: "x"},
	} {
		s.Source = "imaps://old"
		_, err := s.logins()
		if want == "--domain" {
			want = "the domain of bare names"
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
