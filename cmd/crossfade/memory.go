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
)

// limitMemory has the garbage collector follow --memory, unless the environment says how it is to work. Left alone it
// lets as much garbage gather as there is in use. What is needed always fits: the limit grows with it, for a collector
// that runs against its limit does nothing else. stop ends that.
func limitMemory(bodies int64) (stop func()) {
	if os.Getenv("GOMEMLIMIT") != "" || os.Getenv("GOGC") != "" {
		return func() {}
	}
	before := debug.SetMemoryLimit(memoryLimit(bodies, 0))
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(lookAtMemory)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				debug.SetMemoryLimit(memoryLimit(bodies, inUse()))
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

// inUse is how much the last collection found in use.
func inUse() int64 {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return int64(s[0].Value.Uint64())
}
