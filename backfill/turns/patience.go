package turns

import "time"

const (
	longPause     = time.Minute
	hostPause     = 10 * time.Second // where the host's own pace says when it may be tried again
	maxAccount    = time.Hour        // after refusals that concern the account, such as a full mailbox
	passwordPause = time.Hour        // after a refused password: servers block addresses that fail often
	maxPassword   = 24 * time.Hour
)

// End is how a pass over an account's folders ended, as far as it matters to the next one.
type End int

// The ends of a pass.
const (
	Well        End = iota
	Failed          // at a folder, or nobody knows where
	Unavailable     // a server is down
	Refused         // by a server, for this account, for a while
	Locked          // the password is not taken any more
)

// Pauses are the first pauses after an end: when all is well, after an error, and after a refusal of the account.
type Pauses struct{ Recheck, Error, Account time.Duration }

// Patience is how an account waits after errors: ever longer, as long as nothing is moved.
type Patience struct {
	Until  time.Time // no sooner than that, unless a command or the user's login ends it
	Secret bool      // because the password was refused

	next     time.Duration // how long the next short pause is
	account  time.Duration // likewise after a refusal of the account
	password time.Duration // likewise after a refused password
	moved    uint64        // what the destination had taken when it was told
}

// After tells how long to wait before the next pass. moved is a count that grows with what the destination takes. A firm
// pause is not cut short by news in a folder.
func (p *Patience) After(end End, moved uint64, first Pauses, now time.Time) (wait time.Duration, firm bool) {
	if moved != p.moved { // it gets on
		p.next, p.account, p.moved = 0, 0, moved
	}
	switch end {
	case Well:
		*p = Patience{moved: moved}
		return first.Recheck, false
	case Unavailable:
		return longer(&p.next, first.Error, max(first.Error, hostPause)), false
	case Locked:
		wait, p.Secret = longer(&p.password, passwordPause, maxPassword), true
	case Refused:
		wait = longer(&p.account, first.Account, max(maxAccount, first.Account))
	default:
		return longer(&p.next, first.Error, max(first.Error, longPause)), false
	}
	p.Until = now.Add(wait)
	return wait, true
}

// longer is the pause that is due, and doubles the next one.
func longer(next *time.Duration, first, most time.Duration) time.Duration {
	now := max(*next, first)
	*next = min(2*now, most)
	return now
}

// Forgive ends all waiting.
func (p *Patience) Forgive() { *p = Patience{moved: p.moved} }

// RetryLogin is how long a login with a stored password is not tried again.
func RetryLogin(passwordRefused bool) time.Duration {
	if passwordRefused {
		return passwordPause
	}
	return hostPause
}
