package backfill

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

const (
	// listenCheck is how often a folder is looked at although its servers tell of news: connections die silently.
	listenCheck = 30 * time.Second
	// listenAgain is the pause before a server that does not tell of news is asked again to.
	listenAgain = time.Minute
	// newsPause bounds how often news are looked at: they come in bursts.
	newsPause = 200 * time.Millisecond
)

// listening is what the servers of an open folder tell by themselves.
type listening struct {
	news       chan struct{} // of size one
	below, own atomic.Bool   // the source, the destination tells of its news just now
}

// listen has both servers tell of news in the folder, until ctx ends; a server that cannot is polled.
func (f *folder) listen(ctx context.Context) *listening {
	l := &listening{news: make(chan struct{}, 1)}
	rec := f.record()
	boxes := ownSources(rec)
	if len(boxes) == 0 {
		l.below.Store(true) // there is nothing to tell
	}
	f.acct.e.mu.Lock()
	defer f.acct.e.mu.Unlock()
	if f.acct.e.stopped {
		return l
	}
	if len(boxes) == 1 { // of merged ones the others would have to be polled all the same
		f.acct.e.spawn(func() {
			l.side(ctx, &l.below, f.acct.source, func() string { return f.record().Sources[boxes[0]].Name })
		})
	}
	f.acct.e.spawn(func() {
		l.side(ctx, &l.own, func(ctx context.Context) (Mail, error) { return f.acct.dest(ctx) }, func() string { return f.record().Name })
	})
	return l
}

// side listens to one server for as long as that works.
func (l *listening) side(ctx context.Context, up *atomic.Bool, login func(context.Context) (Mail, error), box func() string) {
	for ctx.Err() == nil {
		m, err := login(ctx)
		if listener, ok := m.(Listener); err == nil && ok {
			err = listener.Listen(ctx, box(), func() {
				up.Store(true)
				select {
				case l.news <- struct{}{}:
				default:
				}
			})
		} else if err == nil {
			err = ErrNotOffered
		}
		up.Store(false)
		pause := listenAgain
		if err == nil || !errors.Is(err, ErrNotOffered) {
			pause = listenAgain / 10
		}
		_ = sleep(ctx, pause) // its end is seen above
	}
}

// wait waits for news, or as long as is said. It tells whether there are news.
func (l *listening) wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-l.news:
		return true
	case <-t.C:
	case <-ctx.Done():
	}
	return false
}

// both tells whether nothing needs to be polled.
func (l *listening) both() bool { return l.below.Load() && l.own.Load() }
