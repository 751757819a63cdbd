package backfill

import "sync"

// pauses know what rests, and tell those who wait for a host's leave in a folder that is paused meanwhile.
type pauses struct {
	mu      sync.Mutex
	waiting map[*pauseWaiter]struct{}
}

type pauseWaiter struct {
	f    *folder
	stop func()
}

// whenPaused calls stop if the folder is paused before the returned function is called.
func (p *pauses) whenPaused(f *folder, stop func()) (forget func()) {
	w := &pauseWaiter{f, stop}
	p.mu.Lock()
	if p.waiting == nil {
		p.waiting = make(map[*pauseWaiter]struct{})
	}
	p.waiting[w] = struct{}{}
	p.mu.Unlock()
	if f.rests() {
		stop()
	}
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.waiting, w)
	}
}

// changed stops the waiting in folders that rest now.
func (p *pauses) changed() {
	p.mu.Lock()
	var stop []func()
	for w := range p.waiting {
		if w.f.rests() {
			stop = append(stop, w.stop)
		}
	}
	p.mu.Unlock()
	for _, s := range stop {
		s()
	}
}

// rests tells whether the folder's copying is paused.
func (f *folder) rests() bool { return f.acct.e.isHeld() }
