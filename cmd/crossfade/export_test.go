package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crossfade/backfill"
	"crossfade/backfill/export"
	"crossfade/mapping"
)

// fakeExport has two messages that only the new server has, and one that it does not give.
type fakeExport struct {
	opt export.Options
	err error
	cut bool // a body ends early
}

var exportInbox = export.Named{ID: 3, Name: "INBOX", Source: "INBOX", Path: mapping.Path{"INBOX"}, UIDValidity: 7}

func (f *fakeExport) ExportFolders(context.Context, string) ([]export.Named, error) {
	return []export.Named{exportInbox, {ID: 4, Name: "Z", Path: mapping.Path{"INBOX", "Ä/b"}, UIDValidity: 8}}, nil
}

func (f *fakeExport) Export(_ context.Context, opt export.Options, out export.Receiver) (export.Counts, error) {
	f.opt = opt
	had := len(opt.Have) > 0
	date := time.Unix(1500000000, 0)
	body := func(s string) io.Reader {
		if had {
			return nil
		}
		if f.cut {
			s = s[:2]
		}
		return strings.NewReader(s)
	}
	err := errors.Join(
		out.Folder(exportInbox),
		out.Message(export.Message{UID: 1, Date: date, Flags: `\Seen Work`, Size: 5, Had: had}, body("a\r\nb\r")),
		out.Message(export.Message{UID: 2, Date: date, NoFile: "not given"}, nil),
		out.Folder(export.Named{ID: 4, Name: "Z", Path: mapping.Path{"INBOX", "Ä/b"}, UIDValidity: 8}),
		out.Message(export.Message{UID: 9, Date: date, Size: 7, Had: had}, body("From \n>")),
		out.Change(export.Change{Kind: "deleted", Folder: "INBOX", Source: "INBOX", SourceUID: 5}),
		f.err)
	return export.Counts{Messages: 3, Failed: 1, Deleted: 1}, err
}

// TestExportCommand: files, their names and contents, what is said, and the exit code; a second run adds nothing.
func TestExportCommand(t *testing.T) {
	e := &fakeExport{}
	state := control(t, &fakeEngine{exporting: e, report: backfill.Report{Accounts: []backfill.AccountReport{{Account: "a@x.test"}}}})
	for _, c := range []struct {
		format string
		files  map[string]string
	}{
		{"maildir", map[string]string{
			"mail/INBOX/cur/1500000000.V7U1.crossfade,S=5:2,Sa":         "a\r\nb\r",
			"mail/INBOX/&AMQ-%2Fb/cur/1500000000.V8U9.crossfade,S=7:2,": "From \n>",
			"mail/INBOX/dovecot-keywords":                               "0 Work\n",
		}},
		{"mbox", map[string]string{
			"mail/INBOX.mbox":           "From MAILER-DAEMON Fri Jul 14 02:40:00 2017\na\nb\r\n\n",
			"mail/INBOX/&AMQ-%2Fb.mbox": "From MAILER-DAEMON Fri Jul 14 02:40:00 2017\n>From \n>\n\n",
		}},
	} {
		t.Run(c.format, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out")
			args := []string{"export", "--destination-only", "--state", state, "--out", dir, "--format", c.format, "--since", "2026-03-01T00:00:00Z"}
			for round := range 2 {
				code, out, errs := call(args...)
				if code != exitFailed || !strings.Contains(out, "3 messages only on the new server") || !strings.Contains(out, "1 deleted") || errs != "" {
					t.Fatalf("%d\n%s%s", code, out, errs)
				}
				if (len(e.opt.Have) > 0) != (round > 0) || !e.opt.Since.Equal(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)) {
					t.Errorf("round %d was asked for %+v", round, e.opt)
				}
				for name, want := range c.files {
					if got, err := os.ReadFile(filepath.Join(dir, "a@x.test", name)); err != nil || string(got) != want {
						t.Errorf("%s is %q, want %q: %v", name, got, want, err)
					}
				}
				lines, err := os.ReadFile(filepath.Join(dir, "a@x.test", messagesFile))
				if err != nil || strings.Count(string(lines), "\n") != 3 || !strings.Contains(string(lines), `"no_file":"not given"`) {
					t.Errorf("%s: %v", lines, err)
				}
			}
		})
	}
}

// TestExportCutOff: a message whose bytes end early is no message, and the export failed.
func TestExportCutOff(t *testing.T) {
	e := &fakeExport{cut: true}
	state := control(t, &fakeEngine{exporting: e})
	dir := t.TempDir()
	code, out, _ := call("export", "--destination-only", "--state", state, "--out", dir, "--account", "a", "--json")
	var r exportResult
	if err := json.Unmarshal([]byte(strings.SplitN(out, "\n", 2)[0]), &r); err != nil || code != exitFailed || r.Error == "" {
		t.Errorf("%d %s: %v", code, out, err)
	}
	if files, err := os.ReadDir(filepath.Join(dir, "a", "mail", "INBOX", "cur")); err != nil || len(files) != 0 {
		t.Errorf("%v %v", files, err)
	}
}

// TestExportUsage: what is missing is said.
func TestExportUsage(t *testing.T) {
	for args, want := range map[string]string{
		"--out x":            "--destination-only",
		"--destination-only": "--out DIR",
		"--destination-only --out x --since soon": "--since soon",
		"--destination-only --out x --format pst": "format",
	} {
		if code, _, errs := call(append([]string{"export"}, strings.Fields(args)...)...); code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%s: %d %s", args, code, errs)
		}
	}
}

// TestSinceTime: every way to say a time.
func TestSinceTime(t *testing.T) {
	now := time.Date(2026, 5, 10, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"": {}, "2026-03-01": time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), "2026-03-01 18:30": time.Date(2026, 3, 1, 18, 30, 0, 0, time.UTC),
		"2026-03-01T18:00:00+01:00": time.Date(2026, 3, 1, 17, 0, 0, 0, time.UTC), "36h": now.Add(-36 * time.Hour), "10d": now.AddDate(0, 0, -10), "2w": now.AddDate(0, 0, -14),
	} {
		if got, err := sinceTime("since", text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q is %v, want %v: %v", text, got, want, err)
		}
	}
	for _, text := range []string{"yesterday", "-3h", "0d", "d", "2026-13-01", "1e9d"} {
		if got, err := sinceTime("since", text, now); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}
