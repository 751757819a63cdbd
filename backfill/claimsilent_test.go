package backfill

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crossfade/mapping"
)

// greeter is a server that can tell that it has fallen silent.
type greeter struct {
	*fakeServer
	mu    sync.Mutex
	quiet bool
}

func (g *greeter) Silence() time.Duration { return 5 * time.Millisecond }

func (g *greeter) Alive(context.Context) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.quiet
}

func (g *greeter) hush(on bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.quiet = on
}

// silentBed has 0 and 1 copied in Kunden, and then the destination falls silent while the background does one of two things
// there: it appends 2, or it carries over a flag of 0. hung is closed when it has; speak ends it.
func silentBed(t *testing.T, doing string) (b *bed, m *Mailbox, hung chan struct{}, speak func()) {
	b = newBed(t)
	b.dst.add("Plain")
	b.src.with("INBOX.Kunden", func(box *fakeBox) { many(box, 2) })
	above := &greeter{fakeServer: b.dst}
	b.opt = func(o *Options) { o.Destination = above }
	b.start(false)
	m = b.open(b.login(), "Kunden")
	b.wait()
	hung = make(chan struct{})
	silent := make(chan struct{})
	speak = sync.OnceFunc(func() { above.hush(false); close(silent) })
	t.Cleanup(speak) // before the engine ends
	var once atomic.Bool
	hang := func() { // the first alone: of clients' own calls package imap knows how long they wait
		if once.CompareAndSwap(false, true) {
			above.hush(true)
			close(hung)
			<-silent
		}
	}
	b.dst.set(func() {
		switch doing {
		case "append":
			b.dst.onAppend = func(box string, _ int) {
				if box == "Kunden" {
					hang()
				}
			}
		case "flags":
			b.dst.stored = hang
		}
	})
	b.src.with("INBOX.Kunden", func(box *fakeBox) {
		if doing == "append" {
			box.put(message(2, "m"), `\Seen`)
		} else {
			box.mark(1, `\Seen`, `\Flagged`)
		}
	})
	return b, m, hung, speak
}

// TestClientsBehindASilentServer: what clients ask of a folder while the background waits in it for a destination that has
// fallen silent is done, or answered with ErrUnavailable and not done; nobody waits until the destination speaks again. When
// it does, everything is there once.
func TestClientsBehindASilentServer(t *testing.T) {
	ops := map[string]func(s *Session, m *Mailbox) error{
		"store": func(s *Session, m *Mailbox) error {
			return m.Store(context.Background(), []uint32{2}, FlagsAdd, mapping.NewFlags("$Work"))
		},
		"expunge": func(s *Session, m *Mailbox) error { return m.Expunge(context.Background(), []uint32{2}) },
		"append": func(s *Session, m *Mailbox) error {
			_, _, err := s.Append(context.Background(), "Kunden", []AppendItem{item(message(7, "mine"))})
			return err
		},
		"copy": func(s *Session, m *Mailbox) error {
			_, err := m.Copy(context.Background(), []uint32{2}, "Kunden")
			return err
		},
		"move": func(s *Session, m *Mailbox) error {
			_, err := m.Move(context.Background(), []uint32{2}, "Plain")
			return err
		},
		"select": func(s *Session, m *Mailbox) error {
			now, err := s.Open(context.Background(), "Kunden", false)
			if err == nil {
				now.Close()
			}
			return err
		},
		"noop": func(s *Session, m *Mailbox) error { return m.Refresh(context.Background()) },
		"list": func(s *Session, m *Mailbox) error { _, err := s.List(context.Background()); return err },
	}
	// busy is what has to wait for the claim that the background holds; maybe, if the flag is carried over by who copies and
	// not by who watches.
	busy := map[string][]string{"append": {"append", "copy"}, "flags": {"store"}}
	maybe := map[string][]string{"flags": {"append", "copy"}}
	for _, doing := range []string{"append", "flags"} {
		for name, op := range ops {
			t.Run(name+" behind "+doing, func(t *testing.T) {
				t.Parallel()
				must, may := slices.Contains(busy[doing], name), slices.Contains(maybe[doing], name)
				clientBehindASilentServer(t, doing, name, op, must, must || may)
			})
		}
	}
}

func clientBehindASilentServer(t *testing.T, doing, name string, op func(*Session, *Mailbox) error, must, may bool) {
	b, m, hung, speak := silentBed(t, doing)
	<-hung
	done := make(chan error, 1)
	go func() { done <- op(m.session(), m) }()
	var err error
	select {
	case err = <-done:
	case <-time.After(time.Minute):
		t.Fatal("a client waits until the destination speaks again")
	}
	busy := IsUnavailable(err)
	if err != nil && !busy || busy && !may || !busy && must {
		t.Fatalf("%v; it has to wait: %t, or may: %t", err, must, may)
	}
	speak()
	flags := map[bool]string{true: `\Flagged \Seen`, false: `\Seen`}[doing == "flags"]
	want, plain := []string{`<0@test> ` + flags, `<1@test> \Seen`}, []string(nil)
	if doing == "append" {
		want = append(want, `<2@test> \Seen`)
	}
	switch {
	case busy:
	case name == "store":
		want[1] = `<1@test> $Work \Seen`
	case name == "expunge":
		want = slices.Delete(want, 1, 2)
	case name == "move":
		want, plain = slices.Delete(want, 1, 2), []string{`<1@test> \Seen`}
	case name == "append":
		want = append(want, "<7@test> ")
	case name == "copy":
		want = append(want, want[1])
	}
	b.shows(m, want...)
	b.wait()
	b.shows(m, want...)
	b.holds("Kunden", want...)
	b.holds("Plain", plain...)
	b.verified()
	if len(b.src.writes) > 0 {
		t.Errorf("the source was changed: %v", b.src.writes)
	}
}
