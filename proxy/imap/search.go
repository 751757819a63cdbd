package imap

import (
	"context"
	"errors"
	"strings"
)

// search is SEARCH and UID SEARCH (RFC 3501 6.4.4), with the results of RFC 4731 and RFC 5182 if
// asked for.
func (c *conn) search(ctx context.Context, cmd *command) error {
	if err := cmd.space(); err != nil {
		return err
	}
	want, err := parseReturn(cmd)
	if err != nil {
		return err
	}
	hits, err := c.hits(ctx, cmd, (*searchParser).charset)
	return c.result(cmd, want, hits, err)
}

// result saves and tells what a SEARCH or SORT has found, in its order, unless that failed.
func (c *conn) result(cmd *command, want returns, hits []uint32, err error) error {
	if err == nil && want.save {
		err = c.save(want.savedPart(hits))
	}
	if bad := badError(""); err != nil {
		if want.save && !errors.As(err, &bad) {
			c.saved = nil // RFC 5182 2.1
		}
		return err
	}
	if !want.told() {
		return nil
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

// hits reads what a SEARCH looks for to the end of the command, and returns the UIDs of the messages, ascending. charset
// reads the character set, as the command has it.
func (c *conn) hits(ctx context.Context, cmd *command, charset func(*searchParser) error) ([]uint32, error) {
	p := &searchParser{s: cmd.args, view: c.view, last: c.lastUID(), saved: c.saved}
	if err := charset(p); err != nil {
		return nil, err
	}
	tree, err := p.program()
	if err != nil {
		return nil, err
	}
	cmd.numbered = p.numbered
	return c.evaluate(ctx, tree)
}

// returns are the result options of RFC 4731 3.1, RFC 5182 2 and, for SORT, RFC 5267 3 and 4.4.
type returns struct {
	extended             bool
	min, max, count, all bool
	save                 bool
	partial              numRange // by place in the result, from 1; zero if not asked for
}

// told tells whether there is an untagged answer: not if the result is only saved.
func (r returns) told() bool {
	return !r.extended || r.min || r.max || r.count || r.all || r.partial.lo > 0
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
		case "SAVE":
			r.save = true
		case "PARTIAL":
			return cmd.name == "SORT" && r.partialOf(cmd)
		default:
			return false
		}
		return true
	})
	if !ok || r.all && r.partial.lo > 0 {
		return r, badError(cmd.label() + " does not know these result options")
	}
	r.all = r.all || !(r.min || r.max || r.count || r.save || r.partial.lo > 0)
	return r, cmd.space()
}

// partialOf reads the range of PARTIAL, which is asked for once.
func (r *returns) partialOf(cmd *command) bool {
	again := r.partial.lo > 0
	cmd.args.SP()
	var ok bool
	if r.partial, ok = parseRange(cmd.args); !ok || again || r.partial.lo == star || r.partial.hi == star {
		return false
	}
	if r.partial.lo > r.partial.hi {
		r.partial.lo, r.partial.hi = r.partial.hi, r.partial.lo
	}
	return true
}

// part is what PARTIAL is to tell of a result.
func (r returns) part(hits []uint32) []uint32 {
	n := uint64(len(hits))
	if r.partial.lo == 0 || uint64(r.partial.lo) > n {
		return nil
	}
	return hits[r.partial.lo-1 : min(uint64(r.partial.hi), n)]
}

// writeHits answers with numbers in the order of the result.
func (c *conn) writeHits(cmd *command, want returns, hits []uint32) {
	b := c.scratch[:0]
	if !want.extended {
		b = append(append(b, "* "...), cmd.name...)
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
		if want.partial.lo > 0 {
			b = want.appendPartial(b, hits)
		}
	}
	c.bytes(append(b, "\r\n"...))
	c.scratch = b[:0]
}

// appendPartial writes PARTIAL (RFC 5267 4.4).
func (r returns) appendPartial(b []byte, hits []uint32) []byte {
	b = number(append(b, " PARTIAL ("...), uint64(r.partial.lo))
	b = append(number(append(b, ':'), uint64(r.partial.hi)), ' ')
	if part := r.part(hits); len(part) > 0 {
		return append(appendNumbers(b, part), ')')
	}
	return append(b, "NIL)"...)
}
