package pace

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var errSlow = errors.New("[THROTTLED] slow down")

// server is a made-up server that takes only so many messages a second.
type server interface {
	take(now time.Time, n int) (taken int)
	limit(rate float64)
}

// windows counts in whole seconds.
type windows struct {
	rate  float64
	sec   int64
	count float64
}

func (w *windows) limit(rate float64) { w.rate = rate }
func (w *windows) take(now time.Time, n int) int {
	if now.Unix() != w.sec {
		w.sec, w.count = now.Unix(), 0
	}
	took := min(float64(n), max(0, w.rate-w.count))
	w.count += took
	return int(took)
}

// leaky lets some messages pass at once and then one after the other.
type leaky struct {
	rate, burst, level float64
	at                 time.Time
}

func (l *leaky) limit(rate float64) { l.rate = rate }
func (l *leaky) take(now time.Time, n int) int {
	l.level = max(0, l.level-l.rate*now.Sub(l.at).Seconds())
	l.at = now
	took := math.Floor(min(float64(n), max(0, l.burst-l.level)))
	l.level += took
	return int(took)
}

// worked is what workers have done with a server, one at a time.
type worked struct {
	mu             sync.Mutex
	server         server
	moved, refused int
}

// work moves messages until ctx ends, as the engine does: each turn takes roundTrip, and what is refused ends it.
func (w *worked) work(ctx context.Context, h *Host, roundTrip time.Duration) {
	for {
		n := h.Slice(100)
		if h.Admit(ctx, n) != nil {
			return
		}
		time.Sleep(roundTrip)
		w.mu.Lock()
		took := w.server.take(time.Now(), n)
		w.moved += took
		if took < n {
			w.refused++
		}
		w.mu.Unlock()
		h.Moved(took, int64(took)*1000)
		if took < n {
			h.Note(Throttled, errSlow)
		}
	}
}

// during runs the clock and tells how many a second were moved, and how many turns were refused.
func (w *worked) during(d time.Duration) (rate float64, refusals int) {
	count := func() (int, int) {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.moved, w.refused
	}
	m, r := count()
	time.Sleep(d)
	synctest.Wait()
	m2, r2 := count()
	return float64(m2-m) / d.Seconds(), r2 - r
}

func (w *worked) limit(rate float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.server.limit(rate)
}

// halt ends what works.
func halt(stop func()) {
	stop()
	time.Sleep(time.Second)
	synctest.Wait()
}

// TestFindsTheLimit: whatever way a server counts, its limit is found within 10 %, kept with few refusals, and found
// again when it changes. Where turns arrive in clumps, because the server is far away or bears no clumps, less of it
// is reached.
func TestFindsTheLimit(t *testing.T) {
	for _, c := range []struct {
		name    string
		server  server
		workers int
		turn    time.Duration
		reach   float64 // the least share of the limit
	}{
		{"counts in whole seconds", &windows{}, 1, 5 * time.Millisecond, 0.9},
		{"lets a burst of 50 pass", &leaky{burst: 50}, 1, 5 * time.Millisecond, 0.9},
		{"lets a burst of 500 pass", &leaky{burst: 500}, 1, 5 * time.Millisecond, 0.9},
		{"lets a burst of 10 pass", &leaky{burst: 10}, 1, 5 * time.Millisecond, 0.75},
		{"is far away", &windows{}, 2, 300 * time.Millisecond, 0.75},
		{"has many workers", &windows{}, 16, 100 * time.Millisecond, 0.9},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, w := New("old", Limits{}), &worked{server: c.server}
				ctx, stop := context.WithCancel(t.Context())
				for range c.workers {
					go w.work(ctx, h, c.turn)
				}
				for _, limit := range []float64{50, 100, 20} {
					w.limit(limit)
					_, search := w.during(4 * time.Minute)
					rate, kept := w.during(5 * time.Minute)
					t.Logf("limit %v: %.1f a second, %d refusals while searching, %d in five minutes", limit, rate, search, kept)
					most := 1.01 * limit
					if l, ok := c.server.(*leaky); ok { // what it lets pass at once, on top
						most += l.burst / (5 * time.Minute).Seconds()
					}
					if rate < c.reach*limit || rate > most || kept > 20 {
						t.Errorf("limit %v: %.1f a second, %d refusals in five minutes", limit, rate, kept)
					}
				}
				halt(stop)
			})
		})
	}
}

// TestKeepsToTheAdminsLimits: both rates, whichever binds first, and never more in any second.
func TestKeepsToTheAdminsLimits(t *testing.T) {
	for _, c := range []struct {
		limits Limits
		want   float64
	}{{Limits{Messages: 30}, 30}, {Limits{Bytes: 10_000}, 10}, {Limits{Messages: 5, Bytes: 10_000}, 5}, {Limits{Messages: 0.5}, 0.5}} {
		t.Run(fmt.Sprint(c.want), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, w := New("old", c.limits), &worked{server: &windows{rate: 1e9}}
				ctx, stop := context.WithCancel(t.Context())
				for range 4 {
					go w.work(ctx, h, time.Millisecond)
				}
				if rate, _ := w.during(100 * time.Second); math.Abs(rate/c.want-1) > 0.1 {
					t.Errorf("%.2f a second, want %.2f", rate, c.want)
				}
				halt(stop)
			})
		})
	}
}

