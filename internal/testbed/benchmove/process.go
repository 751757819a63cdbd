package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// tick is the unit of the times in /proc/PID/stat (USER_HZ, 100 on every Linux that Go runs on).
const tick = 10 * time.Millisecond

// cpuTime is the user and system time of a process so far.
func cpuTime(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick
}

// peakOf is the most memory that a process has had resident since it runs its program, in bytes. What wait4 tells
// is no use: it counts what the process had from its parent before that.
func peakOf(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kb, _ := strconv.ParseInt(strings.TrimSpace(firstLine(strings.Replace(rest, "kB", "", 1))), 10, 64)
	return kb << 10
}

// watchPeak looks at a process until its end; the result stops that and tells the largest value.
func watchPeak(pid int) func() int64 {
	var peak int64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			peak = max(peak, peakOf(pid))
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	})
	return func() int64 { close(stop); wg.Wait(); return peak }
}
