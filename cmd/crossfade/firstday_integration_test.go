//go:build integration

package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"crossfade/internal/imapwire"
	"crossfade/internal/standin"
	"crossfade/internal/testbed"
)

// firstDay is a domain whose DNS has just been changed: a Dovecot with its users and their mail, an empty SmarterMail, and
// Crossfade between them, which knows no user.
type firstDay struct {
	bed    *testbed.Bed
	source *testbed.Server
	dest   *standin.Server
	proxy  *proxyProcess
	users  []*firstUser
}

type firstUser struct {
	login, secret string
	mailbox       localized
	before        testbed.Snapshot
}

// TestFirstDay: 30 users log in for the first time with their old passwords, from four kinds of clients. Each has a mailbox
// with that password, in the language of the old one, and sees all mail at once. Then everything is compared. Nothing was
// set for any user, and the new server counted too few failed logins to mind.
func TestFirstDay(t *testing.T) {
	t.Parallel()
	d := newFirstDay(t, 30)
	d.serve(t, "--login-mode", "capture", "--auto-clean", "copy")
	var wg sync.WaitGroup
	room := make(chan struct{}, 6)
	for i, u := range d.users {
		wg.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			see := u.seePython
			switch i % 10 {
			case 1, 4, 7:
				see = u.seeGo
			case 2, 5, 8:
				see = u.seeCurl
			case 9:
				see = u.seeMbsync
			}
			if err := see(t, d.proxy.imap); err != nil {
				t.Errorf("%s at its first login: %v", u.login, err)
			}
		})
	}
	wg.Wait()
	total := 0
	for _, u := range d.users {
		total += u.before.Count()
	}
	d.proxy.settle(t, total)
	for _, u := range d.users {
		d.moved(t, u)
	}
	if peak := d.dest.IDS.Tally(netip.MustParseAddr("127.0.0.1")).Peak; peak > 5 {
		t.Errorf("the new server counted %d failed logins", peak)
	}
	if n := d.dest.API.Count("settings/domain/user-put"); n != len(d.users) {
		t.Errorf("%d mailboxes were made for %d users", n, len(d.users))
	}
	d.proxy.stop(t)
}

