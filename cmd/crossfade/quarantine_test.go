package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crossfade/backfill"
	"crossfade/store"
)

// fakeQuarantine has two refused messages; the bytes of the second are nowhere.
type fakeQuarantine struct {
	asked []string
	err   error
}

func (f *fakeQuarantine) messages() []backfill.Quarantined {
	return []backfill.Quarantined{
		{Account: "a@x.test", Folder: "Kunden/../Ä:b", UID: 7, Class: "refused", Reason: "refused by the destination", Code: "CANNOT", Words: "bad header", Attempts: 3,
			Tried: time.Now().Add(-time.Minute), Saved: true, Size: 5, SignedOff: &store.SignOff{By: "Eve", Time: time.Unix(0, 0).UTC()}},
		{Account: "a@x.test", Folder: "INBOX", UID: 8, Class: "unread", Reason: "not given", Gone: true},
	}
}

func (f *fakeQuarantine) ask(verb string, q backfill.QuarantineFilter) {
	f.asked = append(f.asked, fmt.Sprintf("%s %s|%s|%d", verb, q.Account, q.Folder, q.UID))
}

func (f *fakeQuarantine) Quarantine(_ context.Context, q backfill.QuarantineFilter, each func(backfill.Quarantined) error) error {
	f.ask("list", q)
	for _, m := range f.messages() {
		if err := each(m); err != nil {
			return err
		}
	}
	return f.err
}

func (f *fakeQuarantine) RetryQuarantine(_ context.Context, q backfill.QuarantineFilter) (int, error) {
	f.ask("retry", q)
	return 2, f.err
}

func (f *fakeQuarantine) SignOff(_ context.Context, q backfill.QuarantineFilter, by string, undo bool) (int, error) {
	f.ask(fmt.Sprintf("sign-off by %q undo %v", by, undo), q)
	if q.UID == 99 {
		return 0, nil
	}
	return 1, f.err
}

func (f *fakeQuarantine) ExportQuarantine(_ context.Context, q backfill.QuarantineFilter, each func(backfill.Quarantined, int64, io.Reader) error) error {
	f.ask("export", q)
	m := f.messages()
	if err := each(m[0], 5, strings.NewReader("a\x00b\r\n")); err != nil {
		return err
	}
	m[1].NoFile = "nowhere"
	if f.err != nil {
		return f.err
	}
	return each(m[1], 0, nil)
}

func TestQuarantineCommands(t *testing.T) {
	q := &fakeQuarantine{}
	state := control(t, &fakeEngine{quarantineKeeper: q})
	for _, c := range []struct {
		args  string
		code  int
		out   string // part of what is printed, either way
		asked string
	}{
		{"list", exitWell, "CANNOT bad header", "list ||0"},
		{"list --account a --folder INBOX --uid 7", exitWell, "by Eve, 1970-01-01", "list a|INBOX|7"},
		{"list --json", exitWell, `"class": "unread"`, "list ||0"},
		{"list --uid 7", exitUsage, "--account and --folder", ""},
		{"retry --account a", exitWell, "2 messages are tried again", "retry a||0"},
		{"retry --json", exitWell, `"count":2`, "retry ||0"},
		{"sign-off --account a --folder F --uid 7 --by Eve", exitWell, "1 messages are signed off", `sign-off by "Eve" undo false a|F|7`},
		{"sign-off --account a --folder F --uid 7 --undo", exitWell, "not signed off any more", `sign-off by "" undo true a|F|7`},
		{"sign-off --all --by Eve", exitWell, "signed off", `sign-off by "Eve" undo false ||0`},
		{"sign-off --by Eve", exitUsage, "--all", ""},
		{"sign-off --all", exitUsage, "--by NAME", ""},
		{"sign-off --all --uid 7 --account a --folder F --by Eve", exitUsage, "exclude", ""},
		{"sign-off --account a --folder F --uid 99 --by Eve", exitFailed, "quarantine list", `sign-off by "Eve" undo false a|F|99`},
		{"export", exitUsage, "--out DIR", ""},
	} {
		t.Run(c.args, func(t *testing.T) {
			q.asked = nil
			code, out, errs := call(append(append([]string{"quarantine"}, strings.Fields(c.args)...), "--state", state)...)
			if code != c.code || !strings.Contains(out+errs, c.out) || strings.Join(q.asked, ";") != c.asked {
				t.Errorf("%d %q\n%s%s", code, q.asked, out, errs)
			}
			if strings.Count(errs, "\n") > 1 {
				t.Errorf("more than one line: %s", errs)
			}
		})
	}
}

func TestQuarantineExport(t *testing.T) {
	q := &fakeQuarantine{}
	state := control(t, &fakeEngine{quarantineKeeper: q})
	dir := filepath.Join(t.TempDir(), "out")
	code, out, errs := call("quarantine", "export", "--state", state, "--out", dir)
	if code != exitFailed || !strings.Contains(out, "1 messages are in") || !strings.Contains(errs, "UID 8: nowhere") {
		t.Errorf("%d\n%s%s", code, out, errs)
	}
	got, err := os.ReadFile(filepath.Join(dir, "a@x.test", "Kunden%2F..%2FÄ%3Ab", "7.eml"))
	if err != nil || string(got) != "a\x00b\r\n" {
		t.Errorf("%q, %v", got, err)
	}
	index, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil || !strings.Contains(string(index), `"words": "bad header"`) || !strings.Contains(string(index), `"file": "a@x.test/Kunden`) {
		t.Errorf("%s, %v", index, err)
	}
	q.err = errors.New("the store is closed")
	if code, _, errs := call("quarantine", "export", "--state", state, "--out", dir); code != exitFailed || !strings.Contains(errs, "store is closed") {
		t.Errorf("%d %s", code, errs)
	}
	if _, err := unpack(strings.NewReader(""), dir); err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("an export that is cut off: %v", err)
	}
}

func TestFileName(t *testing.T) {
	for in, want := range map[string]string{"INBOX": "INBOX", "a/b": "a%2Fb", "..": "%2E.", "": "%", "Größe\x00": "Größe%00", "100%": "100%25"} {
		if got := fileName(in); got != want || !filepath.IsLocal(got) {
			t.Errorf("%q: %q", in, got)
		}
	}
}
