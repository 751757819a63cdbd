package backfill

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"crossfade/mapping"
)

// cleaner is a destination that tells which folders it empties.
type cleaner struct {
	*fakeServer
	rules func() ([]CleanRule, error)
}

func (c cleaner) Login(ctx context.Context, user, secret string) (Mail, error) {
	m, err := c.fakeServer.Login(ctx, user, secret)
	if err != nil {
		return nil, err
	}
	return &cleanMail{m.(Writer), c.rules}, nil
}

type cleanMail struct {
	Writer
	rules func() ([]CleanRule, error)
}

func (c *cleanMail) AutoCleaned(context.Context) ([]CleanRule, error) { return c.rules() }

// held are the folders that are paused by a rule.
func (b *bed) held() string {
	var out []string
	for _, f := range b.e.Status().Accounts[0].Folders {
		if f.PausedFor != "" {
			out = append(out, fmt.Sprintf("%s %v %s", f.Folder, f.Paused, f.PausedFor))
		}
	}
	return strings.Join(out, "; ")
}

// TestAutoClean: mail is not copied where the destination would delete it, users see it all the same, everything else is
// copied, and the admin's word outlives a restart.
func TestAutoClean(t *testing.T) {
	trash := CleanRule{Folder: "Deleted Items", Role: mapping.Trash, OlderThan: 30 * 24 * time.Hour, Text: "after 30 days"}
	const notTold = "the server does not tell whether it deletes old mail there on its own"
	for _, c := range []struct {
		name  string
		rules func() ([]CleanRule, error)
		held  string
		rests bool
	}{
		{"a rule", func() ([]CleanRule, error) { return []CleanRule{trash}, nil }, "Deleted Items true after 30 days", true},
		{"by role alone", func() ([]CleanRule, error) { return []CleanRule{{Role: mapping.Trash, Text: "x"}}, nil }, "Deleted Items true x", true},
		{"of another folder", func() ([]CleanRule, error) { return []CleanRule{{Folder: "Old", Text: "x"}}, nil }, "", false},
		{"none", func() ([]CleanRule, error) { return nil, nil }, "", false},
		{"not told", func() ([]CleanRule, error) { return nil, ErrNotOffered }, "Deleted Items true " + notTold, true},
		{"not answered", func() ([]CleanRule, error) { return nil, errors.New("down") }, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBed(t)
			inbox, old := many(b.src.boxes["INBOX"], 3), many(b.src.boxes["INBOX.Trash"], 2)
			copied := false
			b.opt = func(o *Options) { o.Destination, o.CopyCleaned = cleaner{b.dst, c.rules}, copied }
			b.start(false)
			m := b.open(b.login(), "Deleted Items")
			b.shows(m, old...)
			b.eventually(func() error { return b.dst.check("INBOX", inbox...) })
			if !c.rests {
				b.wait()
				b.holds("Deleted Items", old...)
				return
			}
			b.still("Deleted Items")
			if got := b.held(); got != c.held {
				t.Errorf("held %q, want %q", got, c.held)
			}
			b.end()
			b.start(false)
			b.login()
			b.still("Deleted Items")
			if c.name == "not answered" { // the admin need not wait for it either
				b.end()
				copied = true
				b.start(false)
				b.login()
			} else {
				must(t, b.e.Resume(Target{Account: m.f.acct.name, Folder: "Deleted Items"}))
				b.wait()
				b.end()
				b.start(false)
				b.login()
			}
			b.wait()
			b.holds("Deleted Items", old...)
			if got := b.held(); got != "" {
				t.Errorf("held %q", got)
			}
			b.verified()
		})
	}
}

// TestAutoCleanCopy: what was held goes on once the admin says that all such folders are copied.
func TestAutoCleanCopy(t *testing.T) {
	b := newBed(t)
	old := many(b.src.boxes["INBOX.Trash"], 2)
	all := false
	b.opt = func(o *Options) {
		o.Destination = cleaner{b.dst, func() ([]CleanRule, error) { return []CleanRule{{Role: mapping.Trash}}, nil }}
		o.CopyCleaned = all
	}
	b.start(false)
	b.login()
	b.eventually(func() error {
		if got := b.held(); got != "Deleted Items true it empties the folder on its own" {
			return fmt.Errorf("held %q", got)
		}
		return nil
	})
	b.end()
	all = true
	b.start(false)
	b.login()
	b.wait()
	b.holds("Deleted Items", old...)
}
