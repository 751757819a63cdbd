package probe

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"crossfade/backfill"
)

// look lists what the test account holds on the source. Sizes are asked for as the move itself will ask, so the server
// has them at hand then.
func (p *prober) look(ctx context.Context, n notes) {
	folders, err := step(ctx, p.src.Folders)
	if err != nil {
		n.red("folders", "see why the server does not list this account's folders", "the folders cannot be listed: %s", words(err))
		return
	}
	p.folders = folders
	p.survey.Whole = true
	largest, most := "", int64(-1)
	for _, f := range folders {
		if !selectable(f) {
			continue
		}
		count, err := p.measure(ctx, f.Name)
		if err != nil {
			p.survey.Whole = false
			n.yellow("folder", "look at this folder with a mail program: does it open?", "%q cannot be listed: %s", f.Path.String(), words(err))
			if ctx.Err() != nil {
				break
			}
			continue
		}
		p.survey.Folders++
		if count > most {
			largest, most = f.Name, count
		}
	}
	n.green("mail", "the test account holds %d messages, %s, in %d folders", p.survey.Messages, Bytes(p.survey.Bytes), p.survey.Folders)
	if p.survey.Messages > 0 {
		n.green("largest", "largest folder %q with %d messages; largest message %s", largest, most, Bytes(p.survey.Largest))
	} else {
		n.yellow("mail", "take an account with as much mail as most users have", "this account holds no mail, so it proves little")
	}
	p.stable(ctx, n, slices.Compact([]string{"INBOX", largest}))
}

// measure adds one folder to the survey.
func (p *prober) measure(ctx context.Context, box string) (count int64, err error) {
	_, err = step(ctx, func(ctx context.Context) (backfill.BoxState, error) {
		return p.src.Scan(ctx, box, backfill.Scan{Details: true}, func(e backfill.Entry) error {
			count++
			p.survey.Messages++
			p.survey.Bytes += max(0, e.Size)
			p.survey.Largest = max(p.survey.Largest, e.Size)
			return nil
		})
	})
	return count, err
}

// stable tells whether UIDs can be relied on: the UIDVALIDITY of a folder is the same each time it is opened.
func (p *prober) stable(ctx context.Context, n notes, boxes []string) {
	for _, box := range boxes {
		if box == "" {
			continue
		}
		first, err := step(ctx, func(ctx context.Context) (backfill.BoxState, error) { return p.src.Examine(ctx, box) })
		if err == nil {
			var again backfill.BoxState
			again, err = step(ctx, func(ctx context.Context) (backfill.BoxState, error) { return p.src.Examine(ctx, box) })
			if err == nil && first.UIDValidity != again.UIDValidity {
				err = fmt.Errorf("its UIDVALIDITY was %d and is %d without anybody having touched it", first.UIDValidity, again.UIDValidity)
			}
		}
		switch {
		case err != nil:
			n.red("uidvalidity", "UIDs that do not last cannot be followed: ask for help with this server", "%q: %s", box, words(err))
			return
		case first.UIDValidity == 0:
			n.red("uidvalidity", "UIDs that do not last cannot be followed: ask for help with this server", "%q has UIDVALIDITY 0", box)
			return
		}
		if box == "INBOX" {
			p.inbox = first
		}
	}
	n.green("uidvalidity", "EXAMINE works, and UIDVALIDITY lasts from one to the next")
}

func selectable(f backfill.Folder) bool {
	return !slices.ContainsFunc(f.Attrs, func(a string) bool {
		return strings.EqualFold(a, `\Noselect`) || strings.EqualFold(a, `\NonExistent`)
	})
}

// room tells whether the destination has room for what the source's account holds.
func (p *prober) room(ctx context.Context, n notes) {
	m, ok := p.dst.(backfill.Meter)
	if !ok {
		return
	}
	limit, err := step(ctx, func(ctx context.Context) (int64, error) { return m.AppendLimit(ctx, "INBOX") })
	switch {
	case err == nil && limit > 0 && p.survey.Largest > limit:
		n.red("append-limit", "raise the limit; else what is larger stays on the old server, and is reported",
			"it takes messages of up to %s; the test account's largest on the source has %s", Bytes(limit), Bytes(p.survey.Largest))
	case err == nil && limit > 0:
		n.green("append-limit", "it takes messages of up to %s; the largest of the test account has %s", Bytes(limit), Bytes(p.survey.Largest))
	}
	quotas, err := step(ctx, func(ctx context.Context) ([]backfill.Quota, error) { return m.Quota(ctx, "INBOX") })
	if err != nil {
		n.yellow("quota", "", "the quota cannot be asked for: %s", words(err))
		return
	}
	for _, q := range quotas {
		p.quota(n, q)
	}
	if len(quotas) == 0 && p.dst.Features().Caps.Has("QUOTA") {
		n.green("quota", "this account has no quota")
	}
}

func (p *prober) quota(n notes, q backfill.Quota) {
	need, what := p.survey.Bytes, Bytes
	switch q.Resource {
	case "STORAGE":
	case "MESSAGE":
		need, what = p.survey.Messages, func(n int64) string { return fmt.Sprintf("%d messages", n) }
	default:
		return
	}
	left := max(0, q.Limit-q.Used)
	switch {
	case need > left:
		n.red("quota", "raise the quota before the move: at the limit the copying of this account stops",
			"the quota leaves %s of %s; the source holds %s", what(left), what(q.Limit), what(need))
	case need+need/5 > left:
		n.yellow("quota", "raise the quota, so that there is room for new mail",
			"the quota leaves %s of %s; the source holds %s", what(left), what(q.Limit), what(need))
	default:
		n.green("quota", "the quota leaves %s of %s; the source holds %s", what(left), what(q.Limit), what(need))
	}
}
