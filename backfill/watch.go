package backfill

import (
	"context"
	"time"

	"crossfade/store"
)

// view counts a session that selects the folder; the first one starts the watcher that brings it news.
func (f *folder) view() {
	a := f.acct
	a.mu.Lock()
	f.viewers++
	f.opened = time.Now()
	start := !f.watched
	f.watched = true
	a.mu.Unlock()
	if start {
		a.e.mu.Lock()
		if !a.e.stopped {
			a.e.spawn(func() { f.watch(a.e.ctx) })
		}
		a.e.mu.Unlock()
	}
	a.kick()
}

func (f *folder) unview() {
	f.acct.mu.Lock()
	defer f.acct.mu.Unlock()
	f.viewers--
}

// watch looks at both sides of a folder every so often while a session has it selected, so that new mail on
// either side arrives within seconds.
func (f *folder) watch(ctx context.Context) {
	if f.use() != nil {
		f.stopWatching(true)
		return
	}
	defer f.done()
	f.noteClient()
	lctx, hush := context.WithCancel(ctx)
	defer hush()
	l, last := f.listen(lctx), time.Now()
	for {
		told := l.wait(ctx, f.acct.e.opt.Poll)
		if ctx.Err() != nil {
			f.stopWatching(true)
			return
		}
		if f.stopWatching(f.passage.over()) {
			return
		}
		if !told && l.both() && time.Since(last) < listenCheck {
			continue
		}
		last = time.Now()
		if err := f.refresh(ctx, 0); err != nil && ctx.Err() == nil {
			f.acct.log.Debug("a look at an open folder failed", "folder", f.record().Name, "err", err)
		}
		if told { // its end is seen above
			_ = sleep(ctx, min(newsPause, f.acct.e.opt.Poll))
		}
	}
}

// stopWatching ends the watcher if nobody looks any more.
func (f *folder) stopWatching(anyway bool) bool {
	f.acct.mu.Lock()
	defer f.acct.mu.Unlock()
	if f.viewers > 0 && !anyway {
		return false
	}
	f.watched = false
	return true
}

// refresh looks at both sides unless that was done within maxAge.
func (f *folder) refresh(ctx context.Context, maxAge time.Duration) error {
	if err := f.sync.take(ctx); err != nil {
		return err
	}
	defer f.sync.release()
	if time.Since(f.looked) < maxAge {
		return nil
	}
	if f.passage.over() {
		return ErrSwitched
	}
	began := time.Now()
	err := f.look(ctx, false)
	f.looked = time.Now()
	f.noteLook(began, err)
	if f.counted().states[store.Listed] > 0 {
		f.acct.kick()
	}
	return err
}
