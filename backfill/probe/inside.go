package probe

import (
	"context"

	"crossfade/backfill"
)

// inside tells what shows after a login.
func (p *prober) inside(ctx context.Context, n notes, m backfill.Mail) {
	f := m.Features()
	meter, _ := m.(backfill.Meter)
	if meter != nil {
		if text, err := step(ctx, meter.Server); err == nil && text != "" {
			n.green("server", "it calls itself %s", text)
		}
	}
	capabilities(n, f.Caps)
	p.tree(n, f)
	if meter != nil {
		if text, err := step(ctx, meter.Namespaces); err == nil && text != "" {
			n.green("namespaces", "NAMESPACE %s", text)
		}
		p.connections(ctx, n, meter)
	}
}

func (p *prober) tree(n notes, f backfill.Features) {
	switch {
	case f.Separator == "":
		n.yellow("separator", "", "it has no folders in folders: the paths of others become long names")
	case f.Prefix != "":
		n.green("separator", "%q is between folders, and all but INBOX lie below %q", f.Separator, f.Prefix)
	default:
		n.green("separator", "%q is between folders", f.Separator)
	}
}

// few is how many connections a move of one account is not slowed down by.
const few = 3

// connections tells how many an account may have at once.
func (p *prober) connections(ctx context.Context, n notes, m backfill.Meter) {
	if p.Connections < 1 {
		return
	}
	got, err := step(ctx, func(ctx context.Context) (int, error) { return m.Connections(ctx, p.Connections) })
	switch {
	case err == nil:
		n.green("connections", "%d connections of one account at once are let in", got)
	case got >= few:
		n.yellow("connections", "mail programs of the same user need some too", "only %d of %d connections of one account are let in: %s", got, p.Connections, words(err))
	default:
		n.red("connections", "raise the server's limit for each user and address, or let this machine's address be an exception",
			"only %d of %d connections of one account are let in: %s", got, p.Connections, words(err))
	}
}
