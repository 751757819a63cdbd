package backfill

import (
	"context"
	"fmt"

	"crossfade/store"
)

// rekey gives a mailbox that was made here the password that its user has on the source now. It is done only while it takes
// a password that it was given here: whoever knows an old password of the source must not get at a mailbox whose user has
// chosen another one on the destination. refused is what the destination said of this login's password, nil: it was not
// asked.
func (t *attempt) rekey(ctx context.Context, p Provisioner, refused error) (Writer, error) {
	ours, err := t.takesOurs(ctx, refused != nil)
	if err != nil {
		return nil, err
	}
	if !ours {
		return t.changedAbove(ctx, refused)
	}
	if err := t.note(func(m *store.Made, sealed []byte) { m.Next = sealed }); err != nil {
		return nil, err
	}
	switch err := p.SetPassword(ctx, t.id.DestLogin, t.secret); {
	case err == nil:
		t.e.log.Info("a mailbox that was made here was given its user's new password", "account", t.id.DestLogin)
		return t.askDestination(ctx, t.secret, true)
	case !refusedToMake(err): // it may have been set all the same
		return nil, t.refuse(NeedAPI, "the user's new password could not be set, or the answer did not come; it is tried again at the next login: "+err.Error())
	default:
		if err := t.note(func(m *store.Made, _ []byte) { m.Next = nil }); err != nil {
			return nil, err
		}
		return nil, t.notMade(err)
	}
}

// takesOurs tells whether the mailbox takes a password that it was given here. tried says that this login's was refused.
func (t *attempt) takesOurs(ctx context.Context, tried bool) (bool, error) {
	for _, sealed := range [][]byte{t.rec.Secret, t.rec.Made.Next} {
		if sealed == nil {
			continue
		}
		secret, err := t.e.vault.open(t.key, sealed)
		if err != nil {
			return false, err
		}
		if tried && secret == t.secret {
			continue
		}
		switch w, err := t.askDestination(ctx, secret, true); {
		case err == nil:
			_ = w.Close() // it has told what it was asked
			return true, nil
		case !passwordRefused(err):
			return false, err
		}
	}
	return false, nil
}

// changedAbove goes on with a mailbox that somebody else gave another password: the user's new one, or one that is none of
// our business. It is noted, so that no password is tried for nothing again.
func (t *attempt) changedAbove(ctx context.Context, refused error) (Writer, error) {
	if err := t.note(func(m *store.Made, _ []byte) { m.Changed, m.Next = true, nil }); err != nil {
		return nil, err
	}
	if refused == nil {
		w, err := t.askAgain(ctx)
		if err == nil || !passwordRefused(err) {
			return w, err
		}
	}
	return nil, t.refuse(NeedChanged, "the mailbox was given another password on the new server, which is not the old server's: its user must use one password on both")
}

// note changes what is noted of a mailbox that was made here.
func (t *attempt) note(change func(m *store.Made, sealed []byte)) error {
	err := t.e.store.Update(func(tx *store.Tx) error {
		rec, err := tx.FindAlias(t.key)
		if err != nil || rec.Made == nil || !rec.Closed.IsZero() {
			return err
		}
		sealed, err := t.e.vault.seal(rec.ID, t.key, t.secret)
		if err != nil {
			return err
		}
		m := *rec.Made
		change(&m, sealed)
		rec.Made = &m
		t.rec = rec
		return tx.PutAccount(rec)
	})
	if err != nil {
		return fmt.Errorf("note what a mailbox is given: %w", err)
	}
	return nil
}

// madeAfter is what is noted of a mailbox that has just taken a password: one that it was not given here is another's doing.
func (e *Engine) madeAfter(rec store.Account, secret string) *store.Made {
	if rec.Made == nil {
		return nil
	}
	rec.SourceSecret = nil // what the source took says nothing
	m := *rec.Made
	m.Changed = m.Changed || !e.accepted(rec, secret)
	m.Next, m.Intended = nil, false
	return &m
}
