package backfill

import (
	"context"
	"errors"
	"sync"
	"time"

	"crossfade/store"
)

// Session is one logged-in client of an account: the one door for everything that talks to clients. Names are
// raw, as clients send them.
type Session struct {
	a       *account
	counted bool // a client's, not one that is used in here
	closing sync.Once

	pipe  *Pipe // to the destination, until somebody takes it over; guarded by a.mu
	piped bool  // it was taken over
}

func newSession(a *account) *Session { return &Session{a: a} }

// Account is the account's name for logs and limits.
func (s *Session) Account() string { return s.a.name }

// Separator is the hierarchy separator of the tree that clients see: the destination's.
func (s *Session) Separator() string {
	s.a.mu.Lock()
	defer s.a.mu.Unlock()
	if s.a.treeInfo.sep == "" && s.a.dst != nil {
		return s.a.dst.Features().Separator
	}
	return s.a.treeInfo.sep
}

// List returns the tree that clients see, complete or an error.
func (s *Session) List(ctx context.Context) ([]ListEntry, error) {
	if err := s.a.refreshTree(ctx, 3*time.Second); err != nil {
		return nil, err
	}
	return s.a.list(), nil
}

// known sees to it that the tree has been listed once since the program started.
func (s *Session) known(ctx context.Context) error {
	s.a.mu.Lock()
	listed := !s.a.treeInfo.at.IsZero()
	s.a.mu.Unlock()
	if listed {
		return nil
	}
	err := s.a.refreshTree(ctx, time.Hour)
	if err != nil && IsUnavailable(err) && len(s.a.all()) > 0 {
		return nil // what is known is served
	}
	return err
}

// folder finds and loads a folder, ready to be told of, and lets the caller in, who is inside already, if so, of another
// one. A folder that switches to other numbers meanwhile is found again. done ends it.
func (s *Session) folder(ctx context.Context, name string, inside *folder) (f *folder, done func(), err error) {
	if err := s.known(ctx); err != nil {
		return nil, nil, err
	}
	for {
		if f, err = s.a.resolve(ctx, name); err != nil {
			return nil, nil, err
		}
		if done, err = f.visit(ctx, f != inside); !errors.Is(err, ErrSwitched) || f == inside {
			return f, done, err
		}
	}
}

// visit loads the folder and makes it ready to be told of.
func (f *folder) visit(ctx context.Context, enter bool) (done func(), err error) {
	if enter {
		if err := f.passage.enter(ctx); err != nil {
			return nil, err
		}
	}
	leave := func() {
		if enter {
			f.passage.leave()
		}
	}
	if err := f.use(); err != nil {
		leave()
		return nil, err
	}
	done = func() { f.done(); leave() }
	if err := f.ready(ctx); err != nil {
		done()
		return nil, err
	}
	return done, nil
}

// Open selects a folder (SELECT, EXAMINE). It goes to the head of the copying queue.
func (s *Session) Open(ctx context.Context, name string, readOnly bool) (*Mailbox, error) {
	f, done, err := s.folder(ctx, name, nil)
	if err != nil {
		return nil, err
	}
	defer done()
	if err := f.use(); err != nil { // for as long as it is open
		return nil, err
	}
	f.view()
	s.a.log.Debug("opened", "folder", f.record().Name, "readonly", readOnly)
	return &Mailbox{a: s.a, f: f, readOnly: readOnly}, nil
}

// Status answers STATUS in shown numbers. Size costs a listing the first time it is asked for.
func (s *Session) Status(ctx context.Context, name string, size bool) (Status, error) {
	f, done, err := s.folder(ctx, name, nil)
	if err != nil {
		return Status{}, err
	}
	defer done()
	if size {
		if err := f.learnDetails(ctx); err != nil {
			return Status{}, err
		}
	}
	return f.status(), nil
}

// status counts from the state; the caller uses the folder.
func (f *folder) status() Status {
	f.mu.RLock()
	defer f.mu.RUnlock()
	st := Status{UIDValidity: f.rec.Identity.UIDValidity, UIDNext: f.uidNext()}
	unseen := make([]bool, len(f.sets.list))
	deleted := make([]bool, len(f.sets.list))
	for i, s := range f.sets.list {
		unseen[i], deleted[i] = !s.Has(`\Seen`), s.Has(`\Deleted`)
	}
	for i := range f.links {
		l := &f.links[i]
		if !visible(l) {
			continue
		}
		st.Messages++
		if l.UID >= f.recent.from {
			st.Recent++
		}
		if l.HasDetails {
			st.Size += l.Size
		}
		if unseen[l.Flags] {
			if st.Unseen++; st.FirstUnseen == 0 {
				st.FirstUnseen = st.Messages
			}
		}
		if deleted[l.Flags] {
			st.Deleted++
		}
	}
	return st
}

// uidNext is the UIDNEXT that is told; the caller holds mu.
func (f *folder) uidNext() uint32 {
	if !f.rec.Identity.Native {
		return f.rec.Identity.NextUID
	}
	next := max(f.rec.DestUIDNext, f.appended, 1)
	if n, _ := find(f.links, provisional); n > 0 {
		next = max(next, f.links[n-1].UID+1)
	}
	return next
}

// Subscribe changes the destination's subscription. The source's one is no longer carried over afterwards.
func (s *Session) Subscribe(ctx context.Context, name string, on bool) error {
	if err := s.a.e.room(); err != nil {
		return err
	}
	if err := s.known(ctx); err != nil {
		return err
	}
	w, err := s.a.dest(ctx)
	if err != nil {
		return err
	}
	f, err := s.a.resolve(ctx, name)
	switch {
	case errors.Is(err, ErrNoFolder): // RFC 3501 6.3.6: a name may be subscribed that does not exist
		path, _ := s.a.namedPath(w, name)
		return w.Subscribe(ctx, w.Name(path), on)
	case err != nil:
		return err
	}
	rec := f.record()
	if err := w.Subscribe(ctx, rec.Name, on); err != nil && (on || len(rec.Sources) == 0) {
		return err
	}
	f.mu.Lock()
	f.onDest.Subscribed = on
	f.mu.Unlock()
	if rec.Subscribed {
		return nil
	}
	return f.edit(func(e *edit) error { e.record().Subscribed = true; return nil })
}

// hasDest tells whether the folder exists on the destination, so that something can be written there.
func hasDest(rec store.Folder) error {
	if rec.DestUIDValidity == 0 {
		return &Refusal{Code: "CANNOT", Text: "the new server does not accept this folder; it is served from the old one and nothing can be added to it"}
	}
	return nil
}
