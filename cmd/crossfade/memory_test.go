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
	if n := inUse(); n <= 0 || n == math.MaxInt64 {
		t.Errorf("%d bytes in use", n)
	}
}
