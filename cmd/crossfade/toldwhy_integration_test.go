//go:build integration

package main

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"crossfade/backfill"
	"crossfade/internal/standin"
)

// TestToldWhy: who cannot be let in although the old server takes the password is told why, and so is the admin; who stole the
// new server's password sees nothing. No mailbox is given another password. When the admin has set it right, the user is in.
func TestToldWhy(t *testing.T) {
	t.Parallel()
	d := newFirstDay(t, 5)
	cases := []struct {
		mailbox    standin.Mailbox
		told, need string
	}{
		{standin.Mailbox{TwoFactor: true, AppPassword: "app"}, "NO [CONTACTADMIN]", backfill.NeedTwoFactor},
		{standin.Mailbox{Disabled: true}, "NO [CONTACTADMIN]", backfill.NeedDisabled},
		{standin.Mailbox{PasswordExpired: true}, "NO [EXPIRED]", backfill.NeedExpired},
		{standin.Mailbox{Password: "chosen on the new server"}, "NO [CONTACTADMIN]", backfill.NeedExists},
	}
	for i, c := range cases {
		m := c.mailbox
		m.Email, m.Locale = d.users[i].login, d.users[i].mailbox.lang
		if m.Password == "" {
			m.Password = d.users[i].secret
		}
		d.dest.Directory.AddMailbox(m)
	}
	d.dest.Directory.AddAlias(d.users[4].login, d.users[3].login)
	d.serve(t, "--login-mode", "capture", "--auto-clean", "copy")
	try := func(i int, secret string) string {
		said, err := tryLogin(t.Context(), netip.MustParseAddr("127.0.0.1"), d.proxy.imap, d.users[i].login, secret)
		if err != nil {
			t.Fatal(err)
		}
		return said
	}
	for i, c := range cases {
		if said := try(i, d.users[i].secret); !strings.HasPrefix(said, "a "+c.told) {
			t.Errorf("%s: %s, want %s", c.need, said, c.told)
		}
	}
	if said := try(3, "chosen on the new server"); !strings.HasPrefix(said, "a NO [AUTHENTICATIONFAILED]") {
		t.Errorf("with the new server's password alone: %s", said)
	}
	if said := try(4, d.users[4].secret); !strings.HasPrefix(said, "a NO [CONTACTADMIN]") {
		t.Errorf("an alias: %s", said)
	}
	needs := d.needs(t)
	for i, c := range cases {
		if needs[d.users[i].login] != c.need {
			t.Errorf("accounts says %q of %s, want %q", needs[d.users[i].login], d.users[i].login, c.need)
		}
		m, _ := d.dest.Directory.Mailbox(d.users[i].login)
		if want := c.mailbox.Password; want != "" && m.Password != want {
			t.Error("a mailbox was given another password")
		}
		d.dest.Directory.Change(d.users[i].login, func(m *standin.Mailbox) {
			m.TwoFactor, m.Disabled, m.PasswordExpired, m.Password = false, false, false, d.users[i].secret
		})
	}
	d.proxy.says(t, "retry")
	for i := range cases {
		if said := try(i, d.users[i].secret); !strings.HasPrefix(said, "a OK") {
			t.Errorf("when it was set right: %s", said)
		}
	}
	for i := range cases {
		if need := d.needs(t)[d.users[i].login]; need != "" {
			t.Errorf("%s is in, and accounts says %q", d.users[i].login, need)
		}
	}
	if made := d.dest.API.Count("settings/domain/user-put"); made != 0 {
		t.Errorf("%d mailboxes were made", made)
	}
	d.proxy.stop(t)
}

// needs are what accounts need, by account: the first of each.
func (d *firstDay) needs(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for line := range strings.Lines(d.proxy.says(t, "accounts", "--json")) {
		var a backfill.ListedAccount
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatal(err)
		}
		if len(a.Needs) > 0 {
			out[a.Account] = a.Needs[0].Kind
		}
	}
	return out
}
