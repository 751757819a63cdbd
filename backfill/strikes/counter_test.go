package strikes

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// trier is a try from a network of its own.
func trier(i int) Try { return Try{Name: fmt.Sprint("name ", i), Network: fmt.Sprint("net ", i)} }

func (c *Counter) mustTake(t *testing.T, who Try) *Place {
	t.Helper()
	p, err := c.Take(t.Context(), who)
	if err != nil {
		t.Fatalf("%v: %v", who, err)
	}
	return p
}

func (c *Counter) wantFull(t *testing.T, who Try) {
	t.Helper()
	began := time.Now()
	if _, err := c.Take(t.Context(), who); err != (Full{}) || time.Since(began) != c.limits.Wait {
		t.Fatalf("%v: %v after %v", who, err, time.Since(began))
	}
}

// TestPlaces: places that are out and strikes count together; a place that comes back or a window that passes makes room.
func TestPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Limits{Rules: []Rule{{4, time.Minute}}}) // one of them is for those who come again
		a, b, d := c.mustTake(t, trier(1)), c.mustTake(t, trier(2)), c.mustTake(t, trier(3))
		c.wantFull(t, trier(4))
		time.AfterFunc(time.Second, a.Accepted)
		began := time.Now()
		e := c.mustTake(t, trier(7))
		if time.Since(began) != time.Second {
			t.Errorf("the place came after %v", time.Since(began))
		}
		a.Refused() // once only
		b.Refused()
		d.Refused()
		e.Refused()
		struck := time.Now()
		if s := c.Stats(); s.Strikes != 3 || s.Taken != 0 || s.Limit != 4 || s.Totals.Strikes != 3 || s.Declined != 1 {
			t.Errorf("%+v", s)
		}
		c.wantFull(t, trier(5))
		time.Sleep(time.Minute - c.limits.Wait - time.Second)
		c.mustTake(t, trier(6)).Unasked()
		if time.Since(struck) != time.Minute {
			t.Errorf("room after %v", time.Since(struck))
		}
	})
}

// TestLongRule: what keeps to the short rule all the time breaks the long one.
func TestLongRule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Per(10, 10*time.Minute))
		n, began := 0, time.Now()
		for time.Since(began) < 50*time.Minute {
			if p, err := c.Take(t.Context(), trier(n)); err == nil && time.Since(began) < 50*time.Minute {
				p.Refused()
				n++
			}
		}
		if n != 30 {
			t.Errorf("%d strikes in 50 minutes", n)
		}
	})
}

// TestFree: likely secrets need no place, and one that is refused takes one from others.
func TestFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Limits{Rules: []Rule{{3, time.Minute}}})
		for range 5 {
			c.Free(trier(1)).Refused()
		}
		for range 1000 {
			c.Free(trier(2)).Accepted()
		}
		c.wantFull(t, trier(3))
		time.Sleep(time.Minute)
		c.mustTake(t, trier(3)).Accepted()
	})
}

// TestCredit: a success takes strikes off if the server does so, once for each name in a while.
func TestCredit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for credit, want := range []int{6, 5, 4} {
			c := New(Limits{Rules: []Rule{{100, time.Hour}}, Credit: credit})
			for range 6 {
				c.Free(trier(1)).Refused()
			}
			for range 10 {
				c.Free(trier(2)).Accepted()
			}
			if s := c.Stats(); s.Strikes != want {
				t.Errorf("credit %d: %d strikes", credit, s.Strikes)
			}
		}
		c := New(Limits{Rules: []Rule{{100, time.Hour}}, Credit: 2})
		c.Free(trier(1)).Refused()
		c.Free(trier(2)).Accepted()
		time.Sleep(5 * time.Minute)
		for range 5 {
			c.Free(trier(1)).Refused()
		}
		c.Free(trier(2)).Accepted()
		if s := c.Stats(); s.Strikes != 3 {
			t.Errorf("%d strikes", s.Strikes)
		}
	})
}

// TestNoRules: nothing is limited, everything is counted.
func TestNoRules(t *testing.T) {
	c := New(Limits{})
	for i := range 500 {
		c.mustTake(t, trier(i)).Refused()
	}
	if s := c.Stats(); s.Strikes != 500 || s.Limit != 0 || s.Window != countedFor {
		t.Errorf("%+v", s)
	}
}

// TestGivenUp: who hangs up while he waits takes no place with him.
func TestGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Limits{Rules: []Rule{{1, time.Minute}}})
		p := c.mustTake(t, trier(1))
		for i := range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			if _, err := c.Take(ctx, trier(i)); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			cancel()
		}
		p.Accepted()
		c.mustTake(t, trier(2)).Accepted()
		if s := c.Stats(); s.Waiting != 0 || s.Taken != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// TestNeverTooMany: whatever is done in whatever order, unlikely tries alone never cause more strikes than any rule allows,
// and nobody waits while there is room for him.
func TestNeverTooMany(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rules := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) Rule {
			return Rule{rapid.IntRange(1, 6).Draw(rt, "n"), time.Duration(rapid.IntRange(1, 60).Draw(rt, "s")) * time.Second}
		}), 1, 3).Draw(rt, "rules")
		synctest.Test(t, func(t *testing.T) {
			c := New(Limits{Rules: rules, Wait: 4 * time.Second})
			var struck []time.Time
			var out []*Place
			for range rapid.IntRange(1, 60).Draw(rt, "steps") {
				switch rapid.IntRange(0, 3).Draw(rt, "what") {
				case 0:
					if p, err := c.Take(t.Context(), trier(rapid.IntRange(0, 5).Draw(rt, "who"))); err == nil {
						out = append(out, p)
					}
				case 1:
					time.Sleep(time.Duration(rapid.IntRange(0, 30).Draw(rt, "wait")) * time.Second)
				default:
					if len(out) == 0 {
						continue
					}
					i := rapid.IntRange(0, len(out)-1).Draw(rt, "place")
					if rapid.Bool().Draw(rt, "right") {
						out[i].Accepted()
					} else {
						out[i].Refused()
						struck = append(struck, time.Now())
					}
					out = append(out[:i], out[i+1:]...)
				}
				for _, r := range rules {
					n := 0
					for _, at := range struck {
						if time.Since(at) < r.Window {
							n++
						}
					}
					if n > r.Strikes {
						rt.Errorf("%d strikes within %v, %d are allowed", n, r.Window, r.Strikes)
					}
				}
			}
			for _, p := range out {
				p.Unasked()
			}
			if s := c.Stats(); s.Taken != 0 || s.Waiting != 0 {
				rt.Errorf("%+v", s)
			}
		})
	})
}
