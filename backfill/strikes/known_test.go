package strikes

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestKnown: a password that was refused may be asked about after ever longer pauses, the stored one after shorter ones.
func TestKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for stored, minutes := range map[bool][]int{false: {1, 2, 4, 8, 16, 32, 60, 60}, true: {0, 1, 2, 4, 5, 5}} {
			k := NewKnown()
			if bad, early := k.Bad("ann", "pw"); bad || early {
				t.Error("bad before it was tried")
			}
			for i, m := range minutes {
				k.Refused("ann", "pw", stored)
				wait := time.Duration(m) * time.Minute
				if _, early := k.Bad("ann", "pw"); early != (wait > 0) {
					t.Errorf("stored %v, refusal %d: early %v", stored, i+1, early)
				}
				time.Sleep(max(0, wait-1))
				if _, early := k.Bad("ann", "pw"); early != (wait > 0) {
					t.Errorf("stored %v, refusal %d: early %v just before %v", stored, i+1, early, wait)
				}
				time.Sleep(min(1, wait))
				if bad, early := k.Bad("ann", "pw"); !bad || early {
					t.Errorf("stored %v, refusal %d: bad %v, early %v after %v", stored, i+1, bad, early, wait)
				}
			}
			for _, other := range [][2]string{{"bob", "pw"}, {"ann", "pw2"}, {"annp", "w"}, {"", "annpw"}} {
				if bad, _ := k.Bad(other[0], other[1]); bad {
					t.Errorf("%q is taken for it", other)
				}
			}
			time.Sleep(knownFor)
			if bad, _ := k.Bad("ann", "pw"); bad {
				t.Error("it is held against it for ever")
			}
		}
	})
}

func TestKnownForgets(t *testing.T) {
	k := NewKnown()
	all := [][2]string{{"ann", "1"}, {"ann", "2"}, {"bob", "1"}}
	for _, c := range []struct {
		forget func()
		left   []bool
	}{
		{func() {}, []bool{true, true, true}},
		{func() { k.Forget("ann") }, []bool{false, false, true}},
		{func() { k.Accepted("ann", "2") }, []bool{true, false, true}},
		{k.ForgetAll, []bool{false, false, false}},
	} {
		for _, a := range all {
			k.Refused(a[0], a[1], false)
		}
		c.forget()
		for i, a := range all {
			if bad, _ := k.Bad(a[0], a[1]); bad != c.left[i] {
				t.Errorf("%q: %v, want %v", a, bad, c.left)
			}
		}
	}
}

func TestKnownIsBounded(t *testing.T) {
	k := NewKnown()
	for i := range maxKnown + maxKnown/4 {
		k.Refused("ann", fmt.Sprint(i), false)
		k.Accepted("bob", fmt.Sprint(i))
	}
	if n, _ := k.Stats(); n > maxKnown || len(k.good) > maxKnown {
		t.Errorf("%d bad, %d good passwords kept", n, len(k.good))
	}
}

// TestEnter: ten connections with one new password try it once at a time; once it was accepted they go on together.
func TestEnter(t *testing.T) {
	for _, right := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			k, began := NewKnown(), time.Now()
			var all sync.WaitGroup
			var mu sync.Mutex
			asked := 0
			for range 10 {
				all.Go(func() {
					leave, err := k.Enter(t.Context(), "ann", "pw")
					if err != nil {
						t.Error(err)
						return
					}
					defer leave()
					if _, early := k.Bad("ann", "pw"); early {
						return
					}
					mu.Lock()
					asked++
					mu.Unlock()
					time.Sleep(time.Second)
					if right {
						k.Accepted("ann", "pw")
					} else {
						k.Refused("ann", "pw", false)
					}
				})
			}
			all.Wait()
			if took := time.Since(began); right && (took != 2*time.Second || asked != 10) || !right && (took != time.Second || asked != 1) {
				t.Errorf("right %v: asked %d times in %v", right, asked, took)
			}
			if len(k.asking) != 0 {
				t.Error("a try goes on for ever")
			}
		})
	}
}

func TestEnterEndsWithTheClient(t *testing.T) {
	k := NewKnown()
	leave, err := k.Enter(t.Context(), "ann", "pw")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := k.Enter(ctx, "ann", "pw"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	leave()
	leave()
	if again, err := k.Enter(ctx, "ann", "pw"); err != nil {
		t.Error(err)
	} else {
		again()
	}
}
