package probe

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"crossfade/backfill"
	"crossfade/mapping"
)

// compare holds both sides' trees and numbers against each other.
func (p *prober) compare(ctx context.Context) {
	n := notes{Between, p.Tell}
	dest, err := step(ctx, p.dst.Folders)
	if err != nil || p.folders == nil {
		return // told already
	}
	p.numbers(ctx, n)
	plan := mapping.NewPlan(backfill.TreeOf(p.folders, p.src.Features()), backfill.TreeOf(dest, p.dst.Features()), p.Folders)
	paths := map[string]mapping.Path{}
	for _, f := range p.folders {
		paths[f.Name] = f.Path
	}
	var roles, odd, skipped []string
	existing, created := 0, 0
	for _, d := range plan.Decisions {
		line := fmt.Sprintf("%q to %q", paths[d.Source].String(), d.Dest.String())
		switch {
		case d.Kind == mapping.Skip && !strings.Contains(d.Why, "holds no messages"):
			skipped = append(skipped, fmt.Sprintf("%q: %s", paths[d.Source].String(), d.Why))
		case d.Kind == mapping.Existing:
			existing++
		case d.Kind == mapping.Create:
			created++
		}
		if d.Role != "" && d.Role != mapping.Inbox {
			roles = append(roles, line)
		}
		if d.Escaped {
			odd = append(odd, line+" ("+d.Why+")")
		}
	}
	p.beyond(n, plan)
	p.unfiled(ctx, n, plan, paths)
	n.green("plan", "%d folders go into folders that are there, %d are to be created; %s", existing, created, few5(roles, "no folder has a role"))
	if len(odd) > 0 {
		n.yellow("plan-names", "rename them on the old server, if users would mind", "with another name: %s", few5(odd, ""))
	}
	if len(skipped) > 0 {
		n.yellow("plan-skipped", "see that nobody needs them", "not moved: %s", few5(skipped, ""))
	}
}

// beyond names what the source has and the destination has proven not to take.
func (p *prober) beyond(n notes, plan mapping.Plan) {
	l := p.limits
	if l.size > 0 && p.survey.Largest > l.size {
		n.red("large", "raise the limit; else what is larger stays on the old server, and is reported",
			"the largest message on the source has %s; the destination took no more than %s", Bytes(p.survey.Largest), Bytes(l.size))
	}
	var long, deep, twice []string
	seen := map[string]bool{}
	for _, d := range plan.Decisions {
		if d.Kind != mapping.Create {
			continue
		}
		if l.nameLength > 0 && slices.ContainsFunc(d.Dest, func(s string) bool { return mapping.NameLength(s) > l.nameLength }) {
			long = append(long, strconv.Quote(d.Dest.String()))
		}
		if l.depth > 0 && len(d.Dest) > l.depth {
			deep = append(deep, strconv.Quote(d.Dest.String()))
		}
		if key := strings.ToLower(d.Dest.Key()); l.oneCase && seen[key] {
			twice = append(twice, strconv.Quote(d.Dest.String()))
		} else {
			seen[key] = true
		}
	}
	const rename = "rename them on the old server before the move"
	for _, b := range []struct {
		check, what, remedy string
		list                []string
	}{{"plan-long", "longer names than the destination took", fmt.Sprintf("set --longest-name %d, and they get shorter ones", max(l.nameLength, mapping.ShortestName)), long},
		{"plan-deep", "deeper folders than the destination took", rename, deep},
		{"plan-case", "folders that differ from others in case only, which are one to the destination", rename, twice}} {
		if len(b.list) > 0 {
			n.red(b.check, b.remedy, "the source has %s: %s", b.what, few5(b.list, ""))
		}
	}
}

// unfiled counts what lies only in a folder that shows all messages and that is not moved.
func (p *prober) unfiled(ctx context.Context, n notes, plan mapping.Plan, paths map[string]mapping.Path) {
	views, err := backfill.FindUnfiled(ctx, p.src, plan.Decisions) // as long as the whole account takes
	if err != nil {
		n.yellow("unfiled", "check again", "whether mail lies in the folder of all messages alone is not known: %s", words(err))
		return
	}
	for _, v := range views {
		name := paths[v.Name].String()
		if v.Alone > 0 {
			n.red("unfiled", "give it a label on the old server, so that a folder has it; or have all of that folder copied, with what other folders have too: 'PATH = custom' in --overrides",
				"%d of %d messages in %q are in no folder that is moved, such as archived mail: they stay behind", v.Alone, v.Messages, name)
		} else {
			n.green("unfiled", "all %d messages in %q are in other folders, too", v.Messages, name)
		}
	}
}

// few5 lists at most five things.
func few5(list []string, none string) string {
	switch {
	case len(list) == 0:
		return none
	case len(list) > 5:
		return strings.Join(list[:5], ", ") + fmt.Sprintf(" and %d more", len(list)-5)
	}
	return strings.Join(list, ", ")
}

// numbers tells whether mail programs could take the one INBOX for the other.
func (p *prober) numbers(ctx context.Context, n notes) {
	state, err := step(ctx, func(ctx context.Context) (backfill.BoxState, error) { return p.dst.Examine(ctx, "INBOX") })
	switch {
	case err != nil:
		n.red("inbox", "see why INBOX does not open on the destination", "INBOX: %s", words(err))
	case state.UIDValidity == p.inbox.UIDValidity && state.UIDValidity != 0:
		n.yellow("inbox-uidvalidity", "nothing: the folder is shown under a number of the proxy's own, and mail programs load it once more",
			"INBOX has UIDVALIDITY %d on both sides", state.UIDValidity)
	default:
		n.green("inbox-uidvalidity", "INBOX has another UIDVALIDITY on each side, as it should")
	}
}
