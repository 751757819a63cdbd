package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crossfade/backfill"
	"crossfade/backfill/driver/imap"
	"crossfade/backfill/driver/smartermail"
	"crossfade/backfill/probe"
	"crossfade/internal/standin"
)

// secretIn writes a password file.
func secretIn(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pw")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func mailOnly(t *testing.T) backfill.Driver {
	t.Helper()
	d, err := imap.New(imap.Options{URL: "imap://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestJoinAPI: what is said of the API makes sense together, or one line says what does not.
func TestJoinAPI(t *testing.T) {
	pw := secretIn(t, "api-geheim\nmore\n")
	full := settings{DestinationAPI: "https://mail.example.com", DestinationAPIUser: "admin", DestinationAPIPassword: pw}
	with := func(change func(*settings)) settings { s := full; change(&s); return s }
	for name, c := range map[string]struct {
		s    settings
		want string // part of the error; "" if there is none
	}{
		"none":               {settings{}, ""},
		"all":                {full, ""},
		"language":           {with(func(s *settings) { s.MailboxLanguage = "pt-BR" }), ""},
		"automatic":          {with(func(s *settings) { s.MailboxLanguage = "auto"; s.MailboxSize = "10GB" }), ""},
		"no language":        {with(func(s *settings) { s.MailboxLanguage = "Klingonisch" }), "--mailbox-language Klingonisch: give a language"},
		"no size":            {with(func(s *settings) { s.MailboxSize = "much" }), "--mailbox-size much"},
		"no user":            {with(func(s *settings) { s.DestinationAPIUser = "" }), "needs an administrator"},
		"no password":        {with(func(s *settings) { s.DestinationAPIPassword = "" }), "needs an administrator"},
		"no such file":       {with(func(s *settings) { s.DestinationAPIPassword = "/nowhere/pw" }), "--destination-api-password-file /nowhere/pw: no such file"},
		"empty file":         {with(func(s *settings) { s.DestinationAPIPassword = secretIn(t, "\nx") }), "first line is empty"},
		"plain text":         {with(func(s *settings) { s.DestinationAPI = "http://mail.example.com" }), "http:// is for loopback"},
		"plain text allowed": {with(func(s *settings) { s.DestinationAPI = "http://mail.example.com"; s.AllowPlainUpstream = true }), ""},
		"password in URL":    {with(func(s *settings) { s.DestinationAPI = "https://a:api-geheim@mail.example.com" }), "must not hold a user or password"},
		"a user alone":       {settings{DestinationAPIUser: "admin"}, "--destination-api-user is about mailboxes"},
		"a language alone":   {settings{MailboxLanguage: "de"}, "--mailbox-language is about mailboxes"},
	} {
		mail := mailOnly(t)
		d, err := c.s.joinAPI(mail, slog.New(slog.DiscardHandler))
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "api-geheim")) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
			continue
		}
		_, joined := d.(*smartermail.Driver)
		if err == nil && joined != (c.s.DestinationAPI != "") {
			t.Errorf("%s: the driver is %T", name, d)
		}
	}
}

