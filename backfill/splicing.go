package backfill

import (
	"time"

	"crossfade/store"
)

// AcceptSplice takes the admin's word that the source's folder paths may stop working for an account, so that its clients
// are handed over to the destination as soon as all of its folders have settled; or takes it back. Clients that are here
// stay until they log in again.
func (e *Engine) AcceptSplice(name string, is bool) (Parting, error) {
	if name == "" {
		return Parting{}, &Refusal{Text: "which account?"}
	}
	accounts, _, err := e.find(Target{Account: name})
	if err != nil {
		return Parting{}, err
	}
	a := accounts[0]
	if err := a.change(func(rec *store.Account) { rec.SpliceAccepted = is }); err != nil {
		return Parting{}, err
	}
	var s sums
	for _, f := range a.all() {
		f.glance(&s, nil)
	}
	now := time.Now()
	return a.partingReport(&s, e.settlePlan(now), now), nil
}
