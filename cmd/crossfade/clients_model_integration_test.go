//go:build integration

package main

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"crossfade/internal/testbed"
)

// clientOp is one thing that a mail client does; testdata/clients/imap.py knows the same words.
type clientOp struct {
	Op     string   `json:"op"` // read, store, append, copy, move, trash (COPY, \Deleted, UID EXPUNGE), delete, see
	Folder string   `json:"folder,omitempty"`
	UID    uint32   `json:"uid,omitempty"`
	To     string   `json:"to,omitempty"`
	Add    []string `json:"add,omitempty"` // flags; for append those of the message
	Del    []string `json:"del,omitempty"`
	File   string   `json:"file,omitempty"`
	Date   int64    `json:"date,omitempty"`
}

// clientResult is what came of a clientOp: the UID that a message got, 0 if it was not told, and what was read.
type clientResult struct {
	UID              uint32 `json:"uid"`
	Sum              string `json:"sum"`
	testbed.Snapshot        // for see
}

// nameless is where the UIDs of messages start whose UID nobody told; no server comes this far.
const nameless = 1 << 31

// mailModel is what the whole mailbox must look like to clients.
type mailModel struct {
	testbed.Snapshot
	unnamed uint32
	random  *rand.Rand
	dir     string // for messages that are to be appended
}

// newModel starts from what clients see now.
func newModel(t *testing.T, seen testbed.Snapshot) *mailModel {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	m := &mailModel{random: rand.New(rand.NewPCG(seed, 0)), dir: t.TempDir()}
	m.adopt(t, seen)
	return m
}

// adopt wants seen to be what the model says, and takes the UIDs from it that were not known.
func (m *mailModel) adopt(t *testing.T, seen testbed.Snapshot) {
	t.Helper()
	if m.Folders != nil {
		m.wantSame(t, seen)
	}
	m.Snapshot = seen
	m.Folders = maps.Clone(seen.Folders)
	for name, f := range m.Folders {
		f.Messages = maps.Clone(f.Messages)
		m.Folders[name] = f
	}
}

// wantSame compares what clients see: messages, and their UIDs as far as they are known.
func (m *mailModel) wantSame(t *testing.T, seen testbed.Snapshot) {
	t.Helper()
	same := testbed.CompareOptions{Map: func(s string) string { return s }}
	if bad := testbed.Compare(m.Snapshot, seen, same); bad != nil {
		t.Errorf("through the proxy:\n%s", strings.Join(bad, "\n"))
	}
	for name, f := range m.Folders {
		g := seen.Folders[name]
		if f.UIDValidity != g.UIDValidity {
			t.Errorf("%q: UIDVALIDITY %d, was %d", name, g.UIDValidity, f.UIDValidity)
		}
		for uid, want := range f.Messages {
			if got := g.Messages[uid]; uid < nameless && got != want {
				t.Errorf("%q UID %d: %+v, want %+v", name, uid, got, want)
			}
		}
	}
}

// role finds a folder by its special use.
func (m *mailModel) role(t *testing.T, use string) string {
	t.Helper()
	for name, f := range m.Folders {
		if slices.Contains(f.Attrs, use) {
			return name
		}
	}
	t.Fatalf("no folder is marked %s", use)
	return ""
}

// plan makes work for one of several clients: each has messages of its own in all folders named.
func (m *mailModel) plan(t *testing.T, client string, share, shares int, folders, kinds []string) []clientOp {
	t.Helper()
	var ops []clientOp
	for i, folder := range folders {
		var mine []uint32
		for j, uid := range slices.Sorted(maps.Keys(m.Folders[folder].Messages)) {
			if j%shares == share {
				mine = append(mine, uid)
			}
		}
		m.random.Shuffle(len(mine), func(i, j int) { mine[i], mine[j] = mine[j], mine[i] })
		for j, kind := range kinds {
			op := clientOp{Op: kind, Folder: folder}
			if kind == "append" {
				op.File, op.Date = m.letter(t, client), time.Now().Unix()-m.random.Int64N(1e8)
				op.Add = []string{`\Seen`, `\Flagged`}[:m.random.IntN(3)]
			} else if len(mine) <= j {
				continue
			} else {
				op.UID = mine[j]
			}
			switch kind {
			case "store":
				op.Add, op.Del = []string{`\Flagged`, `\Answered`}, []string{`\Seen`}
			case "keywords":
				op.Op, op.Add, op.Del = "store", []string{`\Seen`, "$label2", "Project"}, []string{"Work"}
			case "trash":
				op.To = m.role(t, `\trash`)
			case "move", "copy":
				op.To = folders[(i+1)%len(folders)]
			}
			ops = append(ops, op)
		}
	}
	return ops
}

