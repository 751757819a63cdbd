package imap

import (
	"context"
	"strings"

	"crossfade/internal/mailsort"
)

// sort is SORT and UID SORT (RFC 5256 3, RFC 5957), with the results of RFC 5267 3 if asked for.
func (c *conn) sort(ctx context.Context, cmd *command) error {
	if err := cmd.space(); err != nil {
		return err
	}
	want, err := parseReturn(cmd)
	if err != nil {
		return err
	}
	by, err := parseCriteria(cmd)
	if err != nil {
		return err
	}
	hits, err := c.hits(ctx, cmd, (*searchParser).charsetName)
	if err == nil && want.told() { // the order of what is only saved does not matter
		hits, err = c.sorted(ctx, hits, by)
	}
	return c.result(cmd, want, hits, err)
}

// maxCriteria is how many things can be sorted by at once; there are nine.
const maxCriteria = 32

// parseCriteria reads the list of sort criteria and the blank behind it.
func parseCriteria(cmd *command) (by []mailsort.Criterion, err error) {
	reverse := false
	ok := cmd.args.List(func() bool {
		a, _ := cmd.args.Atom()
		if strings.EqualFold(string(a), "REVERSE") && !reverse {
			reverse = true
			return true
		}
		key, ok := mailsort.KeyByName(string(a))
		by = append(by, mailsort.Criterion{Key: key, Reverse: reverse})
		reverse = false
		return ok && len(by) <= maxCriteria
	})
	if !ok || reverse || len(by) == 0 {
		return nil, badError("SORT does not know these criteria")
	}
	return by, cmd.space()
}

// sorted puts messages in order; those that are gone meanwhile are left out.
func (c *conn) sorted(ctx context.Context, uids []uint32, by []mailsort.Criterion) ([]uint32, error) {
	var want mailsort.Set
	for _, b := range by {
		want |= mailsort.SetOf(b.Key)
	}
	k := c.newKeying(want)
	defer k.done()
	t, err := k.table(ctx, uids)
	if err != nil {
		return nil, err
	}
	out := t.Sort(by)
	for i, place := range out {
		out[i] = t.UIDs[place]
	}
	return out, nil
}
