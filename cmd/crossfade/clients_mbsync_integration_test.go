//go:build integration

package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"crossfade/internal/testbed"
)

// mbsync is isync's program with a Maildir of its own. It keeps what it knows from one call to the next.
type mbsync struct {
	dir string
}

func newMbsync(t *testing.T) *mbsync { t.Helper(); return &mbsync{dir: t.TempDir()} }

// sync runs it against a server or a proxy and returns its last line, which counts what it did.
func (m *mbsync) sync(addr string, patterns ...string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", err
	}
	rc := fmt.Sprintf("IMAPAccount a\nHost %s\nPort %s\nUser %s\nPass %s\nSSLType None\nAuthMechs LOGIN\nTimeout 60\n\n"+
		"IMAPStore far\nAccount a\n\nMaildirStore near\nPath %s/\nInbox %s/INBOX\nSubFolders Verbatim\n\n"+
		"Channel c\nFar :far:\nNear :near:\nPatterns %s\nSync All\nCreate Near\nExpunge Both\nCopyArrivalDate yes\nSyncState *\n",
		host, port, testbed.User(0), testbed.Pass, m.dir, m.dir, strings.Join(patterns, " "))
	file := filepath.Join(m.dir, ".mbsyncrc")
	if err := os.WriteFile(file, []byte(rc), 0o600); err != nil {
		return "", err
	}
	out, err := runClient(nil, "mbsync", "-c", file, "c")
	said := strings.TrimSpace(string(out))
	return said[strings.LastIndexByte(said, '\n')+1:], err
}

// local is one message in a Maildir.
type local struct {
	path string
	info string // the letters of its flags
}

// folder reads a Maildir folder: the messages by their UIDs on the server.
func (m *mbsync) folder(folder string) (map[uint32]local, error) {
	dir := filepath.Join(m.dir, filepath.FromSlash(folder))
	state, err := os.ReadFile(filepath.Join(dir, ".mbsyncstate"))
	if err != nil {
		return nil, err
	}
	far := map[string]uint32{}
	for _, line := range regexp.MustCompile(`(?m)^(\d+) (\d+) `).FindAllStringSubmatch(string(state), -1) {
		n, err := strconv.ParseUint(line[1], 10, 32)
		if err != nil {
			return nil, err
		}
		far[line[2]] = uint32(n)
	}
	out := map[uint32]local{}
	shape := regexp.MustCompile(`,U=(\d+)(?::2,([A-Za-z]*))?$`)
	for _, sub := range []string{"cur", "new"} {
		entries, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			p := shape.FindStringSubmatch(e.Name())
			if p == nil || far[p[1]] == 0 {
				return nil, fmt.Errorf("%s: %s is not known to the server", folder, e.Name())
			}
			out[far[p[1]]] = local{path: filepath.Join(dir, sub, e.Name()), info: p[2]}
		}
	}
	return out, nil
}

// put gives a message these flags.
func (l local) put(info string) error {
	letters := []byte(info)
	slices.Sort(letters)
	name, _, _ := strings.Cut(filepath.Base(l.path), ":2,")
	dir := filepath.Dir(filepath.Dir(l.path))
	return os.Rename(l.path, filepath.Join(dir, "cur", name+":2,"+string(slices.Compact(letters))))
}

var maildirLetters = strings.NewReplacer(`\Seen`, "S", `\Flagged`, "F", `\Answered`, "R")

// work does a list in the Maildir, as a mail program there would, and synchronises.
func (m *mbsync) work(addr string, ops []clientOp) ([]clientResult, error) {
	out := make([]clientResult, len(ops))
	for _, op := range ops {
		if op.Op == "append" {
			if err := m.deliver(op); err != nil {
				return nil, err
			}
			continue
		}
		messages, err := m.folder(op.Folder)
		if err != nil {
			return nil, err
		}
		msg, ok := messages[op.UID]
		if !ok {
			return nil, fmt.Errorf("mbsync has no %q UID %d", op.Folder, op.UID)
		}
		info := msg.info
		switch op.Op {
		case "store":
			for _, f := range op.Del {
				info = strings.ReplaceAll(info, maildirLetters.Replace(f), "")
			}
			info += maildirLetters.Replace(strings.Join(op.Add, ""))
		case "delete":
			info += "T"
		}
		if err := msg.put(info); err != nil {
			return nil, err
		}
	}
	if _, err := m.sync(addr, "*"); err != nil {
		return nil, err
	}
	for i, op := range ops {
		if op.Op == "append" {
			var err error
			if out[i], err = m.delivered(addr, op); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// deliver puts a message into the Maildir.
func (m *mbsync) deliver(op clientOp) error {
	text, err := os.ReadFile(op.File)
	if err != nil {
		return err
	}
	file := filepath.Join(m.dir, filepath.FromSlash(op.Folder), "cur", filepath.Base(op.File)+":2,"+maildirLetters.Replace(strings.Join(op.Add, "")))
	if err := os.WriteFile(file, bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), 0o600); err != nil {
		return err
	}
	return os.Chtimes(file, time.Unix(op.Date, 0), time.Unix(op.Date, 0))
}

// delivered finds a message that was delivered. mbsync has put a header line of its own into it.
func (m *mbsync) delivered(addr string, op clientOp) (clientResult, error) {
	text, err := os.ReadFile(op.File)
	if err != nil {
		return clientResult{}, err
	}
	messages, err := m.folder(op.Folder)
	if err != nil {
		return clientResult{}, err
	}
	for uid, l := range messages {
		if !strings.HasPrefix(filepath.Base(l.path), filepath.Base(op.File)) {
			continue
		}
		body, err := bodyOf(addr, op.Folder, uid)
		if err != nil {
			return clientResult{}, err
		}
		if got := withoutTUID(body); !bytes.Equal(got, text) {
			return clientResult{}, fmt.Errorf("what mbsync delivered differs:\n%q\n%q", got, text)
		}
		return clientResult{Sum: fmt.Sprintf("%x", sha256.Sum256(body))}, nil
	}
	return clientResult{}, fmt.Errorf("%s was not delivered", op.File)
}

func withoutTUID(text []byte) []byte {
	return regexp.MustCompile(`(?m)^X-TUID: [^\n]*\n`).ReplaceAll(text, nil)
}

// wantSame compares the Maildir with what it was made from: every message under its UID, lines ending in LF.
// Flags are those that mbsync knows. plain is what seeGo gives.
func (m *mbsync) wantSame(t *testing.T, want testbed.Snapshot, plain map[string]string) {
	t.Helper()
	for name, f := range want.Folders {
		got, err := m.folder(name)
		if os.IsNotExist(err) && len(f.Messages) == 0 {
			continue
		}
		if err != nil || len(got) != len(f.Messages) {
			t.Errorf("mbsync: %q: %d messages, want %d: %v", name, len(got), len(f.Messages), err)
			continue
		}
		for uid, msg := range f.Messages {
			l, ok := got[uid]
			text, err := os.ReadFile(l.path)
			if !ok || err != nil {
				t.Errorf("mbsync: %q UID %d is not there: %v", name, uid, err)
				continue
			}
			if strings.Contains(msg.Flags, `\seen`) != strings.Contains(l.info, "S") || strings.Contains(msg.Flags, `\flagged`) != strings.Contains(l.info, "F") {
				t.Errorf("mbsync: %q UID %d: %s, want %s", name, uid, l.info, msg.Flags)
			}
			if plainSum(text) != plain[msg.Sum] {
				t.Errorf("mbsync: %q UID %d: other bytes", name, uid)
			}
		}
	}
}
