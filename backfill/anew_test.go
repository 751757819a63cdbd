package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crossfade/mapping"
	"crossfade/store"
)

// gone is a move whose mailbox on the destination vanished: of 10 messages all were copied, of which 2 was deleted and 1
// flagged through the proxy, and 100 was the destination's own.
func gone(t *testing.T) *loginBed {
	b := newLoginBed(t, Capture)
	b.opt.Hold, b.opt.Recheck = false, 20*time.Millisecond
	b.again()
	for id := 1; id <= 10; id++ {
		b.src.users[ann].boxes["INBOX"].put(message(id, fmt.Sprint("mail ", id)))
	}
	s, err := b.e.Login(t.Context(), ann, "right")
	must(t, err)
	b.copied(10)
	m, err := s.Open(t.Context(), "INBOX", false)
	must(t, err)
	uids := m.Changes(0).UIDs
	must(t, m.Store(t.Context(), uids[:1], FlagsSet, mapping.NewFlags(`\Flagged`, `\Seen`)))
	must(t, m.Expunge(t.Context(), uids[1:2]))
	b.dst.users[ann].with("INBOX", func(box *fakeBox) { box.put(message(100, "own")) })
	eventually(t, func() error {
		if n := len(m.Changes(0).UIDs); n != 10 {
			return fmt.Errorf("%d are shown", n)
		}
		return nil
	})
	m.Close()
	must(t, s.Close())
	b.e.lapse(s.a)
	b.dst.town.set(func() { delete(b.dst.users, ann) })
	return b
}

func eventually(t *testing.T, f func() error) {
	t.Helper()
	var err error
	for range 1000 {
		if err = f(); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal(err)
}

// copied waits until ann's INBOX on the destination has so many messages.
func (b *loginBed) copied(n int) {
	b.t.Helper()
	eventually(b.t.(*testing.T), func() error {
		b.dst.mu.Lock()
		box := b.dst.users[ann]
		b.dst.mu.Unlock()
		if box == nil {
			return errors.New("there is no mailbox")
		}
		if has := box.has("INBOX"); len(has) != n {
			return fmt.Errorf("INBOX has %q", has)
		}
		return nil
	})
}

func (b *loginBed) beginAnew(yes bool) Anew {
	b.t.Helper()
	got, err := b.e.BeginAnew(context.Background(), ann, yes)
	if err != nil {
		b.t.Fatal(err)
	}
	return got
}

// finished logs in until the mailbox is made, has the rebuild accepted, and waits until all is copied.
func (b *loginBed) finished(want []string) {
	t := b.t.(*testing.T)
	t.Helper()
	eventually(t, func() error {
		if got := b.try(ann, "right"); got != "UNAVAILABLE" {
			return errors.New(got)
		}
		waiting, err := b.e.Rebuilding()
		if err != nil || len(waiting) != 1 || waiting[0].State != rebuildReady {
			return fmt.Errorf("%+v, %v", waiting, err)
		}
		return nil
	})
	done, err := b.e.Rebuild(ann, false)
	if err != nil || len(done) != 1 {
		t.Fatal(done, err)
	}
	b.copied(len(want))
	if got := b.dst.users[ann].has("INBOX"); !slices.Equal(got, want) {
		t.Errorf("the destination has %q, want %q", got, want)
	}
	if got := b.try(ann, "right"); got != "in" {
		t.Error(got)
	}
	if src := b.src.users[ann]; len(src.writes) > 0 || len(src.has("INBOX")) != 10 {
		t.Errorf("the source was told %q, and has %d", src.writes, len(src.has("INBOX")))
	}
}

// after are the messages that there are in the end: what was deleted stays deleted, and flags are kept.
func after(also ...string) []string {
	want := append(also, `<1@test> \Flagged \Seen`)
	for id := 3; id <= 10; id++ {
		want = append(want, fmt.Sprintf("<%d@test> ", id))
	}
	slices.Sort(want)
	return want
}

// TestBegunAnew: a mailbox that vanished is made again by the admin's word alone, under the same numbers as the old one, and
// with other messages under them. All that the source has is copied again; nothing is done in between.
func TestBegunAnew(t *testing.T) {
	for name, arrive := range map[string]int{"an empty one": 0, "mail arrives at once": 25} {
		t.Run(name, func(t *testing.T) {
			b := gone(t)
			if got := b.try(ann, "right"); got != "CONTACTADMIN" || b.want() != NeedVanished || !strings.Contains(b.e.Waiting()[0].Text, "accounts again") {
				t.Fatal(got, b.e.Waiting())
			}
			want := Anew{Account: ann, Again: 9, Deleted: 1, Gone: 1}
			for range 2 {
				if got := b.beginAnew(false); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Fatalf("%+v, want %+v", got, want)
				}
			}
			if got := b.try(ann, "right"); got != "CONTACTADMIN" || len(b.dst.made) != 1 {
				t.Fatal("it was made without the admin's word")
			}
			if got := b.beginAnew(true); !got.Noted || len(got.Why) > 0 {
				t.Fatalf("%+v", got)
			}
			if w, err := b.e.Rebuilding(); err != nil || len(w) != 1 || w[0].State != rebuildRestart {
				t.Errorf("%+v, %v", w, err)
			}
			if _, err := b.e.Rebuild(ann, false); err == nil || !strings.Contains(err.Error(), "restart") {
				t.Error(err)
			}
			if got := b.try(ann, "right"); got != "CONTACTADMIN" || len(b.dst.made) != 1 {
				t.Error("before the restart: ", got)
			}
			b.dst.after = func(what string) error {
				if what == "create" {
					for id := range arrive {
						b.dst.users[ann].with("INBOX", func(box *fakeBox) { box.put(message(200+id, "arrived")) })
					}
				}
				return nil
			}
			b.again()
			var also []string
			for id := range arrive {
				also = append(also, fmt.Sprintf("<%d@test> ", 200+id))
			}
			b.finished(after(also...))
			if len(b.dst.made) != 2 || len(b.dst.set) != 0 || b.want() != "" {
				t.Errorf("%d made, %d re-keyed, needs %q", len(b.dst.made), len(b.dst.set), b.want())
			}
			if got := b.beginAnew(true); len(got.Why) != 1 || got.Noted {
				t.Errorf("a mailbox that is there: %+v", got)
			}
		})
	}
}

