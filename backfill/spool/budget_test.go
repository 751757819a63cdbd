package spool

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"crossfade/store"
)

// TestBudgetHolds: whatever is taken, given back and given up, the bounds hold, nobody waits without need, and nothing leaks.
func TestBudgetHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(8, 64).Draw(t, "size")
		b := newBudget(size)
		type taken struct {
			account store.AccountID
			n       int64
			client  bool
		}
		var have []taken
		steps := rapid.SliceOfN(rapid.IntRange(0, 2), 1, 60).Draw(t, "steps")
		for _, s := range steps {
			n := rapid.Int64Range(1, 4).Draw(t, "n")
			account := store.AccountID(rapid.IntRange(1, 4).Draw(t, "account"))
			switch {
			case s == 0 && b.try(n):
				have = append(have, taken{n: n, client: true})
			case s == 1:
				ctx, cancel := context.WithCancel(t.Context())
				cancel() // whoever cannot be served at once gives up
				if b.acquire(ctx, account, n) == nil {
					have = append(have, taken{account: account, n: n})
				}
			case s == 2 && len(have) > 0:
				i := rapid.IntRange(0, len(have)-1).Draw(t, "i")
				x := have[i]
				have = append(have[:i], have[i+1:]...)
				if x.client {
					b.forget(x.n)
				} else {
					b.release(x.account, x.n)
				}
			}
			var used, behind int64
			for _, x := range have {
				if used += x.n; !x.client {
					behind += x.n
				}
			}
			switch {
			case b.used != used || b.behind != behind || len(b.waiting) > 0:
				t.Fatalf("%d used, %d of them behind, %d wait; want %d, %d", b.used, b.behind, len(b.waiting), used, behind)
			case used > size || behind > max(4, size-size/8):
				t.Fatalf("%d of %d used, %d of them by the backfill", used, size, behind)
			}
		}
		for _, x := range have {
			if x.client {
				b.forget(x.n)
			} else {
				b.release(x.account, x.n)
			}
		}
		if b.inUse() != 0 || b.behind != 0 || len(b.held) != 0 {
			t.Fatalf("left over: %d, %d, %v", b.used, b.behind, b.held)
		}
	})
}

// TestBudgetIsFair: an account that holds all it can does not keep another one from the next free bytes, and a client
// finds room besides.
func TestBudgetIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(16)
		grants := make(chan store.AccountID, 100)
		for range 50 {
			go func() {
				if b.acquire(t.Context(), 1, 1) == nil {
					grants <- 1
				}
			}()
		}
		synctest.Wait()
		if n := len(grants); n != 7 { // of 14
			t.Errorf("an account alone holds %d", n)
		}
		for id := range store.AccountID(3) {
			if err := b.acquire(t.Context(), id+2, 1); err != nil { // waiting would be a deadlock
				t.Fatal(err)
			}
		}
		if !b.try(2) || !b.try(2) {
			t.Error("no room for a client")
		}
		b.forget(4)
		for range 20 { // account 5 comes last, with as much to do
			go func() {
				if b.acquire(t.Context(), 5, 1) == nil {
					grants <- 5
				}
			}()
		}
		synctest.Wait()
		for range 40 { // messages go and come
			b.release(<-grants, 1)
			synctest.Wait()
		}
		if b.held[5] < b.held[1]-1 || b.held[1] < b.held[5]-1 {
			t.Errorf("accounts 1 and 5 hold %d and %d", b.held[1], b.held[5])
		}
	})
}

// TestBudgetMovesOn: many readers of small and large bodies, some of whom give up; all who do not are served.
func TestBudgetMovesOn(t *testing.T) {
	b := newBudget(32)
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 1))
			for range 200 {
				n := 1 + r.Int64N(32)
				if r.IntN(4) == 0 {
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(r.IntN(100))*time.Microsecond)
					if b.acquire(ctx, store.AccountID(i%4), n) == nil {
						b.release(store.AccountID(i%4), n)
					}
					cancel()
					continue
				}
				if err := b.acquire(context.Background(), store.AccountID(i%4), n); err != nil {
					t.Error(err)
					return
				}
				b.release(store.AccountID(i%4), n)
			}
		})
	}
	all.Wait()
	if b.inUse() != 0 || len(b.held) != 0 || len(b.waiting) != 0 {
		t.Errorf("left over: %d, %v, %d wait", b.used, b.held, len(b.waiting))
	}
}
