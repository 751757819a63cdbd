//go:build integration

package standin

import (
	"context"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestVdirsyncer syncs a calendar, tasks and an address book both ways with vdirsyncer, over TLS: with no switch set, and with
// all of them.
func TestVdirsyncer(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
	}{
		{"as RFCs want it", Options{}},
		{"as they do not", davWith(func(o *DAVOptions) {
			*o = DAVOptions{ShortNames: true, WellKnown: WellKnown404, MakeCalendars: Make405, MakeBooks: Make405, NoSyncToken: true, NoCTag: true, NoETag: true, Rewrite: true,
				Hrefs: HrefsUntold, AbsoluteHrefs: true, Journals: true, GAL: true, Conflict: ConflictMailbox, Strict: true, MaxSize: 30_000, Schedules: true}
		})},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, v := startDAV(t, c.o), vdir{dir: t.TempDir()}
			v.configure(t, s)
			const joe = "joe@example.test"
			fill(t, s)
			v.write(t, "cal/calendar/local.ics", event("local"))
			v.write(t, "cal/tasks/local.ics", other("VTODO", "local-task"))
			v.write(t, "card/contacts/local.vcf", contact("local-card"))
			v.run(t, "discover")
			v.run(t, "sync")
			for id, want := range map[string][]string{CalendarID: {"local", "there"}, TasksID: {"local-task"}, ContactsID: {"local-card", "there-card"}} {
				if got := uids(s.DAV.Collection(joe, id)); !slices.Equal(got, want) {
					t.Errorf("%s holds %v, want %v", id, got, want)
				}
			}
			if got := v.read(t, "cal/calendar"); len(got) != 2 || !strings.Contains(got["UID:there"], "SUMMARY:Lunch") {
				t.Errorf("the calendar here holds %v", got)
			}
			// Each side changes one and deletes the other.
			v.remove(t, "cal/calendar", "UID:there")
			v.change(t, "card/contacts", "UID:there-card", "FN:Ann Lee", "FN:Ann Smith")
			for _, o := range s.DAV.Collection(joe, CalendarID).Objects {
				if o.UID == "local" {
					if err := s.DAV.Put(joe, CalendarID, o.Name, []byte(event("local", "LOCATION:Here"))); err != nil {
						t.Fatal(err)
					}
				}
			}
			for _, o := range s.DAV.Collection(joe, ContactsID).Objects {
				if o.UID == "local-card" {
					s.DAV.Remove(joe, ContactsID, o.Name)
				}
			}
			v.run(t, "sync")
			if got := v.read(t, "cal/calendar"); len(got) != 1 || !strings.Contains(got["UID:local"], "LOCATION:Here") {
				t.Errorf("the calendar here holds %v", got)
			}
			if got := v.read(t, "card/contacts"); len(got) != 1 {
				t.Errorf("the address book here holds %v", got)
			}
			if got := uids(s.DAV.Collection(joe, CalendarID)); !slices.Equal(got, []string{"local"}) {
				t.Errorf("the calendar there holds %v", got)
			}
			if there := s.DAV.Collection(joe, ContactsID).Objects; len(there) != 1 || !strings.Contains(string(there[0].Body), "FN:Ann Smith") {
				t.Errorf("the address book there holds %+v", there)
			}
		})
	}
}

