package strikes

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestReserve: whoever has failed does not get the places that are kept for others, and these go round among people who
// know their password.
func TestReserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Limits{Rules: []Rule{{10, time.Hour}}})
		guesses := 0
		for i := range 50 {
			if p, err := c.Take(t.Context(), Try{Name: fmt.Sprint(i), Network: "guesser", Pair: uint64(i)}); err == nil {
				p.Refused()
				guesses++
			}
		}
		if guesses != 6 {
			t.Errorf("%d guesses", guesses)
		}
		for i := range 100 {
			c.mustTake(t, trier(i)).Accepted()
		}
	})
}

// TestOrder: networks that have not failed go first, then names that have not, then the name that was served longest ago.
func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Limits{Rules: []Rule{{4, time.Minute}}, Wait: time.Hour})
		for range 4 {
			c.Free(Try{"old", "bad", 1}).Refused()
		}
		c.Free(Try{"failed", "", 1}).Refused()
		time.Sleep(time.Minute)
		p := []*Place{c.mustTake(t, trier(1)), c.mustTake(t, trier(2)), c.mustTake(t, trier(3))}
		var mu sync.Mutex
		var order []string
		var all sync.WaitGroup
		for _, who := range []Try{{"old", "bad", 1}, {"fresh", "bad", 1}, {"failed", "fresh", 2}, {"fresh", "fresh", 2}, {"fresh", "fresh", 2}, {"other", "fresh", 2}} {
			all.Go(func() {
				p := c.mustTake(t, who)
				mu.Lock()
				order = append(order, who.Name+"/"+who.Network)
				mu.Unlock()
				time.Sleep(time.Millisecond)
				p.Unasked()
			})
			synctest.Wait() // they come one after another
		}
		p[0].Unasked()
		time.Sleep(10 * time.Millisecond) // one place goes round among those who have not failed
		p[1].Unasked()
		time.Sleep(10 * time.Millisecond)
		p[2].Unasked()
		all.Wait()
		want := []string{"fresh/fresh", "other/fresh", "fresh/fresh", "failed/fresh", "fresh/bad", "old/bad"}
		if !slices.Equal(order, want) {
			t.Errorf("%q, want %q", order, want)
		}
	})
}

// TestCrowd: those who wait are bounded, and the last in the order go first.
func TestCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Limits{Rules: []Rule{{1, time.Hour}}})
		p := c.mustTake(t, trier(0))
		for range 4 {
			c.Free(Try{"x", "bad", 1}).Refused()
		}
		var all sync.WaitGroup
		var mu sync.Mutex
		gone := 0
		for i := range 2 * maxWaiting {
			all.Go(func() {
				if _, err := c.Take(t.Context(), Try{Name: fmt.Sprint(i), Network: "bad"}); err == (Full{}) && c.limits.Wait > 0 {
					mu.Lock()
					gone++
					mu.Unlock()
				}
			})
		}
		for range 3 * maxWaitingName {
			all.Go(func() { _, _ = c.Take(t.Context(), Try{Name: "one", Network: "good"}) })
		}
		synctest.Wait()
		if s := c.Stats(); s.Waiting != maxWaiting || int(s.Declined) != maxWaiting+3*maxWaitingName {
			t.Errorf("%+v", s)
		}
		one := 0
		for _, w := range c.waiting {
			if w.t.Name == "one" {
				one++
			}
		}
		if one != maxWaitingName {
			t.Errorf("%d of those who have not failed wait", one)
		}
		p.Refused()
		all.Wait()
		if gone != 2*maxWaiting {
			t.Errorf("%d were declined", gone)
		}
	})
}

// TestPastIsBounded: so is what is remembered of names and networks, and long names are cut.
func TestPastIsBounded(t *testing.T) {
	c := New(Limits{})
	long := string(make([]byte, 1000))
	for i := range 3 * maxPast {
		c.Free(Try{Name: fmt.Sprint(i, long), Network: fmt.Sprint(i)}).Refused()
	}
	if len(c.seen.names) > maxPast || len(c.seen.networks) > maxPast || len(c.strikes) > maxStrikes {
		t.Errorf("%d names, %d networks, %d strikes", len(c.seen.names), len(c.seen.networks), len(c.strikes))
	}
	for name := range c.seen.names {
		if len(name) > maxText {
			t.Fatal(len(name))
		}
	}
}

// TestNetworkIsForgiven: an office with one phone that has an old password is no guesser once others have logged in.
func TestNetworkIsForgiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Limits{})
		trusted := func() bool { return c.seen.rank(&waiter{t: Try{"new", "office", 9}}, time.Now()).doubt <= 1 }
		for i := range 3 {
			c.Free(Try{"phone", "office", uint64(i)}).Refused()
		}
		if trusted() {
			t.Error("trusted after failures")
		}
		c.Free(Try{"ann", "office", 5}).Accepted()
		if !trusted() {
			t.Error("not trusted after a login")
		}
		for i := range 3 {
			c.Free(Try{"phone", "office", uint64(i)}).Refused()
		}
		c.Free(Try{"ann", "office", 5}).Accepted() // the same one again says nothing new
		if trusted() {
			t.Error("one who knows a password makes up for any number of guesses")
		}
		time.Sleep(pastFor)
		if !trusted() {
			t.Error("it is held against them for ever")
		}
	})
}