// TestNotBegunAnew: what stands in the way is told, and then nothing is done whatever the admin says.
func TestNotBegunAnew(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(b *loginBed)
		want string
	}{
		"it is there":      {func(b *loginBed) { b.dst.town.set(func() { b.dst.add(ann, "hers") }) }, "has the mailbox"},
		"nobody answers":   {func(b *loginBed) { b.dst.api = b.dst.lost() }, "does not say"},
		"nobody to ask":    {func(b *loginBed) { b.plain = true; b.again() }, "cannot be asked"},
		"all has settled":  {func(b *loginBed) { a, _ := b.e.lookup(ann); a.settled = time.Now() }, "settled"},
		"bytes kept alone": {func(b *loginBed) { b.keepsAlone() }, "kept here alone"},
	} {
		t.Run(name, func(t *testing.T) {
			b := gone(t)
			c.do(b)
			got := b.beginAnew(true)
			if got.Noted || len(got.Why) != 1 || !strings.Contains(got.Why[0], c.want) {
				t.Errorf("%+v", got)
			}
			if recs := b.records(); !recs[0].Anew.IsZero() || recs[0].Rebuild != "" {
				t.Errorf("%+v", recs[0])
			}
		})
	}
	b := newLoginBed(t, Capture)
	if _, err := b.e.BeginAnew(t.Context(), "nobody@x.example", true); err == nil {
		t.Error("an account that is not known")
	}
}

// keepsAlone has the state hold the only copy of a message.
func (b *loginBed) keepsAlone() {
	a, err := b.e.lookup(ann)
	t := b.t.(*testing.T)
	must(t, err)
	f := a.match("INBOX")
	must(t, f.use())
	defer f.done()
	must(t, f.edit(func(e *edit) error {
		l := f.links[2]
		l.State, l.Lost, l.Dst = store.Quarantined, true, 0
		e.put(l)
		return nil
	}))
}

// TestMadeByHandMeanwhile: a mailbox that somebody makes before the proxy is restarted is not taken for the old one.
func TestMadeByHandMeanwhile(t *testing.T) {
	b := gone(t)
	if !b.beginAnew(true).Noted {
		t.Fatal("not noted")
	}
	b.dst.town.set(func() {
		box := b.dst.add(ann, "right")
		box.boxes["INBOX"].put(message(300, "new"))
	})
	if got := b.try(ann, "right"); got != "UNAVAILABLE" {
		t.Error(got)
	}
	b.again()
	b.finished(after("<300@test> "))
	if len(b.dst.made) != 1 || len(b.dst.set) != 0 {
		t.Errorf("%d made, %d re-keyed", len(b.dst.made), len(b.dst.set))
	}
}

// TestAgainAgain: a mailbox that vanishes once more, when it was met, needs the admin's word once more.
func TestAgainAgain(t *testing.T) {
	b := gone(t)
	b.beginAnew(true)
	b.again()
	eventually(t, func() error {
		if got := b.try(ann, "right"); got != "UNAVAILABLE" {
			return errors.New(got)
		}
		w, err := b.e.Rebuilding()
		if err != nil || len(w) != 1 || w[0].State != rebuildReady {
			return fmt.Errorf("%+v, %v", w, err)
		}
		return nil
	})
	b.dst.town.set(func() { delete(b.dst.users, ann) })
	a, _ := b.e.lookup(ann)
	b.e.lapse(a)
	if got := b.try(ann, "right"); got != "CONTACTADMIN" || len(b.dst.made) != 2 {
		t.Error(got, len(b.dst.made))
	}
	if !b.beginAnew(true).Noted {
		t.Error("not noted again")
	}
	b.again()
	b.finished(after())
}

// TestBegunAnewKilled: the program dies at any of its writes, and goes on where it was.
func TestBegunAnewKilled(t *testing.T) {
	for _, late := range []bool{false, true} {
		for stop := 1; ; stop++ {
			b := gone(t)
			b.shut()
			b.kv = freezable(copyKV(t, b.kv), 0, late)
			b.open()
			before := b.kv.(*frozenKV).count()
			b.kv.(*frozenKV).stopAt(before + stop)
			_, err := b.e.BeginAnew(t.Context(), ann, true)
			if err == nil {
				b.shut()
				err = b.reopen()
			}
			if err == nil {
				_ = b.try(ann, "right")
			}
			dead := b.kv.(*frozenKV).dead
			if b.e != nil {
				_ = b.e.Close() // of a process that is dead
			}
			b.kv = copyKV(t, b.kv.(*frozenKV).KV)
			b.open()
			if recs := b.records(); recs[0].Rebuild == "" { // the word was never durable
				if !b.beginAnew(true).Noted {
					t.Fatal("not noted")
				}
				b.again()
			}
			b.finished(after())
			b.shut()
			if !dead {
				break
			}
			if stop > 200 {
				t.Fatal("no end")
			}
		}
	}
}

// reopen is open that may fail.
func (b *loginBed) reopen() error {
	st, err := store.Open(b.kv)
	if err != nil {
		return err
	}
	opt := b.opt
	opt.Store, opt.Source, opt.Destination = st, b.src, Driver(b.dst)
	b.e, err = New(opt)
	return err
}
