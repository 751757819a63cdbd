package imap

import (
	"errors"

	"crossfade/backfill"
)

// Prove implements backfill.Prover.
func (a *account) Prove(known func(box string) backfill.Landmarks) { a.landmarks.Store(&known) }

// known are a mailbox's landmarks.
func (a *account) known(box string) (ls backfill.Landmarks) {
	if ask := a.landmarks.Load(); ask != nil {
		ls = (*ask)(box)
	}
	return ls
}

// prove holds the mailbox that is selected against its landmarks, once. As long as it stays selected it is the same one. A
// server that does not tell of them proves nothing.
func (c *conn) prove(n need, ls backfill.Landmarks) error {
	if c.proved {
		return nil
	}
	if len(ls.Marks) > 0 && ls.UIDValidity == c.state.UIDValidity {
		next := c.state.UIDNext
		if !c.now { // it was told a while ago
			next = 0
		}
		there, err := c.listMarks(ls)
		if err != nil {
			return err
		}
		if !ls.Agree(next, there) {
			c.selected = false // it is looked at again: it may come back
			return &backfill.Error{Op: n.op, Host: c.host, Scope: backfill.FolderScope, Patience: backfill.Later, Err: backfill.ErrRemade}
		}
	}
	c.proved = true
	return nil
}

// reopen opens the selected mailbox anew in the middle of a call.
func (c *conn) reopen(op string) error {
	known := c.a.known(c.box)
	if err := c.selectBox(c.box, c.writable); err != nil {
		return err
	}
	return c.prove(need{op: op}, known)
}

// listMarks lists those of the landmarks that are there.
func (c *conn) listMarks(ls backfill.Landmarks) (there []backfill.Entry, err error) {
	if c.state.Exists == 0 {
		return nil, nil
	}
	err = newScan(c, backfill.Scan{UIDs: ls.UIDs(), Details: true}).run(func(e backfill.Entry) error { there = append(there, e); return nil })
	if e := (*backfill.Error)(nil); c.broken == nil && errors.As(err, &e) && (e.Scope == backfill.FolderScope || e.Scope == backfill.Item) {
		return there, nil
	}
	return there, err
}
