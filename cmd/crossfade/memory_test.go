package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"
)

func TestMemoryLimit(t *testing.T) {
	for _, c := range []struct{ bodies, live, want int64 }{
		{0, 0, 448 << 20},
		{64 << 20, 100 << 20, 256 << 20},
		{64 << 20, 1 << 30, 3 << 29}, // a large site needs more than its bodies: the collector must not run all the time
	} {
		if got := memoryLimit(c.bodies, c.live); got != c.want {
			t.Errorf("--memory %d with %d in use: %d, want %d", c.bodies, c.live, got, c.want)
		}
	}
}

// TestLimitMemory: the limit holds until stop, and the environment goes before it.
func TestLimitMemory(t *testing.T) {
	t.Setenv("GOMEMLIMIT", "")
	t.Setenv("GOGC", "")
	before := debug.SetMemoryLimit(-1)
	stop := limitMemory(64 << 20)
	if got := debug.SetMemoryLimit(-1); got != 256<<20 {
		t.Errorf("the limit is %d", got)
	}
	stop()
	if got := debug.SetMemoryLimit(-1); got != before {
		t.Errorf("the limit is %d, was %d", got, before)
	}
	t.Setenv("GOMEMLIMIT", "1GiB")
	stop = limitMemory(64 << 20)
	defer stop()
	if got := debug.SetMemoryLimit(-1); got != before {
		t.Errorf("the limit is %d although the environment says one", got)
	}
	runtime.GC()
	if n := runtimeBytes("/gc/heap/live:bytes"); n <= 0 || n == math.MaxInt64 {
		t.Errorf("%d bytes in use", n)
	}
}

// TestRepose: memory is given back once when much work has ended, not while it goes on, not again and again, and not for a
// little work that never ends.
func TestRepose(t *testing.T) {
	const mb = 1 << 20
	var r repose
	taken := int64(0)
	look := func(more int64, want bool) {
		t.Helper()
		if taken += more; r.ends(taken) != want {
			t.Errorf("%d MB more, %d in all: %t", more/mb, taken/mb, !want)
		}
	}
	for range 100 { // little by little, from the start on
		look(3*mb, false)
		look(10*mb, false)
	}
	for range 3 {
		look(200*mb, false)
		look(10*mb, false)
		look(muchWork, false)
		look(atRest, false)
		look(atRest-1, true)
		for range 100 {
			look(3*mb, false)
			look(10*mb, false)
		}
	}
}
