package backfill

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"crossfade/backfill/lineage"
	"crossfade/backfill/turns"
	"crossfade/store"
)

// account is one user on both sides.
type account struct {
	e    *Engine
	id   store.AccountID
	key  string
	name string // destination login, for logs
	who  LoginIdentity
	from *source
	log  *slog.Logger

	domain  *domain       // what is counted for all accounts of its domain
	running bool          // its worker was started; guarded by e.mu
	wakeup  chan struct{} // of size one: there may be work
	again   chan struct{} // of size one: a pause after an error is over
	tree    *claim        // one refresher of the tree
	connect *claim        // one background login at a time
	settles *claim        // one folder settles at a time
	alters  atomic.Bool   // the destination was seen to alter messages
	taken   atomic.Uint64 // messages that the destination took in this run

	unnamed map[string]bool // saved bytes of which records went; guarded by mu

	glancedAt time.Time // of its worker alone

	high uint32 // UIDVALIDITYs that are made up are above it; 0 unless the account was rebuilt

	sessions  int       // of clients; guarded by mu, as what follows
	piped     int       // of these, handed over to the destination
	lastLogin time.Time // as the state has it
	arrived   time.Time // last login in this run

	mu       sync.Mutex
	anew     bool             // it is begun anew at the next start, and rests until then
	rebuild  string           // why it waits for 'crossfade rebuild'; "" if it does not
	old      []store.FolderID // folders of the state before, until it is rebuilt
	secrets  secrets          // sealed
	proof    [32]byte
	provenAt time.Time
	src      Mail
	dst      Writer
	folders  map[store.FolderID]*folder // all of the account's, loaded or not
	treeInfo treeInfo
	views    []view    // of the source that show all messages and are not moved
	retryAt  time.Time // after a failed background login
	problems problem
	patience turns.Patience
	parting  parting
	paused   bool // by an admin's command, as in the record
	priority int
	closed   bool
	believed bool // the admin says that what vanished from the source was deleted
	accepted bool // the record says so
	aliasUse aliasUse
	clean    cleaning
	sight    *store.Sight // what the source shows to a login that is not the user's
	leftAt   time.Time    // when the source was last asked what does not move
	treeDue  bool         // a source folder was not found: it may have been renamed
	settled  time.Time    // when the last folder was; zero: not all are
	lostAt   time.Time    // when a source folder was last found to lack something: the others are looked at again
}

// newAccount makes the in-memory account with its folders' records; links are loaded when a folder is used.
func newAccount(e *Engine, rec store.Account) (*account, error) {
	a := &account{
		e: e, id: rec.ID, key: rec.Key, name: rec.DestLogin, who: identityOf(rec), from: e.sourceNamed(rec.Source), secrets: secrets{rec.Secret, rec.SourceSecret}, lastLogin: rec.LastLogin,
		log:    e.log.With("account", rec.DestLogin),
		wakeup: make(chan struct{}, 1), again: make(chan struct{}, 1), paused: rec.Paused, priority: rec.Priority, tree: newClaim(e.opt.Source, e.opt.Destination), connect: newClaim(e.opt.Source, e.opt.Destination), settles: newClaim(),
		folders: make(map[store.FolderID]*folder),
		high:    rec.HighUIDValidity, rebuild: rec.Rebuild, believed: rec.LossAccepted, accepted: rec.LossAccepted, settled: rec.Settled, parting: partingOf(rec),
	}
	if rec.Left != nil {
		a.leftAt = rec.Left.At
	}
	a.sight = rec.Sight
	a.domain = e.domains.of(a.name)
	a.aliasUse.noted, a.aliasUse.last = rec.AliasUses, rec.AliasUsed
	var recs []store.Folder
	var tallies map[store.FolderID]store.Tally
	err := e.store.View(func(rx *store.Rx) (err error) {
		if recs, err = rx.Folders(rec.ID); err != nil {
			return err
		}
		tallies, err = rx.Tallies(rec.ID)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the folders of %s: %w", rec.DestLogin, err)
	}
	for _, r := range recs {
		if r.State == lineage.OldFolder {
			a.old = append(a.old, r.ID)
			continue
		}
		f := unloaded(a, r)
		if r.Draft != 0 { // the program ended before it could take the folder's place
			if err := (&draft{f: f}).discard(); err != nil && !IsFull(err) {
				return nil, err
			}
		}
		if t, ok := tallies[r.ID]; ok || untouched(r) {
			f.tally, f.tallied, f.kept = tallyFrom(t), true, ok
		}
		a.folders[r.ID] = f
	}
	return a, nil
}

// hasSettled tells whether all folders were shown under the destination's own identity: new ones are from the start.
func (a *account) hasSettled() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.settled.IsZero()
}

