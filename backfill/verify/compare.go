package verify

import (
	"context"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

const (
	// accountsAtOnce is how many accounts are compared at the same time.
	accountsAtOnce = 4
	// linksAtOnce bounds the messages of all folders that are compared at the same time: about 130 bytes each.
	linksAtOnce = 400_000
	// defaultNames is how many messages of each kind of difference are named, unless asked for otherwise.
	defaultNames = 100
)

// Options say what is compared and how.
type Options struct {
	Account string // "": all
	// Quick reads no bodies: listings are compared by Message-ID, size and date. It finds what is missing or doubled,
	// not what has other bytes, and proves less.
	Quick bool
	Names int // messages named for each kind of difference in a folder, default 100
}

// Compare compares both sides of some accounts folder by folder. each is called as folders are done, one call at a
// time. It changes nothing but what Keep keeps.
func Compare(ctx context.Context, accounts []Account, opt Options, each func(Report) error) error {
	if opt.Names <= 0 {
		opt.Names = defaultNames
	}
	v := &comparing{opt: opt, room: semaphore.NewWeighted(linksAtOnce), each: each}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(accountsAtOnce)
	for i := range accounts {
		g.Go(func() error { return v.account(gctx, &accounts[i]) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// comparing is one comparison under way.
type comparing struct {
	opt  Options
	room *semaphore.Weighted

	mu   sync.Mutex
	each func(Report) error
}

// account compares an account's folders and has kept how it ended.
func (v *comparing) account(ctx context.Context, a *Account) error {
	sum := newSummary()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(a.AtOnce)
	for _, f := range a.Folders {
		g.Go(func() error {
			r, err := v.folder(gctx, a, f)
			if err != nil {
				return err
			}
			v.mu.Lock()
			defer v.mu.Unlock()
			sum.add(&r)
			return v.each(r)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if v.opt.Quick { // it proves too little
		return nil
	}
	return a.Keep(sum.end())
}

// folder compares one folder as soon as there is room for its messages.
func (v *comparing) folder(ctx context.Context, a *Account, f Folder) (Report, error) {
	room := int64(min(max(f.Size(), 1000), linksAtOnce))
	if err := v.room.Acquire(ctx, room); err != nil {
		return Report{}, err
	}
	defer v.room.Release(room)
	j := newComparison(f, v.opt)
	r := &j.report
	if err := j.run(ctx, a.Log); err != nil {
		if ctx.Err() != nil {
			return *r, ctx.Err()
		}
		r.Problem = strings.TrimPrefix(r.Problem+"; "+err.Error(), "; ")
	}
	r.conclude()
	return *r, nil
}
