package backfill

import (
	"context"
	"time"
)

// refusedLately is a password that the source accepts and the destination refused. Mail programs try again every minute,
// and each try would count against everybody's address.
type refusedLately struct {
	digest [32]byte
	err    error
	until  time.Time
	pause  time.Duration
}

const (
	firstAskAgain = time.Minute
	lastAskAgain  = time.Hour
)

// askAgain tries the user's password on the destination, unless it refused that very one a short while ago.
func (t *attempt) askAgain(ctx context.Context) (Writer, error) {
	n, d := &t.e.needs, t.e.vault.digest(t.key, t.secret)
	n.mu.Lock()
	was, known := n.refused[t.key]
	n.mu.Unlock()
	if known = known && was.digest == d; known && time.Now().Before(was.until) {
		return nil, was.err
	}
	w, err := t.askDestination(ctx, t.secret, t.likely)
	if err == nil || !passwordRefused(err) {
		return w, err
	}
	next := refusedLately{digest: d, err: err, pause: firstAskAgain}
	if known {
		next.pause = min(2*was.pause, lastAskAgain)
	}
	next.until = time.Now().Add(next.pause)
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, there := n.refused[t.key]; there || len(n.refused) < maxNeeds {
		n.refused[t.key] = next
	}
	return nil, err
}

// forgive has the destination asked again: about one account, or about all if account is "".
func (n *needs) forgive(account string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for key := range n.refused {
		if account == "" || loginOf(key) == canonical(account) {
			delete(n.refused, key)
		}
	}
}
