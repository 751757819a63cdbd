package probe

import (
	"context"
	"strings"

	"crossfade/backfill"
)

// left names what of the test account's is on the source and does not move.
func (p *prober) left(ctx context.Context, n notes) {
	by, ok := p.src.(backfill.LeftBehind)
	if !ok {
		return
	}
	found, err := step(ctx, by.LeftBehind)
	if err != nil {
		n.yellow("left-behind", "look yourself for filters, forwards and shared folders", "what does not move could not be looked at: %s", words(err))
		return
	}
	texts := make(map[string][]string)
	for _, l := range found {
		texts[l.Kind] = append(texts[l.Kind], l.Text)
	}
	for _, k := range []struct{ check, do string }{
		{backfill.LeftRedirect, "set it up on the new server when MX leads there, and take it out here then: with both, mail is forwarded twice"},
		{backfill.LeftVacation, "set it up on the new server when MX leads there, and take it out here then: with both, mail is answered twice"},
		{backfill.LeftSieve, "set up on the new server what is still needed: filters are not moved"},
		{backfill.LeftShared, "share these folders anew on the new server: rights are not moved"},
		{backfill.LeftRights, "give the user the right to read them (SETACL, or the old server's administration): what cannot be read is not moved"},
		{backfill.LeftMetadata, "annotations are not moved; few programs use them"},
	} {
		if t := texts[k.check]; len(t) > 0 {
			n.yellow("left-"+k.check, k.do, "%s", strings.Join(t, "; "))
		}
	}
	for _, t := range texts[backfill.LeftUnseen] {
		n.green("left-unseen", "not looked at: %s; ask the users, or look on the old server", t)
	}
	n.green("left-behind", "aliases, lists, signatures and rules of mail programs show on no protocol: set them up by hand")
}

// restricted names folders of the destination's that the user may not write: mail is moved into those that are there already.
func restricted(ctx context.Context, n notes, m backfill.Mail) {
	by, ok := m.(backfill.Restricted)
	if !ok {
		return
	}
	found, err := step(ctx, func(ctx context.Context) ([]backfill.Leftover, error) { return by.Restricted(ctx, true) })
	if err != nil {
		n.yellow("rights", "look yourself whether users may write their folders", "what the user may do with the folders could not be looked at: %s", words(err))
		return
	}
	var texts []string
	for _, l := range found {
		texts = append(texts, l.Text)
	}
	if len(texts) > 0 {
		n.yellow("rights", "give the user all rights to these folders (SETACL, or the server's administration) before mail is moved into them", "%s", strings.Join(texts, "; "))
	}
}
