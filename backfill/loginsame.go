package backfill

import (
	"context"
	"errors"
)

// same is the login of mode Same: the destination must accept; the source must accept, too, unless it is down and the account
// is known already. A password that may be a guess goes to the source first, and on to the destination only if it is right
// there: new servers lock whole addresses out that fail often, and this is everybody's address.
func (t *attempt) same(ctx context.Context) error {
	var src Mail
	var dst Writer
	var srcErr, dstErr error
	if t.likely {
		src, dst, srcErr, dstErr = t.askBoth(ctx, t.askSource)
	} else {
		src, srcErr = t.askSource(ctx)
		if srcErr != nil && (t.a == nil || !IsUnavailable(srcErr)) {
			return srcErr
		}
		dst, dstErr = t.askDestination(ctx, t.secret, false)
	}
	if dstErr != nil {
		end(src, nil)
		if srcErr == nil && passwordRefused(dstErr) {
			return t.whyRefused(ctx, dstErr)
		}
		return dstErr
	}
	if srcErr != nil && (t.a == nil || !IsUnavailable(srcErr)) {
		end(nil, dst)
		return srcErr
	}
	return t.enter(src, dst)
}

// whyRefused finds out why the destination refuses a password that the source accepts, if there is somebody to ask.
func (t *attempt) whyRefused(ctx context.Context, refused error) error {
	if p, ok := t.e.opt.Destination.(Provisioner); ok {
		info, err := p.Mailbox(ctx, t.id.DestLogin)
		switch {
		case errors.Is(err, ErrNoMailbox):
			t.want(NeedNoMailbox, "the new server has no such mailbox: make it there, or let --login-mode capture do that")
			return refused
		case isCode(err, CodeAlias):
			return t.refuse(NeedAlias, "the name is an alias or a list on the new server, and no mailbox: "+textOf(err))
		case err == nil:
			if err := t.usable(info); err != nil {
				return err
			}
		}
	}
	t.want(NeedRefused, "the new server refuses the password that the old one accepts: give the mailbox there that password, or the user a new one on both")
	return refused
}
