package backfill

import "crossfade/backfill/strikes"

// OwnLogins is a Driver that logs in for itself, too (an administrator's API), where the server counts failures together with
// those of its users.
type OwnLogins interface {
	// TellLogins has every such login told that succeeded, or that the server counted as failed, or may have: before its
	// caller hears of it. It is called before the first login.
	TellLogins(tell func(login string, failed bool))
}

// countOwn counts the driver's own logins. They need no leave, as other configured credentials: the driver keeps from trying
// again what was refused.
func (g *guesses) countOwn(d Driver) {
	own, ok := d.(OwnLogins)
	if !ok {
		return
	}
	c := g.counter(d.Host())
	own.TellLogins(func(login string, failed bool) {
		p := c.Free(strikes.Try{Name: canonical(login)})
		if failed {
			p.Refused()
		} else {
			p.Accepted()
		}
	})
}