// newFirstDay fills the old server and gives each user a password of its own.
func newFirstDay(t *testing.T, n int) *firstDay {
	t.Helper()
	bed := testbed.Start(t, []string{"CROSSFADE_SOURCE_DEFAULTS=no"}, testbed.Source)
	d := &firstDay{bed: bed, source: bed.Server(testbed.Source), dest: standin.Start(t, standin.Options{})}
	d.dest.Directory.AddDomain(standin.Domain{Name: "example.test"})
	var secrets strings.Builder
	all := localizedMailboxes()
	for i := range n {
		u := &firstUser{login: testbed.User(i), secret: fmt.Sprintf("old secret %d of many", i*7919), mailbox: all[i%len(all)]}
		u.mailbox.fill(t, d.source.Addr, u.login)
		u.more(t, d.source.Addr)
		fmt.Fprintf(&secrets, "%s:{PLAIN}%s::::::\n", u.login, u.secret)
		d.users = append(d.users, u)
	}
	if err := os.WriteFile(filepath.Join(bed.Dir, testbed.Source, "users"), []byte(secrets.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	first := d.users[0]
	for end := time.Now().Add(longEnough); time.Now().Before(end); time.Sleep(time.Second) { // Dovecot looks at the file from time to time
		if _, err := testbed.Read(d.source.Addr, first.login, first.secret); err == nil {
			break
		}
	}
	for _, u := range d.users {
		u.before = u.read(t, d.source.Addr)
	}
	return d
}

// serve starts the proxy in between.
func (d *firstDay) serve(t *testing.T, more ...string) {
	t.Helper()
	password := filepath.Join(t.TempDir(), "api-password")
	if err := os.WriteFile(password, []byte("admin-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.proxy = proxyBetween(t, d.bed, d.source.PlainURL(), d.dest.IMAP.URL(), append([]string{
		"--destination-api", d.dest.API.URL, "--destination-api-user", "admin", "--destination-api-password-file", password}, more...)...)
	d.proxy.start(t)
}

// more puts mail with flags, keywords and dates into INBOX.
func (u *firstUser) more(t *testing.T, addr string) {
	t.Helper()
	c, err := dialGoAs(addr, u.login, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i := range 12 {
		msg := fmt.Sprintf("From: a@example.test\r\nMessage-ID: <%d.%s>\r\nSubject: %d\r\n\r\n%s\r\n", i, u.login, i, strings.Repeat("text\r\n", i*50))
		cmd := c.Append("INBOX", int64(len(msg)), &imap.AppendOptions{
			Flags: []imap.Flag{imap.FlagSeen, "$Work", imap.FlagAnswered, imap.FlagFlagged}[:i%5], Time: time.Date(2015, 3, i+1, 4, 5, 6, 0, time.UTC),
		})
		_, err := cmd.Write([]byte(msg))
		if err == nil {
			err = cmd.Close()
		}
		if err == nil {
			_, err = cmd.Wait()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (u *firstUser) read(t *testing.T, addr string) testbed.Snapshot {
	t.Helper()
	s, err := testbed.Read(addr, u.login, u.secret)
	if err != nil {
		t.Fatalf("%s: %v", u.login, err)
	}
	return s
}

// lands is the new server's name for a folder of the old one, both raw.
func (u *firstUser) lands(name string) string {
	name = strings.TrimPrefix(imapwire.DecodeMailbox(name), "INBOX.")
	l := u.mailbox
	english := map[string]string{l.drafts: "Drafts", l.sent: "Sent Items", l.trash: "Deleted Items", l.junk: "Junk E-Mail"}[name]
	for _, f := range standin.DefaultFolders(l.lang) {
		if f.English == english {
			return f.Name
		}
	}
	return imapwire.EncodeMailbox(strings.ReplaceAll(name, ".", "/"))
}

// moved compares both sides of one user.
func (d *firstDay) moved(t *testing.T, u *firstUser) {
	t.Helper()
	m, ok := d.dest.Directory.Mailbox(u.login)
	if !ok || m.Password != u.secret || m.Locale != u.mailbox.lang {
		t.Errorf("%s: a mailbox %v, the old password %v, language %q, want %q", u.login, ok, m.Password == u.secret, m.Locale, u.mailbox.lang)
	}
	after := u.read(t, d.dest.IMAP.Addr)
	if bad := testbed.Compare(u.before, after, testbed.CompareOptions{Map: u.lands}); bad != nil {
		t.Errorf("%s on the new server:\n%s", u.login, strings.Join(bad, "\n"))
	}
	if bad := u.before.Diff(u.read(t, d.source.Addr)); bad != nil {
		t.Errorf("%s: the old server was changed:\n%s", u.login, strings.Join(bad, "\n"))
	}
}

// seePython reads the whole mailbox with imaplib.
func (u *firstUser) seePython(_ *testing.T, addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	said, err := runClient([]byte(`[{"op":"see"}]`), "python3", "../../testdata/clients/imap.py", port, u.login, u.secret)
	if err != nil {
		return err
	}
	var got []clientResult
	if err := json.Unmarshal(said, &got); err != nil {
		return err
	}
	if bad := testbed.Compare(u.before, got[0].Snapshot, testbed.CompareOptions{Map: u.lands}); bad != nil {
		return fmt.Errorf("imaplib:\n%s", strings.Join(bad, "\n"))
	}
	return nil
}

// seeGo counts the messages of all folders with go-imap's client.
func (u *firstUser) seeGo(_ *testing.T, addr string) error {
	c, err := imapclient.DialInsecure(addr, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Login(u.login, u.secret).Wait(); err != nil {
		return err
	}
	boxes, err := c.List("", "*", nil).Collect()
	if err != nil {
		return err
	}
	n := 0
	for _, b := range boxes {
		if slices.Contains(b.Attrs, imap.MailboxAttrNoSelect) || slices.Contains(b.Attrs, imap.MailboxAttrNonExistent) {
			continue
		}
		st, err := c.Status(b.Mailbox, &imap.StatusOptions{NumMessages: true}).Wait()
		if err != nil {
			return err
		}
		n += int(*st.NumMessages)
	}
	if n != u.before.Count() {
		return fmt.Errorf("go-imap counts %d messages of %d", n, u.before.Count())
	}
	return nil
}

// seeCurl fetches a message that was read before, and lists the folders, with curl.
func (u *firstUser) seeCurl(_ *testing.T, addr string) error {
	for url, want := range map[string]string{"imap://" + addr + "/INBOX;MAILINDEX=3": "Message-ID: <1." + u.login, "imap://" + addr + "/": imapwire.EncodeMailbox(u.mailbox.custom[0])} {
		got, err := runClient(nil, "curl", "--silent", "--show-error", "--max-time", "120", "--user", u.login+":"+u.secret, url)
		if err != nil || !strings.Contains(string(got), want) {
			return fmt.Errorf("curl %s: %v, want %q in\n%s", url, err, want, got)
		}
	}
	return nil
}

// seeMbsync fetches the whole mailbox with mbsync.
func (u *firstUser) seeMbsync(t *testing.T, addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	dir := t.TempDir()
	rc := fmt.Sprintf("IMAPAccount a\nHost %s\nPort %s\nUser %s\nPass \"%s\"\nSSLType None\nAuthMechs LOGIN\nTimeout 60\n\nIMAPStore far\nAccount a\n\n"+
		"MaildirStore near\nPath %s/\nInbox %s/INBOX\nSubFolders Verbatim\n\nChannel c\nFar :far:\nNear :near:\nPatterns *\nSync Pull\nCreate Near\nSyncState *\n",
		host, port, u.login, u.secret, dir, dir)
	if err := os.WriteFile(filepath.Join(dir, ".mbsyncrc"), []byte(rc), 0o600); err != nil {
		return err
	}
	if _, err := runClient(nil, "mbsync", "-c", filepath.Join(dir, ".mbsyncrc"), "c"); err != nil {
		return err
	}
	files := 0
	err = filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if in := filepath.Base(filepath.Dir(path)); err == nil && !e.IsDir() && (in == "cur" || in == "new") {
			files++
		}
		return err
	})
	if err == nil && files != u.before.Count() {
		err = fmt.Errorf("mbsync has %d messages of %d", files, u.before.Count())
	}
	return err
}
