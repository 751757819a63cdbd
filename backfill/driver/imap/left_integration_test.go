//go:build integration

package imap_test

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"crossfade/backfill"
	"crossfade/backfill/driver/imap"
	"crossfade/internal/testbed"
)

// TestLeftBehindDovecot: filters and rights of a real server are read, as they are, and nothing is changed.
func TestLeftBehindDovecot(t *testing.T) {
	t.Parallel()
	addr := testbed.FreePort(t)
	_, port, _ := net.SplitHostPort(addr)
	bed := testbed.Start(t, []string{"CROSSFADE_SOURCE_SIEVE=" + port}, testbed.Source)
	s, user := bed.Server(testbed.Source), testbed.User(3)
	d, err := imap.New(imap.Options{URL: s.PlainURL(), SieveAddr: addr})
	if err != nil {
		t.Fatal(err)
	}
	own := backfill.Credentials{User: user, Secret: testbed.Pass}
	if got := leftBehind(t, d, own); len(got) != 0 {
		t.Errorf("found %q where there is nothing", got)
	}
	home := filepath.Join(bed.Dir, s.Name, "mail", user)
	script := "require [\"vacation\", \"fileinto\", \"copy\"];\n# redirect \"nobody@else.example\";\nredirect :copy \"bob@else.example\";\nvacation \"away\";\nif true { fileinto \"INBOX.Sent\"; }\n"
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(filepath.Join(home, "sieve"), 0o755))
	for name, text := range map[string]string{"main": script, "old": "keep;\n"} {
		must(os.WriteFile(filepath.Join(home, "sieve", name+".sieve"), []byte(text), 0o644))
	}
	must(os.Symlink("sieve/main.sieve", filepath.Join(home, "active.sieve")))
	if out, err := exec.Command("chown", "-R", "mail:mail", home).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c, err := imapclient.DialInsecure(s.Addr, nil)
	must(err)
	defer c.Close()
	must(c.Login(user, testbed.Pass).Wait())
	must(c.SetACL("INBOX.Sent", goimap.RightsIdentifier(testbed.User(4)), goimap.RightModificationReplace, goimap.RightSet("lr")).Wait())
	must(c.SetACL("INBOX.Trash", goimap.RightsIdentifier(user), goimap.RightModificationReplace, goimap.RightSet("lka")).Wait())
	want := []string{`redirect: the filter "main" forwards mail to bob@else.example`, `vacation: the filter "main" answers mail with a vacation notice`,
		`sieve: the filter "main" sorts mail into folders`, "sieve: 1 filters that are not at work", `shared: shares "INBOX.Sent" with ` + testbed.User(4) + " (lr)",
		`rights: "INBOX.Trash": this user may not read it (rights "lkac")`}
	secure, err := imap.New(imap.Options{URL: s.URL(), SieveAddr: addr}) // STARTTLS there, or nothing
	must(err)
	for _, c := range []struct {
		name      string
		got, want []string
	}{
		{"plain", leftBehind(t, d, own), want},
		{"STARTTLS", leftBehind(t, secure, own), want},
		// the access lists are those of the master then: it sees no folder that was not given to it
		{"SASL, for others", leftBehind(t, secure, backfill.Credentials{User: "master@example.test", As: user, Secret: "masters-" + testbed.Pass}), want[:4]},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: found\n%s\nwant\n%s", c.name, strings.Join(c.got, "\n"), strings.Join(c.want, "\n"))
		}
	}
	m, err := d.Login(t.Context(), user, testbed.Pass)
	must(err)
	defer m.Close()
	if got, err := m.(backfill.Restricted).Restricted(t.Context(), true); err != nil || len(got) != 1 || !strings.Contains(got[0].Text, "read it, add mail, set flags, mark mail as read, delete mail, expunge") {
		t.Errorf("%+v, %v", got, err)
	}
	if text, err := os.ReadFile(filepath.Join(home, "sieve", "main.sieve")); err != nil || string(text) != script {
		t.Errorf("the script is now %q, %v", text, err)
	}
}

// leftBehind logs in and tells what does not move.
func leftBehind(t *testing.T, d *imap.Driver, as backfill.Credentials) (out []string) {
	t.Helper()
	m, err := backfill.LoginWith(t.Context(), d, as)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	found, err := m.(backfill.LeftBehind).LeftBehind(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range found {
		out = append(out, l.Kind+": "+l.Text)
	}
	return out
}

// TestLeftBehindCyrus: likewise of Cyrus, which has annotations, too.
func TestLeftBehindCyrus(t *testing.T) {
	t.Parallel()
	addr := testbed.FreePort(t)
	_, port, _ := net.SplitHostPort(addr)
	bed := testbed.Start(t, []string{"CROSSFADE_CYRUS_SIEVE=" + port}, testbed.Cyrus)
	s, user := bed.Server(testbed.Cyrus), testbed.User(3)
	own := backfill.Credentials{User: user, Secret: testbed.Pass}
	d, err := imap.New(imap.Options{URL: s.URL(), SieveAddr: addr})
	if err != nil {
		t.Fatal(err)
	}
	if got := leftBehind(t, d, own); len(got) != 0 {
		t.Errorf("found %q where there is nothing", got)
	}
	script := "require [\"vacation\", \"fileinto\", \"copy\"];\r\nredirect :copy \"bob@else.example\";\r\nvacation \"away\";\r\nif true { fileinto \"Sent\"; }\r\n"
	initial := base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + testbed.Pass))
	talk(t, addr, `AUTHENTICATE "PLAIN" "`+initial+`"`, fmt.Sprintf("PUTSCRIPT \"main\" {%d+}\r\n%s", len(script), script), `SETACTIVE "main"`, `PUTSCRIPT "old" {5+}`+"\r\nkeep;", "LOGOUT")
	c, err := imapclient.DialInsecure(s.Addr, nil)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(err)
	defer c.Close()
	must(c.Login(user, testbed.Pass).Wait())
	must(c.SetACL("Sent", goimap.RightsIdentifier(testbed.User(4)), goimap.RightModificationReplace, goimap.RightSet("lr")).Wait())
	must(c.SetACL("Trash", goimap.RightsIdentifier(user), goimap.RightModificationReplace, goimap.RightSet("la")).Wait())
	note := []byte("mine")
	must(c.SetMetadata("Drafts", map[string]*[]byte{"/private/comment": &note}).Wait())
	want := []string{`redirect: the filter "main" forwards mail to bob@else.example`, `vacation: the filter "main" answers mail with a vacation notice`,
		`sieve: the filter "main" sorts mail into folders`, "sieve: 1 filters that are not at work", `shared: shares "Sent" with ` + testbed.User(4) + " (lr)",
		`metadata: 1 annotations of folders: "/private/comment"`, `rights: "Trash": this user may not read it (rights "lkxcan")`}
	if got := leftBehind(t, d, own); !slices.Equal(got, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// talk says commands to ManageSieve, each of which must be taken.
func talk(t *testing.T, addr string, commands ...string) {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(time.Minute))
	in := bufio.NewReader(nc)
	for _, say := range append([]string{""}, commands...) {
		if say != "" {
			if _, err := io.WriteString(nc, say+"\r\n"); err != nil {
				t.Fatal(err)
			}
		}
		for line := ""; !strings.HasPrefix(line, "OK"); {
			if line, err = in.ReadString('\n'); err != nil || strings.HasPrefix(line, "NO") || strings.HasPrefix(line, "BYE") {
				t.Fatalf("%.20q: %q, %v", say, line, err)
			}
		}
	}
}
