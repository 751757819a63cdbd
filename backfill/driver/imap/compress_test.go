package imap_test

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestCompressDeclined: a far server that offers COMPRESS and declines it is talked to plainly; one that says OK and then
// sends something else is an error, at once.
func TestCompressDeclined(t *testing.T) {
	for what, then := range map[string]string{"NO": "TAG NO not now\r\n", "BAD": "TAG BAD what\r\n", "not deflated": "TAG OK begin\r\n"} {
		f := &fake{}
		f.answer = func(cmd string) (string, bool) {
			<-time.After(8 * time.Millisecond)
			switch {
			case cmd == "COMPRESS DEFLATE":
				return then, true
			case cmd == "CAPABILITY":
				return "* CAPABILITY IMAP4rev1 COMPRESS=DEFLATE\r\nTAG OK done\r\n", true
			case strings.HasPrefix(cmd, "EXAMINE"):
				return "* 0 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 1] ok\r\nTAG OK [READ-ONLY] done\r\n", true
			case what == "not deflated" && strings.ContainsAny(cmd, "\x00\x01\x02\xff"):
				return "\xff\xff\xff\xff TAG OK\r\n", true
			}
			return "", false
		}
		m, err := startFake(t, f).Login(t.Context(), "ann", "pw")
		if err == nil {
			_, err = m.Examine(t.Context(), "INBOX")
			_ = m.Close()
		}
		if ok := err == nil; ok != (what != "not deflated") {
			t.Errorf("%s: %v", what, err)
		}
		f.mu.Lock()
		if !slices.Contains(f.cmds, "COMPRESS DEFLATE") {
			t.Errorf("%s: it was not asked: %q", what, f.cmds)
		}
		f.mu.Unlock()
	}
}
