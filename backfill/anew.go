package backfill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crossfade/store"
)

// An account whose mailbox is gone from the destination is begun anew by the admin's word alone: the mailbox may be on its
// way back from a backup. What the state knows of its messages there must go before another mailbox has that name, since
// servers that give all folders one UIDVALIDITY give the same numbers to other messages. So the word is made durable first,
// nothing of the account is served or copied from then on, and the next start of the program puts its folders aside, before
// anybody can use them (lineage, which is done again after a kill). What they know of deleted mail and of flags is taken
// over as after the loss of a state (rebuild.go), and the user's next login makes the mailbox.

// Who makes the mailbox anew without that word is found out: its INBOX has another UIDVALIDITY, or other messages under the
// numbers that are known (landmark.go). Then its folders have stopped, and the word may follow.

// rebuildAnew is why such an account waits. Its mailbox may be made again as long as it has met none.
const rebuildAnew = "its mailbox was gone from the new server, and is begun anew"

// rebuildRestart is the state of one that waits for the next start.
const rebuildRestart = "waiting for a restart of the proxy"

// Anew is what beginning an account anew means for its mail.
type Anew struct {
	Account string `json:"account"`
	// Again were copied, and are on the source still: they are copied again. NotCopied would be copied in any case. Deleted
	// are known to be deleted by the user and stay so.
	Again     int `json:"again"`
	NotCopied int `json:"not_copied"`
	Deleted   int `json:"deleted"`
	// Gone were on the destination alone: only its backup has them.
	Gone int `json:"gone"`
	// Remade: the destination has a mailbox of that name, but it is another one.
	Remade bool `json:"remade,omitempty"`
	// Why it cannot be begun anew.
	Why   []string `json:"why,omitempty"`
	Noted bool     `json:"noted"` // the admin's word is durable; the next start of the proxy follows it
}

// BeginAnew tells what it would mean to begin an account anew whose mailbox is gone from the destination, or was made anew by
// hand, and, with yes, notes that it is to be done. The destination is asked whether the mailbox is gone indeed; neither side
// is changed.
func (e *Engine) BeginAnew(ctx context.Context, name string, yes bool) (Anew, error) {
	a, rec, err := e.lookupRecord(canonical(name))
	switch {
	case err != nil:
		return Anew{}, err
	case a == nil:
		return Anew{}, fmt.Errorf("no account %q is known: accounts are enrolled by their first login", name)
	}
	out := Anew{Account: a.name, Noted: !rec.Anew.IsZero()}
	if out.Noted {
		return out, nil
	}
	if err := out.count(e, a.id); err != nil {
		return out, err
	}
	out.Remade = a.metAnother()
	if out.Why = append(out.Why, e.whyNotAnew(ctx, a)...); len(out.Why) > 0 || !yes {
		return out, nil
	}
	now := time.Now().UTC()
	if err := a.change(func(rec *store.Account) { rec.Anew, rec.Rebuild = now, rebuildAnew }); err != nil {
		return out, err
	}
	a.mu.Lock()
	src, dst := a.src, a.dst
	a.anew, a.rebuild, a.src, a.dst = true, rebuildAnew, nil, nil
	a.mu.Unlock()
	end(src, dst)
	out.Noted = true
	a.log.Warn("the account is begun anew at the next start of the program, and rests until then")
	return out, nil
}

// whyNotAnew tells what stands in the way.
func (e *Engine) whyNotAnew(ctx context.Context, a *account) (why []string) {
	if a.shut() || a.hasSettled() {
		return []string{"it has settled: its mail is the new server's alone, and only a backup of that has it"}
	}
	p, ok := e.opt.Destination.(Provisioner)
	if !ok {
		return []string{"the new server cannot be asked whether the mailbox is gone (--destination-api): make it there, then 'crossfade accept --copy-again' has each folder copied again"}
	}
	switch info, err := p.Mailbox(ctx, a.who.DestLogin); {
	case err == nil && a.metAnother():
		return nil
	case err == nil:
		return []string{"the new server has the mailbox " + info.Login + ", and its inbox is not known to be another one: if folders of it are gone or made anew, 'crossfade accept --copy-again' has each copied again"}
	case !errors.Is(err, ErrNoMailbox):
		return []string{"the new server does not say whether the mailbox is gone: " + err.Error()}
	}
	return nil
}

