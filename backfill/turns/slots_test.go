package turns

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"crossfade/store"
)

// share lets accounts copy with some workers for an hour: each has two folders at work as long as it has messages,
// 100 a second each. It returns when each account was done.
func share(t *testing.T, workers int, messages []int, ranks []Rank) []time.Duration {
	var mu sync.Mutex
	done := make([]time.Duration, len(messages))
	synctest.Test(t, func(t *testing.T) {
		s, begun := NewSlots(workers), time.Now()
		ctx, stop := context.WithCancel(t.Context())
		for i := range messages {
			left := messages[i] / 2
			for range 2 {
				go func() {
					for left := left; left > 0; {
						turn, err := s.Take(ctx, store.AccountID(i), ranks[i])
						if err != nil {
							return
						}
						moved := 0
						for left > 0 && (moved == 0 || !s.Wanted(turn, moved, 0)) {
							time.Sleep(time.Second)
							moved, left = moved+100, left-100
						}
						s.Give(turn, moved, 0)
					}
					mu.Lock()
					defer mu.Unlock()
					done[i] = time.Since(begun)
				}()
			}
		}
		time.Sleep(24 * time.Hour)
		stop()
		synctest.Wait()
		if s.free != workers || len(s.waiting) > 0 || len(s.active) > 0 {
			t.Errorf("%d of %d workers are free, %d wait, %d active", s.free, workers, len(s.waiting), len(s.active))
		}
	})
	return done
}

// TestLargeAccountStarvesNobody: two accounts of 500,000 messages have all four workers when fifty small ones come;
// each small one is done when its fair share says, long before them.
func TestLargeAccountStarvesNobody(t *testing.T) {
	messages, ranks := []int{500_000, 500_000}, make([]Rank, 52)
	for range 50 {
		messages = append(messages, 1000)
	}
	done := share(t, 4, messages, ranks)
	small := slices.Max(done[2:])
	if small > 10*time.Minute || min(done[0], done[1]) < 30*time.Minute {
		t.Errorf("the small ones were done after %v, the large ones after %v", small, done[:2])
	}
}

// TestEqualAccountsAreEqual: two accounts of the same size end at about the same time with one worker.
func TestEqualAccountsAreEqual(t *testing.T) {
	done := share(t, 1, []int{50_000, 50_000}, make([]Rank, 2))
	if d := (done[0] - done[1]).Abs(); d > time.Minute {
		t.Errorf("%v", done)
	}
}

// TestRanks: an account of a higher priority goes first, an opened folder before it, an inbox before others.
func TestRanks(t *testing.T) {
	for _, c := range []struct {
		name          string
		first, second Rank
	}{
		{"priority", Rank{Priority: 1}, Rank{Inbox: true}},
		{"opened", Rank{Opened: true}, Rank{Priority: 100}},
		{"inbox", Rank{Inbox: true}, Rank{}},
		{"zero before negative", Rank{}, Rank{Priority: -1, Inbox: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			done := share(t, 2, []int{10_000, 10_000}, []Rank{c.second, c.first})
			if done[1] > done[0]*6/10 {
				t.Errorf("the first after %v, the second after %v", done[1], done[0])
			}
		})
	}
}

// TestSlotGivenUp: whoever stops waiting leaves nothing behind.
func TestSlotGivenUp(t *testing.T) {
	s := NewSlots(1)
	turn, err := s.Take(t.Context(), 1, Rank{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Millisecond)
	defer stop()
	if _, err := s.Take(ctx, 2, Rank{}); err == nil || s.Queued(2) != 0 {
		t.Error(err, s.Queued(2))
	}
	s.Give(turn, 0, 0)
	if s.free != 1 || len(s.active) != 0 {
		t.Errorf("%+v", s)
	}
}
