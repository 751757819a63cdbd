package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"crossfade/store"
)

// makeMailbox makes the mailbox on the destination with the password that the source accepted. What is about to be done is
// durable before: after a crash in between the next login finds a mailbox that takes the noted password, and knows it for
// its own.
func (t *attempt) makeMailbox(ctx context.Context, p Provisioner, src Mail) (Writer, error) {
	fs, err := src.Folders(ctx)
	if err != nil { // a language can hardly be changed later
		return nil, fmt.Errorf("source: %w", err)
	}
	tree := TreeOf(fs, src.Features())
	m := NewMailbox{Login: t.id.DestLogin, Secret: t.secret, Language: tree.Language(t.e.opt.Folders.Overrides)}
	withdraw, err := t.intended()
	if err != nil {
		return nil, err
	}
	switch err = p.Create(ctx, m); {
	case err == nil:
		t.e.log.Info("a mailbox was made on the destination", "account", t.id.DestLogin, "language", m.Language)
		return t.askDestination(ctx, t.secret, true)
	case !refusedToMake(err): // it may have been made all the same
		return nil, t.refuse(NeedAPI, "the mailbox could not be made, or the answer did not come; it is tried again at the user's next login: "+err.Error())
	}
	if err := withdraw(); err != nil {
		return nil, err
	}
	return nil, t.notMade(err)
}

// intended notes that the mailbox is about to be made. withdraw forgets that again.
func (t *attempt) intended() (withdraw func() error, err error) {
	if t.a == nil {
		return t.withdraw, t.intend()
	}
	was, err := t.intendAgain()
	return func() error { return t.withdrawAgain(was) }, err
}

// notMade words why a mailbox was not made or not given a password.
func (t *attempt) notMade(err error) error {
	text := textOf(err)
	switch {
	case isCode(err, CodePolicy):
		return t.refuse(NeedPolicy, "the new server's password policy refuses the user's password: the user needs another one on the old server first. "+text)
	case isCode(err, CodeLimit):
		return t.refuse(NeedLimit, "the new server has no room for another mailbox: raise the domain's limit of users. "+text)
	case isCode(err, CodeInUse):
		return t.refuse(NeedExists, "the name is in use on the new server, and no mailbox that could be opened: "+text)
	}
	return t.refuse(NeedCannot, "the mailbox cannot be made on the new server: "+text)
}

// refusedToMake tells whether nothing was done, as opposed to an answer that did not come.
func refusedToMake(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Scope == AccountScope && slices.Contains([]string{CodePolicy, CodeLimit, CodeInUse, CodeCannot, CodeAlias}, e.Code)
}

// intend notes that the mailbox is about to be made with this password.
func (t *attempt) intend() error {
	err := t.e.store.Update(func(tx *store.Tx) error {
		rec, err := tx.FindAlias(t.key)
		switch {
		case errors.Is(err, store.ErrNotFound):
			id, err := tx.NewAccountID()
			if err != nil {
				return err
			}
			if err := t.e.vault.fresh(id); err != nil {
				return err
			}
			rec = t.id.record(id, t.key)
		case err != nil:
			return err
		case !intended(rec):
			return errors.New("backfill: the account is known already")
		}
		sealed, err := t.e.vault.seal(rec.ID, t.key, t.secret)
		if err != nil {
			return err
		}
		rec.Secret, rec.Made = sealed, &store.Made{At: time.Now().UTC(), Intended: true}
		t.rec = rec
		return tx.PutAccount(rec)
	})
	if err != nil {
		return fmt.Errorf("note that a mailbox is about to be made: %w", err)
	}
	return nil
}

// withdraw forgets that: it was not made.
func (t *attempt) withdraw() error {
	err := t.e.store.Update(func(tx *store.Tx) error {
		rec, err := tx.FindAlias(t.key)
		if err != nil || !intended(rec) {
			return err
		}
		return tx.DeleteAccount(rec.ID)
	})
	if err != nil {
		return fmt.Errorf("note that a mailbox was not made: %w", err)
	}
	gone := t.rec.ID
	t.rec = store.Account{}
	if err := t.e.vault.destroy(gone); err != nil {
		t.e.log.Warn("the key of an account that was not made could not be destroyed", "err", err)
	}
	return nil
}
