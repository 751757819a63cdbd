package main

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// defaultMemory is what the engine takes for bodies if nothing is said.
	defaultMemory = 256 << 20
	// besidesBodies is room for all else: lists of messages, the store's tables, connections.
	besidesBodies = 192 << 20
	// lookAtMemory is how often it is looked at how much is needed.
	lookAtMemory = 5 * time.Second
	// atRest is how little is taken of the heap between two looks, in bytes, while there is hardly any work; muchWork takes
	// more than may be left lying.
	atRest, muchWork = 4 << 20, 16 << 20
)

// limitMemory has the garbage collector follow --memory, unless the environment says how it is to work. Left alone it
// lets as much garbage gather as there is in use. What is needed always fits: the limit grows with it, for a collector
// that runs against its limit does nothing else. When the work is done, what it left is given back to the system: thousands of
// clients in IDLE would hold it for hours. stop ends all that.
func limitMemory(bodies int64) (stop func()) {
	if os.Getenv("GOMEMLIMIT") != "" || os.Getenv("GOGC") != "" {
		return func() {}
	}
	before := debug.SetMemoryLimit(memoryLimit(bodies, 0))
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		var rest repose
		tick := time.NewTicker(lookAtMemory)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				debug.SetMemoryLimit(memoryLimit(bodies, runtimeBytes("/gc/heap/live:bytes")))
				if rest.ends(runtimeBytes("/gc/heap/allocs:bytes")) {
					debug.FreeOSMemory()
				}
			case <-quit:
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-done
		debug.SetMemoryLimit(before)
	}
}

// memoryLimit is what the program should take in all, if so much of it is in use.
func memoryLimit(bodies, live int64) int64 {
	if bodies == 0 {
		bodies = defaultMemory
	}
	return max(bodies+besidesBodies, live+live/2)
}

// repose tells when work ends.
type repose struct {
	seen   int64 // bytes ever taken of the heap, at the last look
	worked bool  // there was much work since memory was given back last
}

// ends is told how many bytes were ever taken of the heap, and tells whether memory should be given back now: once for each
// time of much work, and never for a little work that goes on and on.
func (r *repose) ends(taken int64) bool {
	since := taken - r.seen
	r.seen = taken
	if since >= muchWork {
		r.worked = true
	}
	if !r.worked || since >= atRest {
		return false
	}
	r.worked = false
	return true
}

// runtimeBytes is one of the runtime's own figures: what the last collection found in use, or what was ever taken of the heap.
func runtimeBytes(name string) int64 {
	s := []metrics.Sample{{Name: name}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return int64(s[0].Value.Uint64())
}
