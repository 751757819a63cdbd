package backfill

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"golang.org/x/sync/errgroup"
)

// treeInfo is what the last listing of both sides gave.
type treeInfo struct {
	at     time.Time
	source []Folder
	dest   []Folder
	sep    string // the destination's hierarchy separator

	sourcePrefix, destPrefix   string
	sourceForeign, destForeign []string
	sourceCaps                 imap.CapSet

	sourceAt time.Time // when the source was last listed
	doubt    string    // why the source's listing is not believed; "" if it is
}

// refreshTree lists both sides unless that was done within maxAge, decides where new source folders go, and
// records it. Decisions that were made stay: a folder that clients saw does not move by itself.
func (a *account) refreshTree(ctx context.Context, maxAge time.Duration) error {
	if err := a.tree.take(ctx); err != nil {
		return err
	}
	defer a.tree.release()
	a.mu.Lock()
	fresh := !a.treeInfo.at.IsZero() && time.Since(a.treeInfo.at) < maxAge
	a.mu.Unlock()
	if fresh {
		return nil
	}
	return a.relist(ctx)
}

// relist is refreshTree without asking how old the last listing is; the caller holds the tree.
func (a *account) relist(ctx context.Context) error {
	info, writer, err := a.listBoth(ctx)
	if err != nil {
		return err
	}
	if err := a.followTree(ctx, &info, writer); err != nil {
		return err
	}
	if err := a.plan(ctx, info, writer); err != nil {
		return fmt.Errorf("record the folder tree: %w", err)
	}
	a.mu.Lock()
	a.treeInfo, a.treeDue = info, false
	a.mu.Unlock()
	return nil
}

// treeAge is how old a listing of both sides may be for a pass over the folders: both servers should stay
// comfortable, unless something vanished.
func (a *account) treeAge() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.treeDue || a.lostAt.After(a.treeInfo.sourceAt) || a.treeInfo.sourceAt.Before(a.treeInfo.at) {
		return a.e.opt.Recheck / 2
	}
	return quietTree * a.e.opt.Recheck
}

// wantTree has the next pass list both sides.
func (a *account) wantTree() {
	a.mu.Lock()
	a.treeDue = true
	a.mu.Unlock()
	a.kick()
}

// listBoth lists both sides. The destination must answer, or the list would be short (rule 4). The source's
// folders are known from the records once it has been listed.
func (a *account) listBoth(ctx context.Context) (treeInfo, Writer, error) {
	info := treeInfo{at: time.Now()}
	var writer Writer
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		w, err := a.dest(gctx)
		if err != nil {
			return err
		}
		writer, info.sep, info.destPrefix, info.destForeign = w, w.Features().Separator, w.Features().Prefix, w.Features().Foreign
		info.dest, err = a.listDest(gctx, w)
		return err
	})
	var srcErr error
	shut := a.shut()
	g.Go(func() error {
		if shut {
			return nil
		}
		src, err := a.source(gctx)
		if err == nil {
			info.source, err = src.Folders(gctx)
			if err == nil {
				err = a.lookSight(gctx, src)
			}
			had := src.Features()
			info.sourcePrefix, info.sourceForeign, info.sourceCaps = had.Prefix, had.Foreign, had.Caps
		}
		srcErr = err
		return nil
	})
	if err := g.Wait(); err != nil || shut {
		return info, writer, err
	}
	if srcErr != nil {
		known := slices.ContainsFunc(a.all(), func(f *folder) bool { return len(f.record().Sources) > 0 })
		if !known {
			return info, nil, fmt.Errorf("source: %w", srcErr)
		}
		a.log.Warn("the source's folders cannot be listed, going on with those known", "err", srcErr)
		a.mu.Lock()
		info.source, info.sourcePrefix, info.sourceForeign = a.treeInfo.source, a.treeInfo.sourcePrefix, a.treeInfo.sourceForeign
		info.sourceAt, info.doubt, info.sourceCaps = a.treeInfo.sourceAt, a.treeInfo.doubt, a.treeInfo.sourceCaps
		a.mu.Unlock()
		return info, writer, nil
	}
	info.sourceAt, info.doubt = info.at, a.doubtTree(info.source)
	return info, writer, nil
}
