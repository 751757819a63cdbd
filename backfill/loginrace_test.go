package backfill

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"crossfade/store"
)

// TestFirstLoginsAtOnce: thirty connections of one user make one mailbox, and none of them counts as a failed login.
func TestFirstLoginsAtOnce(t *testing.T) {
	for _, mode := range []LoginMode{Same, Capture, DestinationFirst} {
		b := newLoginBed(t, mode)
		b.opt.SourceCredentials = func(id LoginIdentity) (Credentials, bool) {
			return Credentials{User: "master", As: id.SourceLogin, Secret: "masters"}, mode == DestinationFirst
		}
		b.src.add("master", "masters")
		b.opt.Identify = exampleNames
		b.again()
		if mode != Capture {
			b.dst.add(ann, "right")
		}
		b.dst.before = func(string) { time.Sleep(5 * time.Millisecond) }
		var wg sync.WaitGroup
		for i := range 30 {
			wg.Go(func() {
				name := []string{"ann", ann, `EX\ann`}[i%3]
				s, err := b.e.Login(t.Context(), name, "right")
				if err == nil {
					err = s.Close()
				}
				if err != nil {
					t.Errorf("mode %d: %v", mode, err)
				}
			})
		}
		wg.Wait()
		if n := len(b.records()); n != 1 || len(b.dst.failed) > 0 || mode == Capture && len(b.dst.made) != 1 {
			t.Errorf("mode %d: %d accounts, %d failed logins, %d mailboxes were made", mode, n, len(b.dst.failed), len(b.dst.made))
		}
		if n := len(b.e.doors.by); n != 0 {
			t.Errorf("%d doors are left", n)
		}
	}
}

// TestManyUsersAtOnce: thirty users log in for the first time, and none of them is a strike against the proxy.
func TestManyUsersAtOnce(t *testing.T) {
	b := newLoginBed(t, Capture)
	for i := range 30 {
		b.src.add(fmt.Sprintf("user%d@x.example", i), fmt.Sprintf("secret%d", i))
	}
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			if got := b.try(fmt.Sprintf("user%d@x.example", i), fmt.Sprintf("secret%d", i)); got != "in" {
				t.Error(got)
			}
		})
	}
	wg.Wait()
	if len(b.dst.made) != 30 || len(b.dst.failed) != 0 {
		t.Errorf("%d mailboxes, %d failed logins", len(b.dst.made), len(b.dst.failed))
	}
}

// errKilled is what a store says that cannot be written any more.
var errKilled = errors.New("killed")

// dyingState is a state that takes so many writes and no more, as if the program had been killed then.
type dyingState struct {
	store.KV
	mu   sync.Mutex
	left int
}

func (d *dyingState) Update(f func(store.Txn) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left == 0 {
		return errKilled
	}
	d.left--
	return d.KV.Update(f)
}

// TestKilledWhileMaking: wherever the program is killed while a mailbox is made or given a new password, the next login finds
// it and goes on; there is one mailbox and one account, and it is still known to be ours.
func TestKilledWhileMaking(t *testing.T) {
	died := 0
	for n := range 30 {
		for _, lost := range []bool{false, true} { // whether the answers of the administrator's interface get lost, too
			b := newLoginBed(t, Capture)
			b.dst.after = func(string) error {
				if lost {
					return b.dst.lost()
				}
				return nil
			}
			whole := b.kv
			play := func() {
				_ = b.try(ann, "right")
				b.src.set(func() { b.src.users[ann].secret = "newer" })
				_ = b.try(ann, "newer")
			}
			b.shut()
			d := &dyingState{KV: whole, left: n}
			b.kv = d
			st, err := store.Open(d)
			if err == nil {
				opt := b.opt
				opt.Store, opt.Source, opt.Destination = st, b.src, Driver(b.dst)
				if e, err := New(opt); err == nil {
					b.e = e
					play()
					if err := e.Close(); err != nil {
						t.Error(err)
					}
				}
			}
			if d.left == 0 {
				died++
			}
			b.dst.after = nil
			b.kv = whole
			b.open()
			secret := b.src.users[ann].secret
			for i := range 2 {
				if got := b.try(ann, secret); got != "in" {
					t.Fatalf("killed after %d writes (answers lost: %t), login %d: %s %+v", n, lost, i, got, b.e.Waiting())
				}
			}
			b.src.set(func() { b.src.users[ann].secret = "newest" })
			if got := b.try(ann, "newest"); got != "in" {
				t.Fatalf("killed after %d writes (answers lost: %t): it is not known for ours: %s %+v", n, lost, got, b.e.Waiting())
			}
			recs := b.records()
			if len(recs) != 1 || recs[0].Made == nil || recs[0].Made.Intended || recs[0].Made.Next != nil || len(b.dst.made) != 1 || b.passwords() != ann+":newest" {
				t.Fatalf("killed after %d writes (answers lost: %t): %+v; %d made, %s", n, lost, recs, len(b.dst.made), b.passwords())
			}
			if len(b.e.Waiting()) != 0 {
				t.Errorf("%+v", b.e.Waiting())
			}
		}
	}
	if died < 8 {
		t.Errorf("only %d runs died", died)
	}
}

// TestChangedWhileIntended: a mailbox of which nobody knows whether it was made here, and which takes another password than
// the noted one, is not taken over.
func TestChangedWhileIntended(t *testing.T) {
	b := newLoginBed(t, Capture)
	b.dst.after = func(string) error { return b.dst.lost() }
	if got := b.try(ann, "right"); got != "UNAVAILABLE" || b.want() != NeedAPI {
		t.Fatal(got, b.want())
	}
	if len(b.e.Status().Accounts) != 0 {
		t.Error("it is no account yet")
	}
	b.dst.after = nil
	b.dst.users[ann].secret = "hers"
	b.again()
	if got := b.try(ann, "right"); got != "CONTACTADMIN" || b.want() != NeedChanged {
		t.Error(got, b.want())
	}
	b.src.set(func() { b.src.users[ann].secret = "stolen" })
	if got := b.try(ann, "stolen"); got != "CONTACTADMIN" || b.passwords() != ann+":hers" {
		t.Error(got, b.passwords())
	}
	b.src.set(func() { b.src.users[ann].secret = "hers" })
	if got := b.try(ann, "hers"); got != "in" || b.passwords() != ann+":hers" || len(b.dst.set) > 0 {
		t.Error(got, b.passwords(), b.dst.set)
	}
}
