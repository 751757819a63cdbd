package probe

import (
	"context"

	"crossfade/backfill"
)

// sight tells whether the source may hide folders from a master user. Who has the user's own password, too, is told what.
func (p *prober) sight(ctx context.Context, n notes) {
	if !p.Stranger {
		return
	}
	doubt, err := step(ctx, func(ctx context.Context) (string, error) { return backfill.LookSight(ctx, p.src) })
	switch {
	case err != nil:
		n.red("hidden", "check again", "whether the old server hides folders from the login that opens the mailbox is not known: %s", words(err))
		return
	case doubt == "":
		n.green("hidden", "nothing says that folders are hidden from the login that opens the mailbox")
		return
	}
	if hidden, asked := p.hidden(ctx); len(hidden) > 0 {
		doubt = backfill.HidesText(hidden)
	} else if asked && p.inbox.UIDValidity != 0 {
		n.yellow("hidden", backfill.SightRemedy, "%s (this user's own login is shown the same folders)", doubt)
		return
	}
	n.red("hidden", backfill.SightRemedy, "%s", doubt)
}

// hidden names the folders that only the user's own login is shown, if that works.
func (p *prober) hidden(ctx context.Context) (names []string, asked bool) {
	m, err := step(ctx, func(ctx context.Context) (backfill.Mail, error) { return backfill.LoginWith(ctx, p.Source, p.Own) })
	if err != nil {
		return nil, false
	}
	defer m.Close() // nothing was changed
	all, err := step(ctx, m.Folders)
	if err != nil {
		return nil, false
	}
	return backfill.Hides(all, p.folders, m.Features()), true
}
