package backfill

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"crossfade/internal/durable"
	"crossfade/mapping"
	"crossfade/store"
)

// fullKV is a store whose disk runs full at some update and has room again when the test makes some.
type fullKV struct {
	store.KV
	at      atomic.Int64 // the update that finds no room; 0: none
	updates atomic.Int64
	full    atomic.Bool
	met     chan struct{} // closed when an update found no room
	told    atomic.Bool
}

func newFull(kv store.KV, at int) *fullKV {
	k := &fullKV{KV: kv, met: make(chan struct{})}
	k.at.Store(int64(at))
	return k
}

func (k *fullKV) Update(f func(store.Txn) error) error {
	if k.updates.Add(1) == k.at.Load() {
		k.full.Store(true)
	}
	if err := k.Room(); err != nil {
		if k.told.CompareAndSwap(false, true) {
			close(k.met)
		}
		return err
	}
	return k.KV.Update(f)
}

func (k *fullKV) Room() error {
	if k.full.Load() {
		return fmt.Errorf("test: %w", store.ErrFull)
	}
	return nil
}

// TestFullDisk: what can be answered without a write is; everything else is declined before a server is told of it, the
func TestFullDisk(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 20)
	b.src.boxes["INBOX.Kunden"].put(message(500, "other"))
	b.dst.boxes["INBOX"].put(message(900, "theirs"), `\Seen`)
	kv := newFull(b.kv, 0)
	b.kv = kv
	b.start(true)
	m := b.open(b.login(), "INBOX")
	before := b.see(m)
	kv.full.Store(true)
	b.dst.set(func() { b.dst.writes = nil })
	b.e.Release()
	b.dst.with("INBOX", func(in *fakeBox) { in.put(message(901, "new")) })
	b.eventually(func() error {
		r := b.e.Status()
		if !strings.Contains(r.Problem, "almost full") || !strings.Contains(r.Accounts[0].Problem, "almost full") {
			return fmt.Errorf("the status says %q and %q", r.Problem, r.Accounts[0].Problem)
		}
		return nil
	})

	s := b.login()
	if _, err := s.List(t.Context()); err != nil {
		t.Error("LIST:", err)
	}
	must(t, m.Refresh(t.Context()))
	again := b.open(s, "INBOX")
	if got := b.see(again); !slices.Equal(got, before) {
		t.Errorf("shown is %q, before %q", lines(got), lines(before))
	}
	for what, err := range declined(b, s, again) {
		if !IsFull(err) || !IsUnavailable(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	b.dst.mu.Lock()
	if len(b.dst.writes) > 0 {
		t.Errorf("the destination was told %q", b.dst.writes)
	}
	b.dst.mu.Unlock()

	kv.full.Store(false)
	b.wait()
	b.shows(m, b.dst.has("INBOX")...)
	if n := len(b.dst.has("INBOX")); n != 22 {
		t.Errorf("%d messages in INBOX", n)
	}
	b.verified()
	if r := b.e.Status(); r.Problem != "" {
		t.Error(r.Problem)
	}
}

// TestFullAtStart: a program that starts on a full disk serves what it can, and copies when there is room.
func TestFullAtStart(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 20)
	b.start(true)
	before := b.see(b.open(b.login(), "INBOX"))
	b.end()
	kv := newFull(b.kv, 0)
	b.kv = kv
	kv.full.Store(true)
	b.start(false)
	m := b.open(b.login(), "INBOX")
	if got := b.see(m); !slices.Equal(got, before) {
		t.Errorf("shown is %q, before %q", lines(got), lines(before))
	}
	if err := m.Store(t.Context(), m.Changes(0).UIDs, FlagsAdd, mapping.NewFlags(`\Flagged`)); !IsFull(err) {
		t.Error(err)
	}
	kv.full.Store(false)
	b.wait()
	b.holds("INBOX", b.src.has("INBOX")...)
	b.verified()
}

// declined are the answers to everything that needs a write.
func declined(b *bed, s *Session, m *Mailbox) map[string]error {
	ctx, uids := b.t.Context(), m.Changes(0).UIDs
	below, above := uids[:1], uids[len(uids)-1:]
	out := map[string]error{
		"STORE":         m.Store(ctx, below, FlagsAdd, mapping.NewFlags(`\Flagged`)),
		"STORE above":   m.Store(ctx, above, FlagsAdd, mapping.NewFlags(`\Flagged`)),
		"EXPUNGE":       m.Expunge(ctx, below),
		"EXPUNGE above": m.Expunge(ctx, above),
		"CREATE":        s.Create(ctx, "Fresh"),
		"SUBSCRIBE":     s.Subscribe(ctx, "INBOX", false),
	}
	_, out["COPY"] = m.Copy(ctx, below, "INBOX")
	_, out["MOVE above"] = m.Move(ctx, above, "INBOX")
	_, _, out["APPEND"] = s.Append(ctx, "INBOX", []AppendItem{item(message(902, "mine"))})
	_, out["a folder nobody opened yet"] = s.Open(ctx, "Kunden", false)
	_, out["a first login"] = b.e.Login(ctx, "Bob@example.test", "pw")
	return out
}

// TestFullAtEveryUpdate has the disk run full at each write of a mixed move; the process lives on, and ends as it should
// when there is room.
func TestFullAtEveryUpdate(t *testing.T) {
	t.Parallel()
	b, f := crashBed(t)
	count := newFull(b.kv, 0)
	fullAt(b, f, count)
	total := int(count.updates.Load())
	step := 2
	if testing.Short() {
		step = 9
	}
	if soak() > 1 {
		step = 1
	}
	for n := 3; n <= total; n += step {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			b, f := crashBed(t)
			fullAt(b, f, newFull(b.kv, n))
		})
	}
}

func fullAt(b *bed, f fates, kv *fullKV) {
	b.kv = kv
	b.start(true)
	c := &script{bed: b, kv: living{kv}, f: f}
	c.run()
	if c.err != nil && !IsUnavailable(c.err) && !errors.Is(c.err, errDead) {
		b.t.Errorf("a command was answered with %v", c.err)
	}
	kv.at.Store(0)
	kv.full.Store(false)
	b.e.Release()
	shown := toTheEnd(b)
	judge(b, f)
	b.end()
	nothingToDo(b, shown)
}

// living is a store that does not die; for a script it is over when the disk is full.
type living struct{ *fullKV }

func (k living) stopAt(int)              {}
func (k living) count() int              { return int(k.updates.Load()) }
func (k living) kill()                   {}
func (k living) ended() <-chan struct{}  { return k.met }
func (k living) revive() (mortal, error) { return k, nil }

// TestFullSpool: a message for whose bytes there is no room stops the copying, not the serving, and says so.
func TestFullSpool(t *testing.T) {
	b := newBed(t)
	b.src.boxes["INBOX"].put(message(1, "small"))
	b.src.boxes["INBOX"].put(message(2, strings.Repeat("large ", 1<<20/5)))
	files := durable.NewSpool(t.TempDir(), math.MaxInt64/2)
	b.opt = func(o *Options) { o.Spool = files }
	b.start(true)
	m := b.open(b.login(), "INBOX")
	b.e.Release()
	b.eventually(func() error {
		if p := b.e.Status().Accounts[0].Problem; !strings.Contains(p, "almost full") || !strings.Contains(p, "spool") {
			return fmt.Errorf("the status says %q", p)
		}
		return nil
	})
	if got := b.see(m); len(got) != 2 {
		t.Errorf("%d messages are shown", len(got))
	}
	files.SetFloor(0)
	b.wait()
	b.same("INBOX", "INBOX")
	b.verified()
}