// metAnother tells whether somebody has made the mailbox anew, and it was noticed: its INBOX, which no client can delete, is
// another one.
func (a *account) metAnother() bool {
	f := a.matchRaw("INBOX")
	if f == nil {
		return false
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	why := f.problems["destination"].Text
	return why == problemRemade || why == problemAnew
}

// count reads what the state knows. Messages of which it alone has the bytes stand in the way.
func (n *Anew) count(e *Engine, id store.AccountID) error {
	saved := 0
	err := e.store.View(func(rx *store.Rx) error {
		folders, err := rx.Folders(id)
		if err != nil {
			return err
		}
		for _, f := range folders {
			data, err := rx.LoadFolder(id, f.ID)
			if err != nil {
				return err
			}
			for i := range data.Links {
				l := &data.Links[i]
				below := l.Src != 0 && !l.Lost
				switch {
				case l.State == store.Whiteout:
					n.Deleted++
				case l.State == store.Quarantined && l.Lost:
					saved++
				case !below:
					n.Gone++
				case l.State == store.Copied:
					n.Again++
				default:
					n.NotCopied++
				}
			}
		}
		return nil
	})
	if saved > 0 {
		n.Why = []string{fmt.Sprintf("the bytes of %d messages are kept here alone: the new server refused them and the old one has them no more; see 'crossfade quarantine', export them and sign them off first", saved)}
	}
	return err
}

// beginAnew follows the admin's words, before anything of these accounts is loaded.
func (e *Engine) beginAnew() error {
	var recs []store.Account
	if err := e.store.View(func(rx *store.Rx) (err error) { recs, err = rx.Accounts(); return err }); err != nil {
		return err
	}
	for _, rec := range recs {
		if rec.Anew.IsZero() {
			continue
		}
		if err := e.lineage.SetAside(rec, rebuildAnew); err != nil {
			return fmt.Errorf("begin %s anew: %w", rec.DestLogin, err)
		}
		e.log.Warn("the account is begun anew: its user's next login makes the mailbox, then 'crossfade rebuild' says what would be copied", "account", rec.DestLogin)
	}
	return nil
}

// mayMakeAgain tells whether the mailbox of an account that is known may be made: the admin has said so, and nothing is known
// of another one.
func (t *attempt) mayMakeAgain() bool {
	if t.rec.Rebuild != rebuildAnew || !t.rec.Anew.IsZero() {
		return false
	}
	for _, f := range t.a.all() {
		if rec := f.record(); rec.DestUIDValidity != 0 {
			return false
		}
	}
	return true
}

// intendAgain notes that the mailbox is about to be made again with this password: what is found there later and takes it is
// ours. It returns what was noted before.
func (t *attempt) intendAgain() (was *store.Made, err error) {
	err = t.e.store.Update(func(tx *store.Tx) error {
		rec, err := tx.FindAlias(t.key)
		if err != nil {
			return err
		}
		if rec.Secret, err = t.e.vault.seal(rec.ID, t.key, t.secret); err != nil {
			return err
		}
		was, rec.SourceSecret = rec.Made, nil
		rec.Made = &store.Made{At: time.Now().UTC()}
		t.rec = rec
		return tx.PutAccount(rec)
	})
	if err != nil {
		return nil, fmt.Errorf("note that a mailbox is about to be made again: %w", err)
	}
	t.a.mu.Lock()
	defer t.a.mu.Unlock()
	t.a.secrets = secrets{dest: t.rec.Secret}
	return was, nil
}

// withdrawAgain forgets that: it was not made.
func (t *attempt) withdrawAgain(was *store.Made) error {
	return t.a.change(func(rec *store.Account) { rec.Made = was })
}
