package backfill

import (
	"context"
	"fmt"
)

// destinationFirst is the login of mode DestinationFirst, and of accounts whose source is opened with configured
// credentials: the destination decides.
func (t *attempt) destinationFirst(ctx context.Context) error {
	c, configured := t.e.sourceCredentials(t.id)
	below := func(ctx context.Context) (Mail, error) {
		if !configured {
			return nil, nil
		}
		m, err := t.e.configured(ctx, t.source().Driver, c)
		if err != nil {
			return nil, fmt.Errorf("source: %w", err)
		}
		return m, nil
	}
	var src Mail
	var dst Writer
	var srcErr, dstErr error
	if t.likely {
		src, dst, srcErr, dstErr = t.askBoth(ctx, below)
	} else if dst, dstErr = t.askDestination(ctx, t.secret, false); dstErr == nil {
		src, srcErr = below(ctx)
	}
	switch {
	case dstErr != nil:
		end(src, nil)
		return dstErr
	case t.a != nil: // it is served as if the source were down; what is wrong is told by the account's problem
		if srcErr != nil {
			t.a.log.Warn("the source cannot be opened with the configured credentials", "err", srcErr)
		}
		return t.enter(src, dst)
	case !configured:
		end(nil, dst)
		return t.refuse(NeedCredentials, "nothing is configured that opens the mailbox on the old server: name a master user (--source-master), or its password in --users")
	case IsUnavailable(srcErr):
		end(nil, dst)
		return srcErr
	case srcErr != nil:
		end(nil, dst)
		return t.refuse(NeedCredentials, "the old server does not open the mailbox with the configured credentials: "+srcErr.Error())
	}
	if err := t.seesInbox(ctx, src); err != nil {
		end(src, dst)
		return err
	}
	return t.enter(src, dst)
}
