package backfill

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"crossfade/backfill/verify"
	"crossfade/store"
)

// Verify compares both sides of an account ("" for all) folder by folder, and reads every message. It changes
// nothing on either side.
func (e *Engine) Verify(ctx context.Context, name string, each func(verify.Report) error) error {
	return e.Compare(ctx, verify.Options{Account: name}, each)
}

// Compare is Verify with options. It is background work: nobody waits for it, and each is called as folders are
// done, one call at a time. How a full comparison of an account ended is kept in the state.
func (e *Engine) Compare(ctx context.Context, opt verify.Options, each func(verify.Report) error) error {
	named, err := e.accountsNamed(opt.Account)
	if err != nil {
		return err
	}
	accounts := make([]verify.Account, 0, len(named))
	for _, a := range named {
		if a.shut() { // there is no other side any more
			if opt.Account != "" {
				return &Refusal{Text: a.name + " is closed: its old server is asked no more"}
			}
			continue
		}
		va := verify.Account{AtOnce: e.opt.PerAccount, Keep: a.keepVerified, Log: a.log}
		for _, f := range a.all() {
			va.Folders = append(va.Folders, compared{f})
		}
		accounts = append(accounts, va)
	}
	return verify.Compare(WithBackground(ctx), accounts, opt, each)
}

// Servers are the names of the servers; of several sources, parted by commas.
func (e *Engine) Servers() (source, destination string) {
	var hosts []string
	for _, s := range e.eachSource() {
		hosts = append(hosts, s.Host())
	}
	return strings.Join(hosts, ", "), e.opt.Destination.Host()
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

// keepVerified makes the end of a full comparison durable.
func (a *account) keepVerified(v store.Verified) error {
	return a.e.store.Update(func(tx *store.Tx) error {
		rec, err := tx.Account(a.id)
		if err != nil {
			return err
		}
		rec.Verified = &v
		return tx.PutAccount(rec)
	})
}

// compared is a folder as a comparison sees it.
type compared struct{ f *folder }

func (c compared) Open() error { return c.f.use() }
func (c compared) Close()      { c.f.done() }

// Size implements verify.Folder.
func (c compared) Size() (n int) {
	c.f.countOnce()
	t := c.f.counted()
	for _, s := range t.states {
		n += s
	}
	return n
}

// Head implements verify.Folder.
func (c compared) Head() verify.Head {
	f, rec := c.f, c.f.record()
	h := verify.Head{Account: f.acct.name, Path: rec.Path.String(), Name: rec.Name, Problem: f.problem().Text, Reappended: rec.Reappended, Doubt: tooMany}
	for i, s := range rec.Sources {
		gone := f.lost(uint16(i)) // nothing of it waits to be copied
		if s.Borrowed {
			gone = !f.acct.lends(s)
		}
		h.Sources = append(h.Sources, verify.Side{Name: s.Name, Expect: int(s.Exists), Borrowed: s.Borrowed, Gone: gone,
			Open: func(ctx context.Context) (verify.Box, error) {
				return f.sourceBox(ctx, s)
			}})
	}
	if h.Dest = (verify.Side{Name: rec.Name, Expect: f.countDest()}); rec.DestUIDValidity != 0 {
		h.Dest.Open = func(ctx context.Context) (verify.Box, error) {
			return f.destinationBox(ctx, rec)
		}
	}
	return h
}

// lost tells whether a source folder is known to be gone.
func (f *folder) lost(b uint16) bool {
	return f.record().Sources[b].Gone || f.hasNote(lostFolder(b))
}

// lends tells whether the source folder that others borrow from is there, as one of the folder that shows it.
func (a *account) lends(box store.SourceBox) bool {
	for _, f := range a.all() {
		for i, s := range f.record().Sources {
			if !s.Borrowed && s.Name == box.Name && s.UIDValidity == box.UIDValidity {
				return !f.lost(uint16(i))
			}
		}
	}
	return false
}

// Links implements verify.Folder.
func (c compared) Links(each func(verify.Link)) {
	f := c.f
	f.mu.RLock()
	defer f.mu.RUnlock()
	for i := range f.links {
		l := &f.links[i]
		each(verify.Link{Link: l, Told: l.UID < provisional, Version: f.changed[i],
			Shown: f.sets.get(l.Flags), Before: f.sets.get(l.Base), Sent: f.sets.get(l.Sent)})
	}
}

// Refused implements verify.Folder.
func (c compared) Refused() (list []verify.Refused, whole string, err error) {
	recs, err := c.f.quarantined()
	if err != nil {
		return nil, "", err
	}
	for _, q := range recs {
		list = append(list, verify.Refused{UID: q.UID, Class: classOf(q).String(), Reason: q.Reason, Code: q.Code, Words: q.Words, SignedOff: q.SignedOff})
	}
	c.f.mu.RLock()
	defer c.f.mu.RUnlock()
	return list, c.f.problems["create"].Text, nil
}
