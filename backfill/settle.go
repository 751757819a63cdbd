package backfill

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// folderSettled is the State of folders that are shown under the destination's own identity although they have, or had,
// source folders.
const folderSettled = "settled"

// freshTree is how old the listing of both trees may be when an account settles.
const freshTree = time.Minute

// Unsettled is a folder that is not shown under the destination's own identity, and why not, in words for the admin.
type Unsettled struct {
	Account string   `json:"account"`
	Folder  string   `json:"folder"` // decoded
	Reasons []string `json:"reasons"`
}

// Settle shows folders of an account under the destination's own numbers, if nothing stands in the way: one, by its
// decoded or raw name, or all of them, for "". Both sides are listed afresh for that, and each folder is held for some
// seconds at most. It returns those that could not be switched now, with the reasons; a folder that has settled, or that
// only the destination has, is none of them.
func (e *Engine) Settle(ctx context.Context, account, name string) ([]Unsettled, error) {
	ctx = WithBackground(ctx)
	accounts, err := e.accountsNamed(account)
	if err != nil {
		return nil, err
	}
	for _, a := range accounts {
		if err := a.refreshTree(ctx, freshTree); err != nil {
			return nil, err
		}
	}
	left, err := e.eachUnsettled(account, name, func(f *folder) ([]string, error) { return f.settle(ctx) })
	for _, a := range accounts {
		if err == nil {
			err = a.settleRest(ctx)
		}
	}
	return left, err
}

// Unsettled lists the folders that are not settled, with what is known to stand in the way of each, from the state: no
// server is asked and no folder is loaded. One without reasons may settle; only the servers can tell.
func (e *Engine) Unsettled(account, name string) ([]Unsettled, error) {
	return e.eachUnsettled(account, name, func(f *folder) ([]string, error) {
		reasons, err := f.unsettled()
		return append([]string{}, reasons...), err
	})
}

// eachUnsettled asks why of every folder that is not settled, and lists those of which it is told.
func (e *Engine) eachUnsettled(account, name string, why func(*folder) ([]string, error)) ([]Unsettled, error) {
	accounts, err := e.accountsNamed(account)
	if err != nil {
		return nil, err
	}
	var out []Unsettled
	known := name == ""
	for _, a := range accounts {
		for _, f := range a.all() {
			rec := f.record()
			if name != "" && rec.Path.String() != name && rec.Name != name {
				continue
			}
			known = true
			if rec.Identity.Native || !rec.Deleted.IsZero() {
				continue
			}
			reasons, err := why(f)
			if err != nil {
				return out, fmt.Errorf("%s: %s: %w", a.name, rec.Path, err)
			}
			if reasons != nil {
				out = append(out, Unsettled{Account: a.name, Folder: rec.Path.String(), Reasons: reasons})
			}
		}
	}
	if !known {
		return out, fmt.Errorf("no folder %q is known: 'crossfade status' lists the folders", name)
	}
	return out, nil
}

// settle switches the folder to the destination's numbers, or tells why not. An error is one of the account or the host.
// Of an account one folder settles at a time.
func (f *folder) settle(ctx context.Context) ([]string, error) {
	if err := f.acct.settles.take(ctx); err != nil {
		return nil, err
	}
	defer f.acct.settles.release()
	f.noteSettles(true)
	defer f.noteSettles(false)
	if f.passage.over() { // somebody was quicker
		return nil, nil
	}
	why, err := f.trySettle(ctx)
	if err != nil && ctx.Err() == nil && folderOnly(err) {
		return append(why, err.Error()), nil
	}
	return why, err
}

// noteSettles notes that the folder is being tried.
func (f *folder) noteSettles(is bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.settles = is
}

func (f *folder) trySettle(ctx context.Context) (why []string, err error) {
	if err := f.use(); err != nil {
		return nil, err
	}
	defer f.done()
	if err := f.lookLocked(ctx); err != nil {
		return nil, err
	}
	if why, err = f.unsettled(); why != nil || err != nil {
		return why, err
	}
	notes, why, err := f.agrees(ctx)
	if why != nil || err != nil {
		return why, err
	}
	if err := f.acct.e.room(); err != nil {
		return nil, err
	}
	d, err := f.draft()
	if err != nil {
		return nil, err
	}
	g, why, err := f.holdAndSwitch(ctx, d)
	if g == nil {
		return why, errors.Join(err, d.discard())
	}
	for _, n := range notes {
		f.acct.log.Info("what the destination does not have as the source does", "folder", g.record().Name, "what", n)
	}
	g.setNote(folderSettled, strings.Join(notes, "; "))
	return nil, nil
}

// holdAndSwitch lets no client in, waits for those inside, looks at both sides once more, and switches. After an error, or
// when it takes too long, nothing has changed. The folder that it returns has taken this one's place.
func (f *folder) holdAndSwitch(ctx context.Context, d *draft) (g *folder, why []string, err error) {
	most := f.acct.e.opt.SettleHold
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	busy := func(err error) ([]string, error) {
		if errors.Is(err, context.DeadlineExceeded) {
			return []string{fmt.Sprintf("somebody was busy in it for longer than %v; it is tried again later", most)}, nil
		}
		return nil, err
	}
	a := f.acct
	release, err := f.passage.hold(ctx)
	if err != nil {
		why, err = busy(err)
		return nil, why, err
	}
	defer release()
	if err := a.tree.take(ctx); err != nil { // no folder is added while it may be the last one
		why, err = busy(err)
		return nil, why, err
	}
	defer a.tree.release()
	let, err := a.occupy(ctx, f)
	if err != nil {
		why, err = busy(err)
		return nil, why, err
	}
	defer let()
	if err := errors.Join(f.lookLower(ctx), f.lookUpper(ctx)); err != nil {
		why, err = busy(err)
		return nil, why, err
	}
	if err := f.flagging.take(ctx); err != nil {
		why, err = busy(err)
		return nil, why, err
	}
	defer f.flagging.release()
	if why, err = f.unsettled(); err == nil && why == nil {
		why = f.counts()
	}
	if why != nil || err != nil {
		return nil, why, err
	}
	if g, err = f.switchOver(d); err == nil {
		a.e.idle.add(g)
	}
	return g, nil, err
}

// counts tells whether both sides have as many messages as the links say, by the look that was just taken; the caller
// holds its claims.
func (f *folder) counts() (why []string) {
	for _, b := range ownSources(f.record()) {
		if cur := f.source[b]; cur == nil {
			continue // there is no such folder any more; see noteLostFolder
		} else if n := f.countBox(b); n != int(cur.state.Exists) {
			why = append(why, fmt.Sprintf("the source has %d messages, and %d are known", cur.state.Exists, n))
		}
	}
	if n, st := f.countDest(), f.destCursor().state; n != int(st.Exists) {
		why = append(why, fmt.Sprintf("the destination has %d messages, and %d are known", st.Exists, n))
	}
	return why
}
