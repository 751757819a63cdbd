//go:build integration

package faults

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestPython: so does Python's imaplib.
func TestPython(t *testing.T) {
	s := Start(t, Quirks{})
	joe := s.Account("joe", "pw")
	host, port, _ := strings.Cut(s.Addr, ":")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "python3", "-", host, port)
	cmd.Stdin = strings.NewReader(`
import imaplib, sys
c = imaplib.IMAP4(sys.argv[1], int(sys.argv[2]))
def ok(r):
    assert r[0] == "OK", r
    return r[1]
ok(c.login("joe", "pw")); ok(c.create("Work")); ok(c.subscribe("Work"))
ok(c.append("Work", r"(\Seen)", '"03-Feb-2020 04:05:06 +0000"', b"Subject: py\r\n\r\n\x00\xff\r\n"))
assert any(b"Work" in x for x in ok(c.list())), c.list()
ok(c.status("Work", "(MESSAGES UIDNEXT UIDVALIDITY UNSEEN)"))
assert ok(c.select("Work")) == [b"1"]
assert ok(c.search(None, "SUBJECT", "py")) == [b"1"]
got = ok(c.uid("FETCH", "1", "(FLAGS BODY.PEEK[] BODY.PEEK[HEADER.FIELDS (SUBJECT)])"))
assert got[0][1] == b"Subject: py\r\n\r\n\x00\xff\r\n", got
ok(c.copy("1", "INBOX")); ok(c.store("1", "+FLAGS", r"(\Deleted)")); ok(c.expunge())
ok(c.namespace()); ok(c.getquotaroot("INBOX")); ok(c.noop()); ok(c.unselect()); c.logout()
`)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if in := joe.Messages("INBOX"); len(in) != 1 || !bytes.Equal(in[0].Body, []byte("Subject: py\r\n\r\n\x00\xff\r\n")) || len(joe.Messages("Work")) != 0 {
		t.Errorf("%v", in)
	}
}