// kick tells the worker that there may be something to do.
func (a *account) kick() {
	select {
	case a.wakeup <- struct{}{}:
	default:
	}
}

// source returns the source's connections, logging in with the stored password if need be.
func (a *account) source(ctx context.Context) (Mail, error) {
	a.mu.Lock()
	m := a.src
	a.mu.Unlock()
	if m != nil {
		return m, nil
	}
	err := a.reconnect(ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.src == nil { // the error may be the other side's only
		return nil, fmt.Errorf("source: %w", errors.Join(ErrUnavailable, err))
	}
	return a.src, nil
}

// dest returns the destination's connections, logging in with the stored password if need be.
func (a *account) dest(ctx context.Context) (Writer, error) {
	a.mu.Lock()
	w := a.dst
	a.mu.Unlock()
	if w != nil {
		return w, nil
	}
	err := a.reconnect(ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.dst == nil {
		return nil, fmt.Errorf("destination: %w", errors.Join(ErrUnavailable, err))
	}
	return a.dst, nil
}

// reconnect logs in on the sides that have no connection, with the stored password. Servers block addresses
// that fail often, so a failure is not tried again for a while.
func (a *account) reconnect(ctx context.Context) error {
	if err := a.connect.take(ctx); err != nil {
		return err
	}
	defer a.connect.release()
	a.mu.Lock()
	src, dst, sealed, wait, closed := a.src, a.dst, a.secrets, time.Until(a.retryAt), a.closed
	shut := !a.parting.closed.IsZero() || a.anew // only logins tell passwords then
	a.mu.Unlock()
	switch {
	case src != nil && dst != nil:
		return nil
	case wait > 0 || closed || shut:
		return ErrUnavailable
	}
	secret, err := a.e.vault.open(a.key, sealed.dest)
	if err != nil {
		return err
	}
	var first error
	if src == nil {
		if src, err = a.loginSource(ctx, secret, sealed.source); err != nil {
			src, first = nil, err
		}
	}
	if dst == nil {
		m, err := a.stored(ctx, a.e.opt.Destination, a.who.DestLogin, secret)
		switch w, ok := m.(Writer); {
		case err == nil && ok:
			dst = w
		case first == nil:
			first = err
		}
	}
	if !a.hold(src, dst) {
		return ErrUnavailable
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if first != nil {
		a.retryAt = time.Now().Add(turns.RetryLogin(passwordRefused(first)))
		a.problems = problem{Text: first.Error(), Since: time.Now()}
		return first
	}
	a.proof, a.problems = a.e.vault.digest(a.key, secret), problem{}
	return nil
}

// hold keeps connections, or ends them when the engine has ended meanwhile. A login may have brought others in
// the meantime: those stay.
func (a *account) hold(src Mail, dst Writer) bool {
	a.mu.Lock()
	closed := a.closed
	if !closed && a.src == nil {
		a.src, src = src, nil
	}
	if !closed && a.dst == nil {
		a.dst, dst = a.proves(dst), nil
	}
	if src == a.src {
		src = nil
	}
	if dst == a.dst {
		dst = nil
	}
	a.mu.Unlock()
	end(src, dst)
	return !closed
}

// close ends the connections.
func (a *account) close() {
	a.noteAliases(true)
	a.mu.Lock()
	src, dst := a.src, a.dst
	a.src, a.dst, a.closed = nil, nil, true
	a.mu.Unlock()
	end(src, dst)
}

// end closes connections of both sides.
func end(src Mail, dst Writer) {
	for _, m := range []Mail{src, mailOf(dst)} {
		if m != nil {
			_ = m.Close()
		}
	}
}

// all returns the account's folders in the order of their ids.
func (a *account) all() []*folder {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := make([]*folder, 0, len(a.folders))
	for _, f := range a.folders {
		out = append(out, f)
	}
	sortFolders(out)
	return out
}
