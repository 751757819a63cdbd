//go:build integration

package imap_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
	look := func() []string {
		t.Helper()
		m, err := d.Login(t.Context(), user, testbed.Pass)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		found, err := m.(backfill.LeftBehind).LeftBehind(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, l := range found {
			out = append(out, l.Kind+": "+l.Text)
		}
		return out
	}
	if got := look(); len(got) != 0 {
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
	got := look()
	want := []string{`redirect: the filter "main" forwards mail to bob@else.example`, `vacation: the filter "main" answers mail with a vacation notice`,
		`sieve: the filter "main" sorts mail into folders`, "sieve: 1 filters that are not at work", `shared: shares "INBOX.Sent" with ` + testbed.User(4) + " (lr)"}
	if !slices.Equal(got, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if text, err := os.ReadFile(filepath.Join(home, "sieve", "main.sieve")); err != nil || string(text) != script {
		t.Errorf("the script is now %q, %v", text, err)
	}
}
