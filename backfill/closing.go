package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"crossfade/store"
)

// closeQuiet is how long nothing must have arrived on the source before it is watched no more.
const closeQuiet = 14 * 24 * time.Hour

// Closing tells what became of the wish to close an account, or what stands in the way.
type Closing struct {
	Account string     `json:"account"`
	Closed  *time.Time `json:"closed,omitempty"` // nil: it is not closed
	// Why is what mail would be lost by; Unless what the admin may close it in spite of.
	Why    []string `json:"why,omitempty"`
	Unless []string `json:"unless,omitempty"`
}

// CloseAccount ends the watch of the source of an account that has settled: for good, because its password is erased wherever it lies (see keyring), and
// with it what is known of deleted mail. Both sides are looked at once more before. It is not done while a message is
// still to be carried over, whatever the admin says; anyway closes it although mail arrived lately, or although the
// source cannot be asked.
func (e *Engine) CloseAccount(ctx context.Context, name string, anyway bool) (Closing, error) {
	if name == "" {
		return Closing{}, &Refusal{Text: "which account?"}
	}
	accounts, _, err := e.find(Target{Account: name})
	if err != nil {
		return Closing{}, err
	}
	a := accounts[0]
	ctx = WithBackground(ctx)
	c := Closing{Account: a.name, Closed: timeOf(a.parted().closed)}
	if c.Closed != nil { // it may have been killed in the middle
		return c, errors.Join(e.vault.destroy(a.id), a.erase(ctx))
	}
	if c.Why, c.Unless, err = a.whyOpen(ctx); err != nil || len(c.Why) > 0 || len(c.Unless) > 0 && !anyway {
		return c, err
	}
	if err := a.leaveSource(); err != nil {
		return c, err
	}
	c.Closed, c.Unless = timeOf(a.parted().closed), nil
	a.log.Info("the account is closed: its source is watched no more")
	return c, errors.Join(e.vault.destroy(a.id), a.erase(ctx))
}

// whyOpen looks at both sides once more, and tells what of the account mail would be lost by if it were closed, and what
// an admin may decide about.
func (a *account) whyOpen(ctx context.Context) (why, unless []string, err error) {
	if a.rebuilding() {
		return []string{"it waits for 'crossfade rebuild'"}, nil, nil
	}
	if n := a.countUnsettled(); n > 0 || a.parted().settled.IsZero() {
		return []string{fmt.Sprintf("it has not settled: %d folders are not shown under the new server's numbers", n)}, nil, nil
	}
	if h := a.hidden(); h != "" {
		why = append(why, h)
	}
	ask := func(format string, args ...any) { unless = append(unless, fmt.Sprintf(format, args...)) }
	if err := a.lookLast(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		ask("the old server could not be looked at once more: %v", err)
	}
	last, in := time.Time{}, ""
	for _, f := range a.all() {
		path := f.record().Path.String()
		left, err := f.leftOpen()
		if err != nil {
			return nil, nil, err
		}
		if left != "" {
			why = append(why, path+": "+left)
		}
		if p := f.problem().Text; p != "" {
			ask("%s: %s", path, p)
		}
		at, err := f.lastArrival(time.Now())
		if err != nil {
			return nil, nil, err
		}
		if at.After(last) {
			last, in = at, path
		}
	}
	if time.Since(last) < closeQuiet {
		ask("mail arrived on the old server on %s, in %s: less than 14 days ago", last.UTC().Format("2006-01-02 15:04 MST"), in)
	}
	return why, unless, nil
}

// countUnsettled is how many folders are not shown under the destination's numbers.
func (a *account) countUnsettled() (n int) {
	for _, f := range a.all() {
		if needsSettling(new(f.record())) {
			n++
		}
	}
	return n
}

// lookLast looks at everything afresh, and returns the first error.
func (a *account) lookLast(ctx context.Context) error {
	if err := a.refreshTree(ctx, 0); err != nil {
		return err
	}
	a.mu.Lock()
	listed, doubt := a.treeInfo.sourceAt.Equal(a.treeInfo.at), a.treeInfo.doubt
	a.mu.Unlock()
	switch {
	case !listed:
		return errors.New("its folders cannot be listed")
	case doubt != "":
		return errors.New(doubt)
	}
	for _, f := range a.all() {
		if err := f.use(); err != nil {
			return err
		}
		err := f.refresh(ctx, 0)
		f.done()
		if err != nil {
			return fmt.Errorf("%s: %w", f.record().Path, err)
		}
	}
	return nil
}

// leftOpen tells what of the folder would be lost.
func (f *folder) leftOpen() (string, error) {
	open, err := f.openIntent()
	t := f.counted()
	switch {
	case err != nil:
		return "", err
	case needsSettling(new(f.record())):
		return "it has not settled", nil
	case t.left() > 0:
		return fmt.Sprintf("%d messages are not copied yet", t.left()), nil
	case open || t.flying+t.removing+t.leaving > 0:
		return "copies or removals are under way", nil
	case t.unsigned() > 0:
		return fmt.Sprintf("%d messages were refused and are not signed off", t.unsigned()), nil
	}
	return "", nil
}

// leaveSource notes that the account is closed and erases its passwords, in one transaction, and ends the connections to
// the source.
func (a *account) leaveSource() error {
	now := time.Now().UTC()
	err := a.change(func(rec *store.Account) { rec.Closed, rec.Secret, rec.SourceSecret = now, nil, nil })
	if err != nil {
		return err
	}
	a.mu.Lock()
	src := a.src
	a.src, a.secrets, a.problems = nil, secrets{}, problem{}
	a.mu.Unlock()
	end(src, nil)
	a.kick()                                              // its worker ends
	if err := a.e.lineage.MarkClosed(a.key); err != nil { // the next start of the program tells them
		a.log.Warn("it could not be noted that the account is closed", "err", err)
	}
	return nil
}

// shut tells whether the account's source is watched no more.
func (a *account) shut() bool { return !a.parted().closed.IsZero() }

// erase forgets what a closed account knows of its source: whiteouts, folders that its user deleted, and the names of
// the source's folders. It is done again after a kill.
func (a *account) erase(ctx context.Context) error {
	for _, f := range a.all() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if f.deleted() {
			if err := a.dropFolder(f); err != nil {
				return err
			}
			continue
		}
		if err := f.erase(); err != nil {
			return fmt.Errorf("erase what is known of deleted mail in %s: %w", f.record().Path, err)
		}
	}
	return nil
}

// erase is the same for one folder.
func (f *folder) erase() error {
	if rec := f.record(); f.counted().states[store.Whiteout] == 0 && !hasOwnSource(&rec) {
		return nil
	}
	if err := f.use(); err != nil {
		return err
	}
	defer f.done()
	return f.edit(func(e *edit) error {
		for i := range f.links {
			if f.links[i].State == store.Whiteout {
				e.forget(f.links[i].UID)
			}
		}
		r := e.record()
		r.Sources = slices.Clone(r.Sources)
		for i := range r.Sources {
			r.Sources[i].Gone = true
		}
		return nil
	})
}

// eraseRest ends, after a kill, what CloseAccount began.
func (e *Engine) eraseRest(ctx context.Context) {
	for _, a := range e.known() {
		if !a.shut() {
			continue
		}
		if err := a.erase(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("what is known of deleted mail could not be erased yet", "err", err)
		}
	}
}
