package backfill

import (
	"time"

	"crossfade/store"
)

// aliasNoted is how often uses of aliases are noted in the state at most.
const aliasNoted = time.Minute

// aliasUse counts how often clients have used the source's old paths; guarded by the account's mu.
type aliasUse struct {
	noted uint64    // in the record
	fresh uint64    // since
	last  time.Time // the last use
	at    time.Time // when it was last noted, in this run
}

// usedAlias counts one use. An account may be spliced only when its clients do without old paths.
func (a *account) usedAlias() {
	now := time.Now().UTC()
	a.mu.Lock()
	a.aliasUse.fresh++
	a.aliasUse.last = now
	a.mu.Unlock()
	a.noteAliases(false)
}

// noteAliases makes the count durable: the first use at once, later ones when a minute has passed, or the program ends.
// A state that cannot be written keeps nobody from their mail.
func (a *account) noteAliases(anyway bool) {
	a.mu.Lock()
	use := &a.aliasUse
	n, last := use.fresh, use.last
	if n == 0 || !anyway && time.Since(use.at) < aliasNoted {
		a.mu.Unlock()
		return
	}
	use.fresh, use.at = 0, time.Now()
	use.noted += n
	a.mu.Unlock()
	err := a.change(func(rec *store.Account) {
		rec.AliasUses += n
		rec.AliasUsed = last
	})
	if err == nil {
		return
	}
	a.log.Warn("the use of old folder names could not be noted", "err", err)
	a.mu.Lock()
	defer a.mu.Unlock()
	use.fresh += n
	use.noted -= n
}

// aliasUses is how often clients have used old paths, and when last; the caller holds mu.
func (a *account) aliasUses() (n uint64, last *time.Time) {
	if n = a.aliasUse.noted + a.aliasUse.fresh; n > 0 {
		at := a.aliasUse.last
		last = &at
	}
	return n, last
}
