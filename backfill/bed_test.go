package backfill

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"crossfade/mapping"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tester is a *testing.T or a *rapid.T.
type tester interface {
	Helper()
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Context() context.Context
	Cleanup(f func())
}

// end stops the engine for good; start makes a new one over the same state.
func (b *bed) end() {
	b.t.Helper()
	if b.stop != nil {
		b.stop()
		b.stop = nil
		b.counted()
	}
}

// has lists what a server's folder holds, in the same form as lines.
func (s *fakeServer) has(name string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	if b := s.boxes[name]; b != nil {
		for _, m := range b.msgs {
			out = append(out, subject(string(m.body))+" "+string(m.flags))
		}
	}
	slices.Sort(out)
	return out
}

// with changes a server's folder as somebody else would, under the server's lock.
func (s *fakeServer) with(name string, f func(*fakeBox)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.boxes[name])
}

// set changes the server itself under its lock.
func (s *fakeServer) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// mark changes the flags of a message as somebody else would.
func (b *fakeBox) mark(uid uint32, flags ...string) {
	for _, m := range b.msgs {
		if m.uid == uid {
			b.modseq++
			m.modseq, m.flags = b.modseq, mapping.NewFlags(flags...)
		}
	}
}

// eventually waits until check is content; its last complaint ends the test.
func (b *bed) eventually(check func() error) {
	b.t.Helper()
	var err error
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(3 * time.Millisecond) {
		if err = check(); err == nil {
			return
		}
	}
	b.t.Fatal(err)
}

// shows waits until the folder shows exactly these messages.
func (b *bed) shows(m *Mailbox, want ...string) {
	b.t.Helper()
	want = slices.Sorted(slices.Values(want))
	b.eventually(func() error {
		if err := m.f.refresh(b.t.Context(), 0); err != nil && !IsUnavailable(err) {
			return err
		}
		seen, err := b.trySee(m)
		if got := lines(seen); err == nil && !slices.Equal(got, want) {
			err = fmt.Errorf("%s shows\n%q, want\n%q", m.Name(), got, want)
		}
		return err
	})
}

// holds checks what the destination's folder holds.
func (b *bed) holds(name string, want ...string) {
	b.t.Helper()
	want = slices.Sorted(slices.Values(want))
	if got := b.dst.has(name); !slices.Equal(got, want) {
		b.t.Errorf("the destination's %s holds\n%q, want\n%q", name, got, want)
	}
}

// item is a message that a client appends.
func item(body string, flags ...string) AppendItem {
	return AppendItem{Flags: mapping.NewFlags(flags...), Date: time.Unix(1600000000, 0).UTC(), Size: int64(len(body)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(body)), nil
	}}
}

// once returns a function that runs f at its first call only.
func once(f func()) func(string, int) {
	var o sync.Once
	return func(string, int) { o.Do(f) }
}

func must(t tester, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tick is the pause between two looks at something that happens by itself.
func tick() <-chan time.Time { return time.After(2 * time.Millisecond) }

// background is the context of work that the backfill does.
func background() context.Context { return WithBackground(context.Background()) }

// check complains unless a server's folder holds exactly these messages.
func (s *fakeServer) check(name string, want ...string) error {
	if got := s.has(name); !slices.Equal(got, want) {
		return fmt.Errorf("%s holds %q, want %q", name, got, want)
	}
	return nil
}

// count complains unless a folder has n messages in a state.
func count(m *Mailbox, of func(Counts) int, n int) error {
	if got := of(m.f.counted().counts()); got != n {
		return fmt.Errorf("%d messages in the state, want %d: %+v", got, n, m.f.counted().counts())
	}
	return nil
}
