package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crossfade/backfill"
	"crossfade/internal/marks"
)

func (f *fakeEngine) Rebuilding() ([]backfill.RebuildAccount, error) { return f.waiting, nil }

func (f *fakeEngine) Rebuild(account string, discard bool) ([]string, error) {
	f.asked = append(f.asked, map[bool]string{true: "discard ", false: "accept "}[discard]+account)
	if account == "slow@x" {
		return nil, errors.New("the mailboxes of slow@x are still being compared")
	}
	f.waiting = nil
	return []string{"ann@x"}, nil
}

func TestRebuildCommand(t *testing.T) {
	e := &fakeEngine{waiting: []backfill.RebuildAccount{{Account: "ann@x", Why: "lost", State: "ready", Folders: []backfill.RebuildFolder{
		{Folder: "INBOX", Matched: 7, Return: 3, Uncopied: 2, Deleted: 1}, {Folder: "Calm", Matched: 10}}}}}
	state := control(t, e)
	for _, c := range []struct {
		args []string
		code int
		out  []string // parts of what is printed
		errs string
	}{
		{nil, exitWell, []string{"ann@x", "ready: lost", " 3 ", " 17 ", "INBOX", "--discard"}, ""},
		{[]string{"--json"}, exitWell, []string{`"account": "ann@x"`, `"return": 3`, `"uncopied": 2`}, ""},
		{[]string{"--account", "ann@x"}, exitUsage, nil, "--accept or --discard"},
		{[]string{"--accept", "--discard"}, exitUsage, nil, "can't be used together"},
		{[]string{"--accept", "--account", "slow@x"}, exitFailed, []string{"ann@x"}, "still being compared"},
		{[]string{"--discard"}, exitWell, []string{"served again: ann@x", "No account waits"}, ""},
		{[]string{"--json"}, exitWell, []string{`"waiting": []`}, ""},
	} {
		code, out, errs := call(append([]string{"rebuild", "--state", state}, c.args...)...)
		missing := slices.ContainsFunc(c.out, func(part string) bool { return !strings.Contains(out, part) })
		if code != c.code || missing || !strings.Contains(errs, c.errs) {
			t.Errorf("%q: %d\n%s%s", c.args, code, out, errs)
		}
		if strings.Contains(out, "Calm") && !strings.Contains(out, "{") {
			t.Errorf("a folder of which there is nothing to tell is told of:\n%s", out)
		}
	}
	if want := []string{"accept slow@x", "discard "}; !slices.Equal(e.asked, want) {
		t.Errorf("asked %q", e.asked)
	}
}

// TestDamagedMarks: they are written anew from a good state; beside a new one the admin has to say what is true.
func TestDamagedMarks(t *testing.T) {
	state := t.TempDir()
	path := filepath.Join(state, "marks")
	if err := os.WriteFile(path, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := stackOptions{state: state, log: slog.New(slog.DiscardHandler)}
	var err error
	if o.source, err = newDriver("source", "imap://127.0.0.1:1?tls=off", false, o.log); err != nil {
		t.Fatal(err)
	}
	o.destination = o.source
	if _, err := newStack(o); !errors.Is(err, marks.ErrDamaged) || !strings.Contains(err.Error(), "remove the file") {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	for _, garbage := range []bool{false, true, false} {
		if garbage {
			if err := os.WriteFile(path, []byte("garbage"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s, err := newStack(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.close(); err != nil {
			t.Fatal(err)
		}
	}
}
