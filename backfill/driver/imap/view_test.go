package imap_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
)

// TestView: a connection learns only by a NOOP of messages that came since its SELECT, and commands that name others
// do nothing and are OK. Messages that are in view cost no NOOP.
func TestView(t *testing.T) {
	f := &fake{answer: func(cmd string) (string, bool) {
		return "* CAPABILITY IMAP4rev1 UIDPLUS\r\nTAG OK done\r\n", cmd == "CAPABILITY"
	}}
	w := loginFake(t, f)
	ctx := t.Context()
	calls := []struct {
		verb string
		call func(uids goimap.UIDSet) error
	}{
		{"UID STORE", func(uids goimap.UIDSet) error {
			_, err := w.Store(ctx, "INBOX", 7, uids, backfill.FlagsAdd, `\Flagged`)
			return err
		}},
		{"UID EXPUNGE", func(uids goimap.UIDSet) error { return w.Expunge(ctx, "INBOX", 7, uids) }},
		{"UID COPY", func(uids goimap.UIDSet) error { _, err := w.Copy(ctx, "INBOX", 7, uids, "Trash"); return err }},
		{"UID FETCH", func(uids goimap.UIDSet) error {
			return w.FetchRaw(ctx, "INBOX", backfill.RawFetch{UIDs: uids, UIDValidity: 7, Items: []string{"BODY.PEEK[]"}}, func(*backfill.RawItem) error { return nil })
		}},
		{"UID FETCH", func(uids goimap.UIDSet) error {
			return w.Read(ctx, "INBOX", 7, uids, func(*backfill.Message) error { return nil })
		}},
	}
	run := func(verb string, uid uint32, call func(goimap.UIDSet) error) []string {
		f.mu.Lock()
		before := len(f.cmds)
		f.mu.Unlock()
		if err := call(goimap.UIDSetNum(goimap.UID(uid))); err != nil {
			t.Fatalf("%s %d: %v", verb, uid, err)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		return slices.Clone(f.cmds[before:])
	}
	run("first", 5, calls[0].call) // selects
	uid := uint32(5)
	for _, c := range calls {
		if got := run(c.verb, 5, c.call); slices.Contains(got, "NOOP") {
			t.Errorf("%s 5: %q", c.verb, got)
		}
		uid++
		want := fmt.Sprint(c.verb, " ", uid)
		got := run(c.verb, uid, c.call)
		noop := slices.Index(got, "NOOP")
		at := slices.IndexFunc(got, func(s string) bool { return strings.HasPrefix(s, want) })
		if noop < 0 || at < noop || noop > 0 {
			t.Errorf("%s: %q", want, got)
		}
		if got := run(c.verb, uid, c.call); slices.Contains(got, "NOOP") {
			t.Errorf("%s again: %q", want, got)
		}
	}
}