func fill(t *testing.T, s *Server) {
	t.Helper()
	for id, body := range map[string]string{CalendarID: event("there"), ContactsID: contact("there-card")} {
		if err := s.DAV.Put("joe@example.test", id, "Some thing é.x", []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
}

func uids(c Collection) (out []string) {
	for _, o := range c.Objects {
		out = append(out, o.UID)
	}
	slices.Sort(out)
	return out
}

// vdir is vdirsyncer with its files in a directory.
type vdir struct{ dir string }

func (v vdir) configure(t *testing.T, s *Server) {
	t.Helper()
	url, cert := serveTLS(t, s)
	conf := fmt.Sprintf("[general]\nstatus_path = \"%s/status/\"\n", v.dir)
	for name, kind := range map[string]string{"cal": "caldav", "card": "carddav"} {
		list, ext := `["calendar", "tasks"]`, ".ics"
		if name == "card" {
			list, ext = `["contacts"]`, ".vcf"
		}
		conf += fmt.Sprintf(`
[pair %[1]s]
a = "%[1]s_here"
b = "%[1]s_there"
collections = %[2]s
[storage %[1]s_here]
type = "filesystem"
path = "%[3]s/%[1]s"
fileext = "%[4]s"
[storage %[1]s_there]
type = "%[5]s"
url = "%[6]s/WebDAV/"
username = "joe@example.test"
password = "pw"
verify = "%[7]s"
`, name, list, v.dir, ext, kind, url, cert)
	}
	v.write(t, "config", conf)
	for _, d := range []string{"cal/calendar", "cal/tasks", "card/contacts"} {
		if err := os.MkdirAll(filepath.Join(v.dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

// serveTLS serves a stand-in over TLS, and writes the certificate to a file.
func serveTLS(t *testing.T, s *Server) (url, cert string) {
	t.Helper()
	web := httptest.NewTLSServer(s)
	t.Cleanup(web.Close)
	cert = filepath.Join(t.TempDir(), "cert.pem")
	if err := os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return web.URL, cert
}

func (v vdir) run(t *testing.T, verb string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "vdirsyncer", "-c", filepath.Join(v.dir, "config"), verb)
	cmd.Stdin = strings.NewReader(strings.Repeat("y\n", 9))
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "HOME="+v.dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("vdirsyncer %s: %v\n%s", verb, err, out)
	}
}

func (v vdir) write(t *testing.T, name, body string) {
	t.Helper()
	name = filepath.Join(v.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
}

// read is what a directory holds, by the line of its UID.
func (v vdir) read(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	v.each(t, dir, func(_, uid, body string) { out[uid] = body })
	return out
}

func (v vdir) each(t *testing.T, dir string, do func(file, uid, body string)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(v.dir, dir, "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range unfolded(b) {
			if strings.HasPrefix(l, "UID:") {
				do(f, l, string(b))
			}
		}
	}
}

func (v vdir) remove(t *testing.T, dir, uid string) {
	t.Helper()
	v.each(t, dir, func(file, is, _ string) {
		if is == uid {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func (v vdir) change(t *testing.T, dir, uid, was, now string) {
	t.Helper()
	v.each(t, dir, func(file, is, body string) {
		if is == uid {
			if err := os.WriteFile(file, []byte(strings.Replace(body, was, now, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestCurl: curl finds the principal by the well-known address, and writes and reads the same bytes.
func TestCurl(t *testing.T) {
	s := startDAV(t, Options{})
	url, cert := serveTLS(t, s)
	curl := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("curl", append([]string{"-sS", "--max-time", "30", "--cacert", cert, "-u", "joe@example.test:pw"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("curl %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	if got := curl("-L", "--post301", "-X", "PROPFIND", "-H", "Depth: 0", "-d", `<propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>`, url+"/.well-known/caldav"); !strings.Contains(got, "/webdav/principals/example.test/joe/") {
		t.Errorf("the principal: %s", got)
	}
	file := filepath.Join(t.TempDir(), "a.ics")
	if err := os.WriteFile(file, []byte(event("u1")), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := curl("-T", file, "-w", "%{http_code}", url+inCalendar+"a.ics"); got != "201" {
		t.Errorf("PUT: %s", got)
	}
	if got := curl(url + inCalendar + "a.ics"); got != event("u1") {
		t.Errorf("GET: %q", got)
	}
	if got := curl("-T", file, "-H", "If-None-Match: *", "-w", "%{http_code}", url+inCalendar+"a.ics"); !strings.HasSuffix(got, "412") {
		t.Errorf("PUT again: %s", got)
	}
}