// letter writes a message that there was never before and returns the file.
func (m *mailModel) letter(t *testing.T, from string) string {
	t.Helper()
	n := m.random.Uint64()
	text := fmt.Sprintf("From: %s <%s@example.test>\r\nTo: u0@example.test\r\nSubject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?= %d\r\nMessage-ID: <%d@%s.test>\r\n"+
		"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nViele Grüße %d\r\n%s\r\n",
		from, from, n, n, from, n, strings.Repeat("Chào bạn ", m.random.IntN(400)))
	file := filepath.Join(m.dir, fmt.Sprintf("%d.eml", n))
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// apply does to the model what clients did to the mailbox.
func (m *mailModel) apply(t *testing.T, client string, ops []clientOp, results []clientResult) {
	t.Helper()
	if len(ops) != len(results) {
		t.Fatalf("%s did %d of %d things", client, len(results), len(ops))
	}
	for i, op := range ops {
		from := m.Folders[op.Folder].Messages
		msg := from[op.UID]
		switch op.Op {
		case "read":
			if results[i].Sum != msg.Sum {
				t.Errorf("%s: %q UID %d: read %s, want %s", client, op.Folder, op.UID, results[i].Sum, msg.Sum)
			}
			msg.Flags = flagged(msg.Flags, []string{`\seen`}, nil)
			from[op.UID] = msg
		case "store":
			msg.Flags = flagged(msg.Flags, op.Add, op.Del)
			from[op.UID] = msg
		case "append":
			m.add(t, op.Folder, results[i].UID, appended(t, op, results[i].Sum))
		case "copy":
			m.add(t, op.To, results[i].UID, msg)
		case "move", "trash":
			delete(from, op.UID)
			m.add(t, op.To, results[i].UID, msg)
		case "delete":
			delete(from, op.UID)
		default:
			t.Fatalf("no such thing: %s", op.Op)
		}
	}
}

// add puts a message into a folder; uid 0 means that it is not known.
func (m *mailModel) add(t *testing.T, folder string, uid uint32, msg testbed.Message) {
	t.Helper()
	f, ok := m.Folders[folder]
	if !ok {
		t.Fatalf("no folder %q", folder)
	}
	if uid == 0 {
		m.unnamed++
		uid = nameless + m.unnamed
	}
	if old, taken := f.Messages[uid]; taken {
		t.Errorf("%q: UID %d given twice; it was %+v", folder, uid, old)
	}
	f.Messages[uid] = msg
}

// appended is the message that an append leaves; sum is not empty if the client has changed its bytes.
func appended(t *testing.T, op clientOp, sum string) testbed.Message {
	t.Helper()
	text, err := os.ReadFile(op.File)
	if err != nil {
		t.Fatal(err)
	}
	if sum == "" {
		sum = fmt.Sprintf("%x", sha256.Sum256(text))
	}
	return testbed.Message{Flags: flagged("", op.Add, nil), Date: op.Date, Size: len(text), Sum: sum}
}

// flagged is Message.Flags after a change.
func flagged(flags string, add, del []string) string {
	set := map[string]bool{}
	for _, f := range append(strings.Fields(flags), add...) {
		set[strings.ToLower(f)] = true
	}
	for _, f := range del {
		delete(set, strings.ToLower(f))
	}
	return strings.Join(slices.Sorted(maps.Keys(set)), " ")
}
