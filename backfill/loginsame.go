package backfill

import "context"

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
			t.want(NeedRefused, "the new server refuses the password that the old one accepts: give the mailbox there that password, or the user a new one on both")
		}
		return dstErr
	}
	if srcErr != nil && (t.a == nil || !IsUnavailable(srcErr)) {
		end(nil, dst)
		return srcErr
	}
	return t.enter(src, dst)
}
