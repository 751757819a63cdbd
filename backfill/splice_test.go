package backfill

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"crossfade/store"
	"crossfade/store/memory"
)

// TestWhoIsSpliced: an account that has settled, once nobody has used an old path for thirty days or the admin says so.
func TestWhoIsSpliced(t *testing.T) {
	now := time.Now()
	days := func(n int) time.Time { return now.Add(-time.Duration(n) * 24 * time.Hour) }
	for name, c := range map[string]struct {
		rec  store.Account
		want bool
	}{
		"not settled":                       {store.Account{FirstLogin: days(99)}, false},
		"not settled, whatever is accepted": {store.Account{FirstLogin: days(99), SpliceAccepted: true}, false},
		"settled":                           {store.Account{FirstLogin: days(99), Settled: days(1)}, true},
		"used lately":                       {store.Account{FirstLogin: days(99), AliasUsed: days(29), Settled: days(40)}, false},
		"used long ago":                     {store.Account{FirstLogin: days(99), AliasUsed: days(31), Settled: days(1)}, true},
		"new, so nobody knows":              {store.Account{FirstLogin: days(29), Settled: days(1)}, false},
		"nobody ever came":                  {store.Account{Settled: days(99)}, false},
		"accepted":                          {store.Account{FirstLogin: days(1), AliasUsed: days(0), Settled: days(0), SpliceAccepted: true}, true},
		"nobody ever came, accepted":        {store.Account{Settled: days(1), SpliceAccepted: true}, true},
	} {
		if got := spliced(c.rec, now); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// amend changes the record of the bed's only account.
func (b *bed) amend(change func(*store.Account)) {
	b.t.Helper()
	must(b.t, b.e.store.Update(func(tx *store.Tx) error {
		rec, err := tx.Account(b.account().id)
		if err != nil {
			return err
		}
		change(&rec)
		return tx.PutAccount(rec)
	}))
}

func (b *bed) accountRecord() (rec store.Account) {
	b.t.Helper()
	must(b.t, b.e.store.View(func(rx *store.Rx) (err error) {
		rec, err = rx.Account(b.account().id)
		return err
	}))
	return rec
}

// settledBed is a bed whose account was moved and settled.
func settledBed(t *testing.T, accepted bool, with ...func(*bed)) *bed {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 5)
	for _, f := range with {
		f(b)
	}
	b.start(false)
	must(t, b.login().Close())
	b.wait()
	b.settleAll()
	b.amend(func(rec *store.Account) { rec.SpliceAccepted = accepted })
	t.Cleanup(func() {
		for _, p := range b.dst.pipes {
			_ = p.Close()
		}
	})
	return b
}

// sessions complains unless the status counts so many.
func (b *bed) sessions(all, spliced int) {
	b.t.Helper()
	if r := b.e.Status().Accounts[0]; r.Sessions != all || r.Spliced != spliced {
		b.t.Errorf("%d sessions, %d of them spliced; want %d and %d", r.Sessions, r.Spliced, all, spliced)
	}
}

// TestSplicedLogin: the destination alone is asked, on the connection that is handed over, and the source may be down.
func TestSplicedLogin(t *testing.T) {
	b := settledBed(t, true)
	b.src.set(func() { b.src.down = true; b.src.asked, b.dst.asked = nil, nil })
	s := b.login()
	b.sessions(1, 0)
	p := s.Pipe()
	if p == nil || s.Pipe() != nil {
		t.Fatal("it is handed over once")
	}
	if !slices.Equal(p.Caps, []string{"IMAP4rev1", "X-Ann@example.test"}) {
		t.Errorf("%q", p.Caps)
	}
	b.sessions(1, 1)
	go func() { _, _ = io.WriteString(b.dst.pipes[0], "hello") }()
	got := make([]byte, 5)
	if _, err := io.ReadFull(p.Conn, got); err != nil || string(got) != "hello" {
		t.Errorf("%q %v", got, err)
	}
	must(t, s.Close())
	must(t, s.Close())
	must(t, p.Conn.Close())
	b.sessions(0, 0)

	must(t, b.login().Close()) // nobody took it over
	if _, err := b.dst.pipes[1].Read(got); !errors.Is(err, io.EOF) {
		t.Errorf("a connection that nobody wants: %v", err)
	}
	b.sessions(0, 0)
	if len(b.src.asked) != 0 || !slices.Equal(b.dst.asked, []string{"pw", "pw"}) {
		t.Errorf("the source was asked %q, the destination %q", b.src.asked, b.dst.asked)
	}

	_, err := b.e.Login(t.Context(), "ann@example.test", "wrong")
	var e *Error
	if !errors.As(err, &e) || e.Code != "AUTHENTICATIONFAILED" || e.Host != b.dst.host {
		t.Errorf("a wrong password: %v", err)
	}
	b.dst.set(func() { b.dst.down = true })
	if _, err := b.e.Login(t.Context(), "ann@example.test", "pw"); !IsUnavailable(err) {
		t.Errorf("the destination is down: %v", err)
	}
}

// TestNotSplicedYet: while old paths may be missed the account is served here, but what the source thinks of a password
// does not matter any more.
func TestNotSplicedYet(t *testing.T) {
	b := settledBed(t, false)
	b.src.set(func() { b.src.secret = "another" })
	b.dst.set(func() { b.dst.secret = "new" })
	s, err := b.e.Login(t.Context(), "ann@example.test", "new")
	must(t, err)
	if s.Pipe() != nil {
		t.Error("it was handed over")
	}
	if got := len(b.see(b.open(s, "INBOX"))); got != 5 {
		t.Errorf("%d messages", got)
	}
	b.sessions(1, 0)
	must(t, s.Close())
}

// TestSplicedWatch: mail that still comes to the source is copied while nobody is served here, also after the password was
// changed on the destination alone, after a restart, and when the source has the new one, too.
func TestSplicedWatch(t *testing.T) {
	b := settledBed(t, true)
	arrives := func(id int) {
		t.Helper()
		b.src.with("INBOX", func(box *fakeBox) { box.put(message(id, "late")) })
		b.eventually(func() error {
			if n := len(b.dst.has("INBOX")); n != id {
				return fmt.Errorf("%d messages on the destination, want %d", n, id)
			}
			return nil
		})
	}
	login := func(secret string) {
		t.Helper()
		s, err := b.e.Login(t.Context(), "ann@example.test", secret)
		must(t, err)
		if s.Pipe() == nil {
			t.Error("not spliced")
		}
		must(t, s.Close())
	}
	keeps := func(dest, source string) {
		t.Helper()
		rec := b.accountRecord()
		for _, s := range []struct {
			sealed []byte
			want   string
		}{{rec.Secret, dest}, {rec.SourceSecret, source}} {
			got := ""
			if s.sealed != nil {
				var err error
				got, err = b.e.vault.open(rec.Key, s.sealed)
				must(t, err)
			}
			if got != s.want {
				t.Errorf("kept is %q, want %q", got, s.want)
			}
		}
	}
	arrives(6)
	b.dst.set(func() { b.dst.secret = "new" })
	login("new")
	keeps("new", "pw")
	arrives(7)
	b.end()
	b.start(false)
	arrives(8)
	keeps("new", "pw")
	b.src.set(func() { b.src.secret = "new"; b.src.asked = nil })
	b.end()
	b.start(false)
	arrives(9)
	keeps("new", "")
	if !slices.Equal(b.src.asked, []string{"pw", "new"}) {
		t.Errorf("the source was asked %q", b.src.asked)
	}
	login("new")
	keeps("new", "")
}

// TestClosedKeepsNoSecret: once the source is watched no more, a login stores nothing.
func TestClosedKeepsNoSecret(t *testing.T) {
	for _, accepted := range []bool{true, false} {
		b := settledBed(t, accepted)
		b.amend(func(rec *store.Account) { rec.Closed = time.Now(); rec.EraseSecrets() })
		b.end()
		b.start(false)
		b.src.set(func() { b.src.asked = nil })
		for _, secret := range []string{"pw", "new"} {
			b.dst.set(func() { b.dst.secret = secret })
			s, err := b.e.Login(t.Context(), "ann@example.test", secret)
			must(t, err)
			if (s.Pipe() != nil) != accepted {
				t.Errorf("spliced: %t", !accepted)
			}
			must(t, s.Close())
			if rec := b.accountRecord(); rec.Secret != nil || rec.SourceSecret != nil {
				t.Errorf("kept: %q", bytes.Join([][]byte{rec.Secret, rec.SourceSecret}, nil))
			}
		}
		if len(b.src.asked) > 0 {
			t.Error("the source was asked for a password")
		}
		b.end()
	}
}

// TestSplicedFolderAnew: an account one of whose folders is shown under other numbers than the destination's again is served
// here.
func TestSplicedFolderAnew(t *testing.T) {
	b := settledBed(t, true)
	f := b.account().match("INBOX")
	must(t, f.use())
	defer f.done()
	must(t, f.edit(func(e *edit) error { e.showAnew(1 << 30); return nil }))
	s := b.login()
	if s.Pipe() != nil {
		t.Error("it was handed over")
	}
	must(t, s.Close())
}

// TestSplicedWithoutStore: whom the marks know to have settled is served when the state is lost; the others are not.
func TestSplicedWithoutStore(t *testing.T) {
	b := settledBed(t, false, func(b *bed) { marked(t, b) })
	for range 2 { // the second time there is a record that waits to be rebuilt
		b.end()
		b.kv = memory.New()
		b.start(false)
		b.src.set(func() { b.src.down = true })
		for range 2 {
			s := b.login()
			if s.Pipe() == nil {
				t.Error("not handed over")
			}
			must(t, s.Close())
		}
		if _, err := b.e.Login(t.Context(), "ann@example.test", "wrong"); err == nil {
			t.Error("a wrong password")
		}
		if waits, err := b.e.Rebuilding(); err != nil || len(waits) != 1 {
			t.Errorf("%+v %v", waits, err)
		}
	}
}
