package probe

import (
	"context"
	"fmt"
	"slices"
	"strings"

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
		doubt = hidesText(hidden)
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
	return hides(all, p.folders, m.Features()), true
}

// hides names what one login is shown of a mailbox and another one is not.
func hides(shown, without []backfill.Folder, server backfill.Features) (names []string) {
	have := make(map[string]bool, len(without))
	for _, f := range without {
		have[f.Name] = true
	}
	for _, f := range shown {
		foreign := slices.ContainsFunc(server.Foreign, func(p string) bool { return strings.HasPrefix(f.Name, p) })
		if !have[f.Name] && !foreign && selectable(f) {
			names = append(names, f.Path.String())
		}
	}
	return names
}

// hidesText says it in words.
func hidesText(names []string) string {
	shown := slices.Clone(names[:min(len(names), 5)])
	for i := range shown {
		shown[i] = fmt.Sprintf("%q", shown[i])
	}
	text := fmt.Sprintf("the old server shows the user %d folders that it hides from the login that opens this mailbox: %s", len(names), strings.Join(shown, ", "))
	if more := len(names) - len(shown); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
