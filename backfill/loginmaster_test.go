package backfill_test

import (
	"context"
	"testing"
	"time"

	"crossfade/backfill"
	"crossfade/backfill/driver/imap"
	"crossfade/internal/faults"
	"crossfade/store"
	"crossfade/store/memory"
)

// TestMasterOpensTheSource: mail moves from a mailbox that a master user opens, by SASL and by a joined name, and goes on
// after a restart, although nobody logs in and no password of the source is in the state.
func TestMasterOpensTheSource(t *testing.T) {
	for form, credentials := range map[string]func(login string) backfill.Credentials{
		"sasl": func(login string) backfill.Credentials {
			return backfill.Credentials{User: "root", As: login, Secret: "roots"}
		},
		"joined": func(login string) backfill.Credentials {
			return backfill.Credentials{User: login + "*root", Secret: "roots"}
		},
	} {
		t.Run(form, func(t *testing.T) {
			src, dst := faults.Start(t, faults.Quirks{}), faults.Start(t, faults.Quirks{})
			src.Account("root", "roots")
			box := src.Account("jürgen@old.example", "not known here")
			if form == "joined" {
				box = src.Account("jürgen@old.example*root", "roots")
			}
			above := dst.Account("jürgen@new.example", "his own")
			kv := memory.New()
			open := func() *backfill.Engine {
				st, err := store.Open(kv)
				if err != nil {
					t.Fatal(err)
				}
				var side [2]backfill.Driver
				for i, s := range []*faults.Server{src, dst} {
					if side[i], err = imap.New(imap.Options{URL: s.URL()}); err != nil {
						t.Fatal(err)
					}
				}
				e, err := backfill.New(backfill.Options{Source: side[0], Destination: side[1], Store: st, Mode: backfill.DestinationFirst,
					Recheck: 20 * time.Millisecond, Pause: 20 * time.Millisecond,
					Identify: func(login string) (backfill.LoginIdentity, error) {
						return backfill.LoginIdentity{SourceLogin: login + "@old.example", DestLogin: login + "@new.example"}, nil
					},
					SourceCredentials: func(id backfill.LoginIdentity) (backfill.Credentials, bool) { return credentials(id.SourceLogin), true }})
				if err != nil {
					t.Fatal(err)
				}
				return e
			}
			arrive := func(body string) {
				box.Add("INBOX", faults.Message{Body: []byte("Subject: " + body + "\r\n\r\n" + body), Date: time.Unix(1e9, 0)})
			}
			arrive("one")
			e := open()
			if _, err := e.Login(t.Context(), "jürgen", "not known here"); err == nil {
				t.Error("the source's password opens the destination")
			}
			s, err := e.Login(t.Context(), "jürgen", "his own")
			if err != nil {
				t.Fatal(err)
			}
			has(t, e, above, 1)
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if err := e.Close(); err != nil {
				t.Error(err)
			}
			arrive("two")
			e = open()
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- e.Run(ctx) }()
			has(t, e, above, 2)
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

// has waits until a mailbox's INBOX holds so many messages.
func has(t *testing.T, e *backfill.Engine, box *faults.Account, n int) {
	t.Helper()
	for end := time.Now().Add(time.Minute); len(box.Messages("INBOX")) != n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d messages, want %d: %+v", len(box.Messages("INBOX")), n, e.Status())
		}
	}
}
