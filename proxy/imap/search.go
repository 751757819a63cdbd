package imap

import (
	"context"
	"strings"
)

// search is SEARCH and UID SEARCH (RFC 3501 6.4.4), with the results of RFC 4731 if asked for.
func (c *conn) search(ctx context.Context, cmd *command) error {
	if err := cmd.space(); err != nil {
		return err
	}
	want, err := parseReturn(cmd)
	if err != nil {
		return err
	}
	p := &searchParser{s: cmd.args, view: c.view, last: c.lastUID()}
	if err := p.charset(); err != nil {
		return err
	}
	tree, err := p.program()
	if err != nil {
		return err
	}
	cmd.numbered = p.numbered
	hits, err := c.evaluate(ctx, tree)
	if err != nil {
		return err
	}
	if !cmd.uid {
		seqs := seqCursor{view: c.view}
		for i, uid := range hits {
			hits[i] = seqs.of(uid)
		}
	}
	c.writeHits(cmd, want, hits)
	return nil
}

// returns are the result options of RFC 4731 3.1.
type returns struct {
	extended             bool
	min, max, count, all bool
}

// parseReturn reads RETURN (...) at the start of the arguments. An empty list means ALL.
func parseReturn(cmd *command) (r returns, err error) {
	if !cmd.args.Fold("RETURN") {
		return r, nil
	}
	r.extended = true
	cmd.args.SP()
	ok := cmd.args.List(func() bool {
		a, _ := cmd.args.Atom()
		switch strings.ToUpper(string(a)) {
		case "MIN":
			r.min = true
		case "MAX":
			r.max = true
		case "COUNT":
			r.count = true
		case "ALL":
			r.all = true
		default:
			return false
		}
		return true
	})
	if !ok {
		return r, badError("SEARCH does not know these result options")
	}
	r.all = r.all || !(r.min || r.max || r.count)
	return r, cmd.space()
}

// writeHits answers with ascending numbers.
func (c *conn) writeHits(cmd *command, want returns, hits []uint32) {
	b := c.scratch[:0]
	if !want.extended {
		b = append(b, "* SEARCH"...)
		for _, n := range hits {
			b = c.spill(number(append(b, ' '), uint64(n)))
		}
	} else {
		b = append(append(append(b, `* ESEARCH (TAG "`...), cmd.tag...), `")`...)
		if cmd.uid {
			b = append(b, " UID"...)
		}
		if want.min && len(hits) > 0 {
			b = number(append(b, " MIN "...), uint64(hits[0]))
		}
		if want.max && len(hits) > 0 {
			b = number(append(b, " MAX "...), uint64(hits[len(hits)-1]))
		}
		if want.count {
			b = number(append(b, " COUNT "...), uint64(len(hits)))
		}
		if want.all && len(hits) > 0 {
			b = appendNumbers(append(b, " ALL "...), hits)
		}
	}
	c.bytes(append(b, "\r\n"...))
	c.scratch = b[:0]
}
