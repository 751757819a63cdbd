package main

import (
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"crossfade/backfill/probe"
	"crossfade/mapping/logins"
)

// secretAt is a file that should be its owner's alone to read.
type secretAt struct{ setting, path, what string }

// secretFiles are the files with secrets that the settings name, and those in the state. A table of users is one of them if
// it holds passwords.
func (s *settings) secretFiles() []secretAt {
	key := secretAt{"key-file", s.KeyFile, "the key that seals the stored passwords"}
	if s.KeyFile == "" {
		key = secretAt{"state", filepath.Join(s.State, "key"), key.what}
	}
	all := []secretAt{
		{"destination-api-password-file", s.DestinationAPIPassword, "the API's password"},
		{"source-master-password-file", s.SourceMasterPasswordFile, "the password that opens every old mailbox"},
		{"tls-key", s.TLSKey, "the certificate's key"},
		key,
		{"state", filepath.Join(s.State, "keys"), "the accounts' own keys"},
	}
	if users, err := s.users(); err == nil && slices.ContainsFunc(users, func(u logins.User) bool { return u.Password != "" }) {
		all = append(all, secretAt{"users", s.Users, "passwords of users"})
	}
	return all
}

// openSecret is a file that others may read or change: how it is and what mends it.
type openSecret struct {
	secretAt
	mode fs.FileMode
	who  string
}

func (o openSecret) String() string {
	return fmt.Sprintf("%s may read %s: --%s %s has mode %04o", o.who, o.what, o.setting, o.path, o.mode)
}

// do is the command that mends it.
func (o openSecret) do() string { return "chmod 600 " + shellWord(o.path) }

// openToOthers tells which of these files others than their owner may read or write. Standard input is nobody's file, and
// files that are not there are somebody else's to tell of.
func openToOthers(all []secretAt) (out []openSecret) {
	for _, s := range all {
		if s.path == "" || s.path == "-" {
			continue
		}
		info, err := os.Stat(s.path)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		o := openSecret{s, info.Mode().Perm(), "everybody on this machine"}
		switch {
		case o.mode&0o007 != 0:
		case o.mode&0o070 != 0:
			o.who = "the file's group"
		default:
			continue
		}
		out = append(out, o)
	}
	return out
}

// warnOfOpenSecrets says at the start what check says, too. Nothing is refused.
func (s *settings) warnOfOpenSecrets(log *slog.Logger) {
	for _, o := range openToOthers(s.secretFiles()) {
		log.Warn("a file with secrets is not its owner's alone: "+o.String(), "file", o.path, "mode", fmt.Sprintf("%04o", o.mode), "do", o.do())
	}
}

// secrets tells of files with secrets that others may read. extra are those of the command itself.
func (h machine) secrets(s settings, extra ...secretAt) {
	all := append(s.secretFiles(), extra...)
	open := openToOthers(all)
	for _, o := range open {
		h.say(probe.Yellow, "secret-file", o.String(), o.do())
	}
	there := slices.ContainsFunc(all, func(a secretAt) bool { _, err := os.Stat(a.path); return err == nil })
	if len(open) == 0 && there {
		h.say(probe.Green, "secret-file", "files with secrets are their owner's alone", "")
	}
}

// shellWord is a path as a shell takes it.
func shellWord(path string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+:@%", r)
	}
	if path != "" && strings.IndexFunc(path, func(r rune) bool { return !plain(r) }) < 0 && path[0] != '-' {
		return path
	}
	if strings.HasPrefix(path, "-") {
		path = "./" + path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
