package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crossfade/backfill/probe"
)

// secretDir writes files with a mode, and settings that name all of them.
func secretDir(t *testing.T, mode os.FileMode, users string) (dir string, s settings) {
	t.Helper()
	dir = t.TempDir()
	at := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	s = settings{State: dir, Users: at("users.csv", users), SourceMasterPasswordFile: at("master", "geheim-1"), DestinationAPIPassword: at("api", "geheim-2"),
		TLSKey: at("tls.pem", "geheim-3"), KeyFile: at("seal", "geheim-4")}
	at("keys", "geheim-5")
	return dir, s
}

const (
	usersWith    = "login,source-password\nalice@example.com,geheim-6\n"
	usersWithout = "login\nalice@example.com\n"
)

// TestOpenSecrets: files that others may read are named with their mode, who may, and the command; no secret is.
func TestOpenSecrets(t *testing.T) {
	for _, c := range []struct {
		mode  os.FileMode
		users string
		want  []string // names of files
		who   string
	}{
		{0o600, usersWith, nil, ""},
		{0o400, usersWith, nil, ""},
		{0o644, usersWith, []string{"api", "keys", "master", "seal", "tls.pem", "users.csv"}, "everybody"},
		{0o604, usersWith, []string{"api", "keys", "master", "seal", "tls.pem", "users.csv"}, "everybody"},
		{0o602, usersWith, []string{"api", "keys", "master", "seal", "tls.pem", "users.csv"}, "everybody"},
		{0o640, usersWithout, []string{"api", "keys", "master", "seal", "tls.pem"}, "group"},
	} {
		t.Run(fmt.Sprintf("%04o", c.mode), func(t *testing.T) {
			_, s := secretDir(t, c.mode, c.users)
			var said bytes.Buffer
			s.warnOfOpenSecrets(slog.New(slog.NewTextHandler(&said, nil)))
			findings := heard(func(m machine) { m.secrets(s) })
			var got []string
			for _, f := range findings {
				if f.Level == probe.Green {
					continue
				}
				path := strings.TrimPrefix(f.Do, "chmod 600 ")
				got = append(got, filepath.Base(path))
				if f.Level != probe.Yellow || !strings.Contains(f.Text, path+" has mode "+fmt.Sprintf("%04o", c.mode)) || !strings.Contains(f.Text, c.who) {
					t.Errorf("%+v", f)
				}
				if !strings.Contains(said.String(), f.Do) {
					t.Errorf("the start does not say %q: %s", f.Do, said.String())
				}
			}
			if slices.Sort(got); !slices.Equal(got, c.want) {
				t.Errorf("named are %q, want %q", got, c.want)
			}
			if len(findings) != max(1, len(c.want)) || len(c.want) == 0 && said.Len() > 0 {
				t.Errorf("%d findings; the start says %q", len(findings), said.String())
			}
			if all := fmt.Sprint(findings) + said.String(); strings.Contains(all, "geheim") {
				t.Errorf("a secret is told: %s", all)
			}
		})
	}
}

// TestOpenSecretsNowhere: what is not there, standard input and a directory are not told of.
func TestOpenSecretsNowhere(t *testing.T) {
	dir := t.TempDir()
	s := settings{State: dir, SourceMasterPasswordFile: "-", DestinationAPIPassword: filepath.Join(dir, "gone"), TLSKey: dir, Users: filepath.Join(dir, "gone.csv")}
	for _, f := range heard(func(m machine) { m.secrets(s) }) {
		if f.Level != probe.Green {
			t.Errorf("%+v", f)
		}
	}
}

// TestOpenSecretCommand: the command does what it says, whatever the path is.
func TestOpenSecretCommand(t *testing.T) {
	for _, name := range []string{"plain", "with space", "it's", "-rf", "$(touch x)", "semi;colon", "\"quoted\"", "Schlüssel", "new\nline"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{filepath.Join(dir, name), name} { // absolute, and from within
			if err := os.Chmod(filepath.Join(dir, name), 0o644); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("sh", "-c", openSecret{secretAt: secretAt{path: path}}.do())
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%q: %v: %s", path, err, out)
			}
			if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%q: mode %v, %v", path, info.Mode(), err)
			}
		}
		if all, err := os.ReadDir(dir); err != nil || len(all) != 1 {
			t.Errorf("%q: %d files, %v", name, len(all), err)
		}
	}
}
