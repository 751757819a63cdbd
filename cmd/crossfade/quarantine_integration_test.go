//go:build integration

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/backfill/gate"
	"crossfade/internal/faults"
	"crossfade/internal/testbed"
)

// refusedMail are messages by their subjects; Cyrus takes neither the broken header nor, as a plain literal, the NUL.
func refusedMail(long time.Time) (good, broken, nul faults.Message) {
	body := func(s string) []byte { return []byte(strings.ReplaceAll(s, "\n", "\r\n")) }
	good = faults.Message{Date: long, Flags: []string{`\Seen`}, Body: body("Message-ID: <good@test>\nFrom: a@example.test\nSubject: good\n\nText.\n")}
	broken = faults.Message{Date: long, Flags: []string{`\Flagged`}, Body: body("Message-ID: <broken@test>\nFrom: a@example.test\nthis line is no header\nSubject: broken\n\nText.\n")}
	nul = faults.Message{Date: long, Body: body("Message-ID: <nul@test>\nFrom: a@example.test\nSubject: nul\n\nbefore\x00after\n")}
	return good, broken, nul
}

// TestRefusedByCyrus is the story of messages that the new server does not take: their bytes are saved, they are
// exported byte for byte, still shown when the old server has lost them, and signed off; then the gate opens.
func TestRefusedByCyrus(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t, nil, testbed.Cyrus)
	old := faults.Start(t, faults.Quirks{})
	user := old.Account(testbed.User(0), testbed.Pass)
	long := time.Now().Add(-100 * 24 * time.Hour).Truncate(time.Second)
	good, broken, nul := refusedMail(long)
	user.Add("INBOX", good, broken, good, nul)
	p := proxyBetween(t, bed, old.URL(), bed.Server(testbed.Cyrus).URL())
	p.start(t)
	enrol(t, p.imap)
	p.settle(t, 2)

	list := func() []backfill.Quarantined {
		t.Helper()
		code, out, errs := call("quarantine", "list", "--json", "--state", p.state)
		var a quarantineAnswer
		if err := json.Unmarshal([]byte(out), &a); code != exitWell || err != nil {
			t.Fatalf("%d %s %s %v", code, out, errs, err)
		}
		return a.Messages
	}
	want := map[uint32][]byte{2: broken.Body, 4: nul.Body}
	refused := list()
	for _, q := range refused {
		t.Logf("refused: UID %d %s %q %q", q.UID, q.Class, q.Code, q.Words)
		body, ok := want[q.SourceUID]
		if !ok || q.Words == "" || !q.Saved || q.Size != int64(len(body)) {
			t.Errorf("%+v", q)
		}
	}
	if len(refused) == 0 || refused[0].SourceUID != 2 {
		t.Fatalf("the broken header was not refused: %+v", refused)
	}
	copied := snapshot(t, bed.Server(testbed.Cyrus).Addr).Folders["INBOX"]
	sums := map[string]bool{}
	for _, m := range copied.Messages {
		sums[m.Sum] = true
	}
	if len(copied.Messages) != 3 || len(refused) != 1 || !sums[fmt.Sprintf("%x", sha256.Sum256(nul.Body))] {
		t.Errorf("%d copied, %d refused; the NUL byte for byte: %v", len(copied.Messages), len(refused), copied.Messages)
	}
	for mark, code := range map[string]string{"": "NO", "~": "OK"} { // else the literal8 is not what made it
		if said := appendRaw(t, bed.Server(testbed.Cyrus).Addr, "Drafts", mark, nul.Body); !strings.HasPrefix(said, "b "+code) {
			t.Errorf("Cyrus says to %s{%d}: %s", mark, len(nul.Body), said)
		}
	}

	out := filepath.Join(t.TempDir(), "out")
	if code, said, errs := call("quarantine", "export", "--state", p.state, "--out", out); code != exitWell {
		t.Errorf("export: %d %s %s", code, said, errs)
	}
	for _, q := range refused {
		got, err := os.ReadFile(filepath.Join(out, testbed.User(0), "INBOX", fmt.Sprintf("%d.eml", q.UID)))
		if err != nil || !bytes.Equal(got, want[q.SourceUID]) {
			t.Errorf("exported %q, %v", got, err)
		}
	}

	user.Remove("INBOX", 2) // an old client deletes it there: what was saved stays
	for end := time.Now().Add(longEnough); !list()[0].Gone; time.Sleep(200 * time.Millisecond) {
		enrolled(t, p) // a client that looks
		if time.Now().After(end) {
			t.Fatal("that the old server lost it is not noticed")
		}
	}
	if got := bodyThrough(t, p, refused[0].UID); !bytes.Equal(got, broken.Body) {
		t.Errorf("through the proxy: %q", got)
	}
	finish := func() (gate.Report, int) {
		t.Helper()
		code, text, errs := call("finish", "--verify", "--json", "--accept", "settled", "--state", p.state)
		var r gate.Report
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatalf("%d %s %s %v", code, text, errs, err)
		}
		return r, code
	}
	if r, code := finish(); code != exitFailed || r.Colour != gate.Red {
		t.Errorf("the gate is open: %+v", r)
	}
	if code, _, errs := call("quarantine", "sign-off", "--all", "--by", "Eve Admin", "--state", p.state); code != exitWell {
		t.Errorf("sign-off: %d %s", code, errs)
	}
	if r, code := finish(); code != exitWell || r.Colour != gate.Green {
		t.Errorf("the gate is shut: %d %+v", code, r)
	}
	report := filepath.Join(t.TempDir(), "proof.txt")
	if code, said, errs := call("verify", "--report", report, "--state", p.state); code != exitWell {
		t.Errorf("verify: %d %s %s", code, said, errs)
	}
	if text, err := os.ReadFile(report); err != nil || !strings.Contains(string(text), "by Eve Admin") || !strings.Contains(string(text), "Both sides agree.") {
		t.Errorf("%s %v", text, err)
	}
	p.stop(t)
}

// appendRaw appends a message with a literal of one or the other kind and returns the tagged answer.
func appendRaw(t *testing.T, addr, box, mark string, body []byte) string {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "a LOGIN %s %s\r\nb APPEND %s %s{%d+}\r\n%s\r\nc LOGOUT\r\n", testbed.User(0), testbed.Pass, box, mark, len(body), body); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	_, said, _ := strings.Cut(string(all), "\r\nb ")
	said, _, _ = strings.Cut(said, "\r\n")
	return "b " + said
}

// enrolled selects INBOX through the proxy for a moment.
func enrolled(t *testing.T, p *proxyProcess) {
	t.Helper()
	c, err := dialGo(p.imap, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
}

// bodyThrough reads a message through the proxy.
func bodyThrough(t *testing.T, p *proxyProcess, uid uint32) []byte {
	t.Helper()
	c, err := dialGo(p.imap, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	all := &goimap.FetchItemBodySection{Peek: true}
	got, err := c.Fetch(goimap.UIDSetNum(goimap.UID(uid)), &goimap.FetchOptions{UID: true, BodySection: []*goimap.FetchItemBodySection{all}}).Collect()
	if err != nil || len(got) != 1 {
		t.Fatalf("%d messages, %v", len(got), err)
	}
	return got[0].FindBodySection(all)
}
