package backfill

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"crossfade/store"
)

const (
	// verifyAccounts is how many accounts are compared at the same time.
	verifyAccounts = 4
	// verifyLinks bounds the messages of all folders that are compared at the same time: about 130 bytes each.
	verifyLinks = 400_000
	// verifyNames is how many messages of each kind of difference are named, unless asked for otherwise.
	verifyNames = 100
)

// VerifyOptions say what is compared and how.
type VerifyOptions struct {
	Account string // "": all
	// Quick reads no bodies: listings are compared by Message-ID, size and date. It finds what is missing or doubled,
	// not what has other bytes, and proves less.
	Quick bool
	Names int // messages named for each kind of difference in a folder, default 100
}

// Verify compares both sides of an account ("" for all) folder by folder, and reads every message. It changes
// nothing on either side.
func (e *Engine) Verify(ctx context.Context, name string, each func(FolderReport) error) error {
	return e.Compare(ctx, VerifyOptions{Account: name}, each)
}

// Compare is Verify with options. It is background work: nobody waits for it, and each is called as folders are
// done, one call at a time. How a full comparison of an account ended is kept in the state.
func (e *Engine) Compare(ctx context.Context, opt VerifyOptions, each func(FolderReport) error) error {
	accounts, err := e.accountsNamed(opt.Account)
	if err != nil {
		return err
	}
	if opt.Names <= 0 {
		opt.Names = verifyNames
	}
	v := &verifying{opt: opt, room: semaphore.NewWeighted(verifyLinks), each: each}
	g, gctx := errgroup.WithContext(WithBackground(ctx))
	g.SetLimit(verifyAccounts)
	for _, a := range accounts {
		g.Go(func() error { return v.account(gctx, a) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// Servers are the names of the two servers.
func (e *Engine) Servers() (source, destination string) {
	return e.opt.Source.Host(), e.opt.Destination.Host()
}

// accountsNamed finds an account by its name, or all of them, in the order of their names.
func (e *Engine) accountsNamed(name string) ([]*account, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []*account
	for _, a := range e.accounts {
		if name == "" || canonical(a.name) == canonical(name) {
			out = append(out, a)
		}
	}
	if len(out) == 0 && name != "" {
		return nil, fmt.Errorf("no account %q is known: accounts are enrolled by their first login", name)
	}
	slices.SortFunc(out, func(a, b *account) int { return strings.Compare(a.name, b.name) })
	return out, nil
}

// verifying is one comparison under way.
type verifying struct {
	opt  VerifyOptions
	room *semaphore.Weighted

	mu   sync.Mutex
	each func(FolderReport) error
}

// account compares an account's folders and keeps how it ended.
func (v *verifying) account(ctx context.Context, a *account) error {
	sum := newSummary(v.opt)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(a.e.opt.PerAccount)
	for _, f := range a.all() {
		g.Go(func() error {
			r, err := v.folder(gctx, f)
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
	return a.keepSummary(sum)
}

// folder compares one folder as soon as there is room for its messages.
func (v *verifying) folder(ctx context.Context, f *folder) (FolderReport, error) {
	f.countOnce()
	counted := f.counted()
	room := int64(min(max(counted.all(), 1000), verifyLinks))
	if err := v.room.Acquire(ctx, room); err != nil {
		return FolderReport{}, err
	}
	defer v.room.Release(room)
	r, err := f.verify(ctx, v.opt)
	if err != nil {
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		r.Problem = strings.TrimPrefix(r.Problem+"; "+err.Error(), "; ")
	}
	r.conclude()
	return r, nil
}

// all is the number of links.
func (t *tally) all() (n int) {
	for _, s := range t.states {
		n += s
	}
	return n
}

// verify reads one folder on both sides and compares them.
func (f *folder) verify(ctx context.Context, opt VerifyOptions) (FolderReport, error) {
	rec := f.record()
	r := FolderReport{Account: f.acct.name, Folder: rec.Path.String(), Name: rec.Name, Problem: f.problem().Text, Reappended: rec.Reappended, names: opt.Names}
	for _, b := range ownSources(rec) {
		r.Sources = append(r.Sources, rec.Sources[b].Name)
	}
	if err := f.use(); err != nil {
		return r, err
	}
	defer f.done()
	j := &comparison{f: f, r: &r, rec: rec, quick: opt.Quick, before: f.was()}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { j.below, err = f.readBelow(gctx, rec, opt.Quick); return err })
	g.Go(func() (err error) { j.above, err = f.readAbove(gctx, rec, opt.Quick); return err })
	if err := g.Wait(); err != nil {
		return r, err
	}
	j.all()
	if err := f.refusals(&r, j); err != nil {
		return r, err
	}
	f.nameThem(ctx, &r)
	return r, nil
}

// was is what a link was before both sides were read.
type was struct {
	uid, dst uint32
	version  uint64 // of its flags
	state    store.State
}

// was notes what the links are, ascending by UID.
func (f *folder) was() []was {
	f.mu.RLock()
	defer f.mu.RUnlock()
	out := make([]was, len(f.links))
	for i := range f.links {
		out[i] = was{f.links[i].UID, f.links[i].Dst, f.changed[i], f.links[i].State}
	}
	return out
}