// TestNeverHammers: a host that refuses everything is left alone ever longer, and one turn tries it at a time.
func TestNeverHammers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New("old", Limits{})
		ctx, stop := context.WithCancel(t.Context())
		var mu sync.Mutex
		var tries []time.Time
		for range 50 {
			go func() {
				for h.Admit(ctx, 10) == nil {
					mu.Lock()
					tries = append(tries, time.Now())
					mu.Unlock()
					time.Sleep(10 * time.Millisecond)
					h.Note(Busy, errSlow)
				}
			}()
		}
		begun := time.Now()
		time.Sleep(time.Hour)
		synctest.Wait()
		late := 0
		mu.Lock()
		for _, at := range tries {
			if at.Sub(begun) > time.Minute {
				late++
			}
		}
		if late > 26 { // a pause is 2.5 to 5 minutes then
			t.Errorf("%d tries in the hour after the first minute", late)
		}
		n := len(tries)
		mu.Unlock()
		if s := h.Stats(); s.PausedUntil == nil || s.PausedFor == "" || s.Waiting != 50 || s.WaitsFor != "the server's pause" {
			t.Errorf("%+v", s)
		}
		h.Forgive()
		synctest.Wait()
		mu.Lock()
		if len(tries) == n {
			t.Error("forgiven, and still nobody goes on")
		}
		mu.Unlock()
		halt(stop)
	})
}

// TestKnock: clients learn at once that a host is down; background work waits a little, then is told as well; after
// the pause one connection is tried before the others.
func TestKnock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, ctx := New("old", Limits{}), t.Context()
		for range 5 { // the pause is 8 to 16 s then
			h.Knocked(Down, errSlow)
			time.Sleep(20 * time.Second)
		}
		h.Knocked(Down, errSlow)
		begun := time.Now()
		if err := h.Knock(ctx, false); !errors.Is(err, errSlow) || time.Since(begun) > 0 {
			t.Error("a client", err, time.Since(begun))
		}
		if err := h.Knock(ctx, true); !errors.Is(err, errSlow) || time.Since(begun) > patience {
			t.Error("background", err, time.Since(begun))
		}
		time.Sleep(time.Minute)
		if err := h.Knock(ctx, true); err != nil {
			t.Error("the first", err)
		}
		second := make(chan error)
		go func() { second <- h.Knock(ctx, true) }()
		synctest.Wait()
		select {
		case err := <-second:
			t.Error("the second did not wait", err)
		default:
		}
		h.Knocked(Well, nil)
		if err := <-second; err != nil {
			t.Error("the second", err)
		}
	})
}

// TestThrottledClients: a server that wants less from the backfill is not down for clients.
func TestThrottledClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New("old", Limits{})
		h.Note(Throttled, errSlow)
		if err := h.Knock(t.Context(), false); err != nil {
			t.Error(err)
		}
		begun := time.Now()
		if err := h.Admit(t.Context(), 1); err != nil || time.Since(begun) < firstPause/2 {
			t.Error(err, time.Since(begun))
		}
	})
}

// TestFindsConnections: a server that bears so many connections is not asked for more, but after a while for one.
func TestFindsConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, open, most, refused := New("old", Limits{Connections: 40}), 0, 10, 0
		step := func() {
			if h.Connections() > open {
				if open++; open > most {
					h.Opened(open, open)
					h.Knocked(Crowded, errSlow)
					refused++
					open--
				}
				h.Opened(open, open)
			}
			open = min(open, h.Connections())
			time.Sleep(100 * time.Millisecond)
		}
		run := func(d time.Duration) (refusals int) {
			was := refused
			for end := time.Now().Add(d); time.Now().Before(end); {
				step()
			}
			return refused - was
		}
		run(time.Minute)
		if n := run(time.Hour); open != most || n > 10 {
			t.Errorf("%d connections, %d refusals in an hour", open, n)
		}
		most = 30
		run(time.Hour)
		if open != most {
			t.Errorf("%d connections when %d may be", open, most)
		}
		most = 50
		if run(2 * time.Hour); open != 40 || h.Stats().ConnectionsFound != 0 {
			t.Errorf("%d connections of the admin's 40", open)
		}
		for range 20 {
			h.Note(Busy, errSlow)
			h.Opened(h.Connections(), 0)
		}
		if h.Connections() != 1 {
			t.Errorf("%d connections to a server that is always busy", h.Connections())
		}
	})
}

// TestStepsAside: while clients are many the backfill goes slowly, but it goes.
func TestStepsAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, w := New("old", Limits{}), &worked{server: &windows{rate: 1e9}}
		ctx, stop := context.WithCancel(t.Context())
		go w.work(ctx, h, 10*time.Millisecond)
		free, _ := w.during(10 * time.Second)
		var done []func()
		for range manyClients {
			done = append(done, h.Client())
		}
		slow, _ := w.during(10 * time.Second)
		if slow == 0 || slow > free/10 {
			t.Errorf("%.0f a second beside clients, %.0f without", slow, free)
		}
		for _, d := range done {
			d()
		}
		if again, _ := w.during(10 * time.Second); again < 0.9*free {
			t.Errorf("%.0f a second afterwards, %.0f before", again, free)
		}
		if h.Stats().Yields == 0 {
			t.Error("it is not told")
		}
		halt(stop)
	})
}

// TestNoHost: a nil host allows everything.
func TestNoHost(t *testing.T) {
	var h *Host
	if err := errors.Join(h.Admit(t.Context(), 5), h.Knock(t.Context(), true), h.Ready(t.Context())); err != nil {
		t.Error(err)
	}
	h.Note(Down, errSlow)
	h.Knocked(Down, errSlow)
	h.Moved(1, 1)
	h.Opened(1, 1)
	h.Forgive()
	h.Client()()
	h.ClientWaits()()
	if h.Slice(7) != 7 || h.Connections() != 0 {
		t.Error("a limit from nowhere")
	}
}
