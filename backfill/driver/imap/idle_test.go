package imap_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"crossfade/backfill"
	"crossfade/backfill/driver/imap"
	"crossfade/internal/faults"
)

func listener(t *testing.T, s *faults.Server, o imap.Options) (backfill.Mail, backfill.Listener) {
	t.Helper()
	o.URL = s.URL()
	d, err := imap.New(o)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Login(t.Context(), "joe", "secret")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m, m.(backfill.Listener)
}

// TestListen: news are told at once, the connection serves others afterwards, and what came in between is polled.
func TestListen(t *testing.T) {
	s := faults.Start(t, faults.Quirks{})
	joe := s.Account("joe", "secret")
	m, l := listener(t, s, imap.Options{})
	before, err := m.Examine(t.Context(), "INBOX")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	told, ended := make(chan struct{}, 10), make(chan error, 1)
	go func() { ended <- l.Listen(ctx, "INBOX", func() { told <- struct{}{} }) }()
	wait := func(what string) {
		t.Helper()
		select {
		case <-told:
		case err := <-ended:
			t.Fatalf("%s: ended: %v", what, err)
		case <-time.After(time.Minute):
			t.Fatalf("%s is not told", what)
		}
	}
	wait("the beginning")
	for range 2 {
		joe.Add("INBOX", faults.Message{Body: []byte("Subject: a\r\n\r\nb\r\n")})
		wait("new mail")
	}
	joe.Flag("INBOX", 1, `\Seen`)
	wait("a flag")
	joe.Remove("INBOX", 2)
	wait("an expunge")
	if err := l.Listen(t.Context(), "INBOX", func() {}); !errors.Is(err, backfill.ErrNotOffered) {
		t.Errorf("a second one: %v", err)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	n := s.Connections()
	news, err := m.Poll(t.Context(), "INBOX", before)
	if err != nil || !news.New || news.State.Exists != 1 {
		t.Errorf("%+v %v", news, err)
	}
	if s.Connections() > n {
		t.Error("the connection was not kept")
	}
}

// TestListenNotOffered: a server without IDLE, or an account with few connections, is polled.
func TestListenNotOffered(t *testing.T) {
	for name, c := range map[string]struct {
		q faults.Quirks
		o imap.Options
	}{"no IDLE": {q: faults.Quirks{Without: []string{"IDLE"}}}, "few connections": {o: imap.Options{PerAccount: 2}}} {
		t.Run(name, func(t *testing.T) {
			s := faults.Start(t, c.q)
			s.Account("joe", "secret")
			_, l := listener(t, s, c.o)
			if err := l.Listen(t.Context(), "INBOX", func() {}); !errors.Is(err, backfill.ErrNotOffered) {
				t.Error(err)
			}
		})
	}
}

// TestDeleteEndsTheIdle: nobody waits in IDLE in a mailbox that is deleted or renamed, or below it; elsewhere it goes on.
func TestDeleteEndsTheIdle(t *testing.T) {
	s := faults.Start(t, faults.Quirks{})
	joe := s.Account("joe", "secret")
	for _, box := range []string{"Old", "Older", "Old/Below"} {
		joe.Create(box, "")
	}
	m, l := listener(t, s, imap.Options{})
	w := m.(backfill.Writer)
	for _, c := range []struct {
		listens string
		change  func() error
		ends    bool
	}{
		{"INBOX", func() error { return w.Delete(t.Context(), "Older") }, false},
		{"Old/Below", func() error { return w.Rename(t.Context(), "Old", "New") }, true},
		{"New", func() error { return w.Delete(t.Context(), "New") }, true},
	} {
		ctx, stop := context.WithCancel(t.Context())
		told, ended := make(chan struct{}, 10), make(chan error, 1)
		go func() { ended <- l.Listen(ctx, c.listens, func() { told <- struct{}{} }) }()
		<-told
		if err := c.change(); err != nil {
			t.Fatal(err)
		}
		if c.ends {
			select {
			case err := <-ended:
				if !errors.Is(err, backfill.ErrNotOffered) {
					t.Errorf("%s: ended with %v", c.listens, err)
				}
			case <-time.After(time.Minute):
				t.Errorf("%s: the IDLE goes on", c.listens)
			}
			stop()
			continue
		}
		joe.Add(c.listens, faults.Message{Body: []byte("Subject: a\r\n\r\nb\r\n")})
		select {
		case <-told:
		case err := <-ended:
			t.Errorf("%s: ended with %v", c.listens, err)
		case <-time.After(time.Minute):
			t.Errorf("%s: new mail is not told", c.listens)
		}
		stop()
		<-ended
	}
}

// TestIdleCutWhileItEnds: nothing is sent on a connection any more once it was given back, also where it is cut in the
// moment in which the IDLE is to end.
func TestIdleCutWhileItEnds(t *testing.T) {
	s := faults.Start(t, faults.Quirks{})
	s.Account("joe", "secret")
	_, l := listener(t, s, imap.Options{})
	for range 20 {
		ctx, stop := context.WithCancel(t.Context())
		told, ended := make(chan struct{}, 10), make(chan error, 1)
		go func() { ended <- l.Listen(ctx, "INBOX", func() { told <- struct{}{} }) }()
		<-told
		var g sync.WaitGroup
		g.Go(s.Cut)
		g.Go(stop)
		g.Wait()
		<-ended // with an error of either
	}
}