// TestCheckAPI: each state of an API has its own lines, and none the password.
func TestCheckAPI(t *testing.T) {
	type levels map[string]probe.Level
	for name, c := range map[string]struct {
		opt    standin.Options
		user   string
		secret string
		change func(*standin.Server)
		want   levels
	}{
		"well":      {standin.Options{}, "joe@example.com", "admin-secret", nil, levels{"api-build": probe.Green, "api-login": probe.Green, "api-rights": probe.Green, "api-auto-clean": probe.Yellow, "api-whitelist": probe.Yellow}},
		"old":       {standin.V13(), "joe@example.com", "admin-secret", nil, levels{"api-build": probe.Red, "api-login": probe.Green, "api-rights": probe.Green, "api-auto-clean": probe.Yellow, "api-whitelist": probe.Yellow}},
		"no user":   {standin.Options{}, "", "admin-secret", nil, levels{"api-build": probe.Green, "api-login": probe.Green, "api-rights": probe.Yellow, "api-whitelist": probe.Yellow}},
		"wrong":     {standin.Options{}, "joe@example.com", "wrong-geheim", nil, levels{"api-build": probe.Green, "api-login": probe.Red, "api-whitelist": probe.Yellow}},
		"no right":  {standin.Options{API: standin.APIOptions{NoImpersonation: true}}, "joe@example.com", "admin-secret", nil, levels{"api-build": probe.Green, "api-login": probe.Green, "api-rights": probe.Red, "api-whitelist": probe.Yellow}},
		"no domain": {standin.Options{}, "joe@nowhere.example", "admin-secret", nil, levels{"api-build": probe.Green, "api-login": probe.Green, "api-rights": probe.Red, "api-whitelist": probe.Yellow}},
		"untold":    {standin.Options{API: standin.APIOptions{CleanStyle: standin.CleanUntold}}, "joe@example.com", "admin-secret", nil, levels{"api-build": probe.Green, "api-login": probe.Green, "api-rights": probe.Green, "api-auto-clean": probe.Yellow, "api-whitelist": probe.Yellow}},
		"rules off": {standin.Options{}, "joe@example.com", "admin-secret", func(s *standin.Server) {
			s.Directory.AddDomain(standin.Domain{Name: "example.com", Clean: []standin.Clean{}})
		}, levels{"api-build": probe.Green, "api-login": probe.Green, "api-rights": probe.Green, "api-auto-clean": probe.Green, "api-whitelist": probe.Yellow}},
		"no answer": {standin.Options{}, "joe@example.com", "admin-secret", func(s *standin.Server) { s.API.Break(standin.Fault{}) }, levels{"api-reach": probe.Red, "api-whitelist": probe.Yellow}},
		"half logins": {standin.Options{}, "joe@example.com", "admin-secret", func(s *standin.Server) {
			s.API.AddAdmin(standin.Admin{Name: "admin", Password: "admin-secret", TwoFactor: true})
		}, levels{"api-build": probe.Green, "api-login": probe.Red, "api-whitelist": probe.Yellow}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := standin.Start(t, c.opt)
			s.Directory.AddMailbox(standin.Mailbox{Email: "joe@example.com", Password: "joe-geheim"})
			if c.change != nil {
				c.change(s)
			}
			set := settings{DestinationAPI: s.API.URL, DestinationAPIUser: "admin", DestinationAPIPassword: secretIn(t, c.secret)}
			a, err := set.apiToCheck(mailOnly(t))
			if err != nil {
				t.Fatal(err)
			}
			got := levels{}
			a.check(t.Context(), c.user, func(f probe.Finding) {
				got[f.Check] = f.Level
				if strings.Contains(f.Text+f.Do, c.secret) || f.Text == "" || f.Level != probe.Green && f.Do == "" {
					t.Errorf("finding %+v", f)
				}
			})
			if len(got) != len(c.want) {
				t.Errorf("found %v, want %v", got, c.want)
			}
			for k, v := range c.want {
				if got[k] != v {
					t.Errorf("%s is %v, want %v", k, got[k], v)
				}
			}
		})
	}
}

// TestNoAPI: without --destination-api nothing is said of one.
func TestNoAPI(t *testing.T) {
	a, err := (&settings{}).apiToCheck(nil)
	if err != nil {
		t.Fatal(err)
	}
	a.check(t.Context(), "joe@example.com", func(f probe.Finding) { t.Errorf("told %+v", f) })
}

// TestCheckCommandAPI: the lines stand under a heading of their own, and count.
func TestCheckCommandAPI(t *testing.T) {
	s := standin.Start(t, standin.V13())
	args := append(demoPair(t), "--destination-api", s.API.URL, "--destination-api-user", "admin", "--destination-api-password-file", secretIn(t, "admin-secret"))
	var out, errs bytes.Buffer
	code := run(t.Context(), args, std{out: &out, err: &errs})
	if code != exitFailed || errs.Len() > 0 || strings.Contains(out.String(), "admin-secret") {
		t.Errorf("%d\n%s%s", code, &out, &errs)
	}
	for _, want := range []string{"The new server's API\n", "RED     api-build: build 6919", "green   api-login: ", "yellow  api-whitelist: "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	out.Reset()
	if code := run(t.Context(), append(args, "--mailbox-language", "?"), std{out: &out, err: &errs}); code != exitUsage || out.Len() > 0 || !strings.Contains(errs.String(), "--mailbox-language ?: give a language") {
		t.Errorf("%d\n%s%s", code, &out, &errs)
	}
}
