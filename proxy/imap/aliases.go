package imap

import (
	"context"
	"slices"

	"crossfade/backfill"
)

// aliases answers a LIST or LSUB that is meant in the old server's spelling: a client that has that server's prefix set
// finds its folders under the names that it knows. They come after the real ones, of which none is told twice. The query
// returned is the same one in that spelling.
func (c *conn) aliases(ctx context.Context, q *listQuery, real []backfill.ListEntry) (*listQuery, []*branch, error) {
	patterns := make([]string, len(q.patterns))
	for i, p := range q.patterns {
		patterns[i] = p.text
	}
	t, err := c.session.Aliases(ctx, q.reference, patterns)
	if err != nil || len(t.Entries) == 0 {
		return q, nil, err
	}
	old := *q
	old.patterns = make([]pattern, len(patterns))
	for i, text := range patterns {
		old.patterns[i] = pattern{text, t.Separator}
	}
	tree := slices.DeleteFunc(newTree(t.Entries, t.Separator), func(b *branch) bool { // a level may be a real folder
		return slices.ContainsFunc(real, func(e backfill.ListEntry) bool { return e.Name == b.Name })
	})
	return &old, tree, nil
}

// separator is the one of the names that the query is about.
func (q *listQuery) separator() string { return q.patterns[0].sep }
