package imap

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"crossfade/backfill"
	"crossfade/backfill/pace"
)

// TestBars: a password that is refused is tried ever more rarely, until it is accepted.
func TestBars(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bars
		joe, other := &account{user: "joe", secret: "old"}, &account{user: "joe", secret: "new"}
		no := errors.New("no")
		tries := 0
		for end := time.Now().Add(24 * time.Hour); time.Now().Before(end); time.Sleep(time.Minute) {
			if b.check(joe) == nil {
				tries++
				b.refused(joe, no)
			}
		}
		if tries > 10 || b.check(joe) != no {
			t.Errorf("%d tries in a day", tries)
		}
		if err := b.check(other); err != nil {
			t.Error("another password is held up", err)
		}
		if b.lift(joe); b.check(joe) != nil {
			t.Error("still barred")
		}
	})
}

func TestNoteOf(t *testing.T) {
	for _, c := range []struct {
		err  *backfill.Error
		want pace.Note
		none bool
	}{
		{&backfill.Error{Scope: backfill.HostScope, Patience: backfill.Later, Code: "THROTTLED"}, pace.Throttled, false},
		{&backfill.Error{Scope: backfill.HostScope, Patience: backfill.Later, Code: "LIMIT", Text: "slow down"}, pace.Throttled, false},
		{&backfill.Error{Scope: backfill.HostScope, Patience: backfill.Later, Code: "LIMIT", Text: "Too many connections"}, pace.Crowded, false},
		{&backfill.Error{Scope: backfill.HostScope, Patience: backfill.Later, Text: "Maximum number of connections from user+IP exceeded"}, pace.Crowded, false},
		{&backfill.Error{Scope: backfill.HostScope, Patience: backfill.Later, Text: "Server is busy"}, pace.Busy, false},
		{&backfill.Error{Scope: backfill.HostScope, Patience: backfill.Later, Code: "UNAVAILABLE"}, pace.Busy, false},
		{&backfill.Error{Scope: backfill.HostScope, Patience: backfill.Later, Err: errors.New("connection refused")}, pace.Down, false},
		{&backfill.Error{Scope: backfill.HostScope, Patience: backfill.Now, Err: errors.New("cut")}, 0, true},
		{&backfill.Error{Scope: backfill.AccountScope, Patience: backfill.Later, Code: "OVERQUOTA"}, 0, true},
		{&backfill.Error{Scope: backfill.Item, Patience: backfill.Later}, 0, true},
	} {
		if got, ok := noteOf(c.err); ok == c.none || ok && got != c.want {
			t.Errorf("%v: %v %v", c.err, got, ok)
		}
	}
}
