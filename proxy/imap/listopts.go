package imap

import (
	"strings"
)

// parseList reads the arguments of LIST (RFC 5258 6).
func (c *conn) parseList(cmd *command) (*listQuery, error) {
	q := &listQuery{}
	if err := cmd.space(); err != nil {
		return nil, err
	}
	if cmd.args.Peek() == '(' {
		q.extended = true
		if err := q.selection(cmd); err != nil {
			return nil, err
		}
		if err := cmd.space(); err != nil {
			return nil, err
		}
	}
	if err := c.listPatterns(cmd, q); err != nil {
		return nil, err
	}
	if cmd.args.SP(); cmd.args.Fold("RETURN") {
		q.extended = true
		cmd.args.SP()
		if err := q.returns(cmd); err != nil {
			return nil, err
		}
	}
	return q, cmd.end()
}

// selection reads the selection options. RECURSIVEMATCH makes no sense on its own (RFC 5258 3.1).
func (q *listQuery) selection(cmd *command) error {
	ok := cmd.args.List(func() bool {
		a, _ := cmd.args.Atom()
		switch strings.ToUpper(string(a)) {
		case "SUBSCRIBED":
			q.subscribedOnly = true
		case "RECURSIVEMATCH":
			q.recursive = true
		case "SPECIAL-USE":
			q.specialOnly = true
		case "REMOTE": // all are as near as can be
		default:
			return false
		}
		return true
	})
	if !ok || q.recursive && !q.subscribedOnly {
		return badError("LIST does not know these selection options")
	}
	return nil
}

// returns reads the return options. CHILDREN and SPECIAL-USE are always told.
func (q *listQuery) returns(cmd *command) error {
	var err error
	ok := cmd.args.List(func() bool {
		a, _ := cmd.args.Atom()
		switch strings.ToUpper(string(a)) {
		case "SUBSCRIBED":
			q.subscribed = true
		case "CHILDREN", "SPECIAL-USE":
		case "STATUS":
			cmd.args.SP()
			q.status, err = parseStatusItems(cmd.args)
			return err == nil
		default:
			return false
		}
		return true
	})
	if !ok {
		return badError("LIST does not know these return options")
	}
	return nil
}

// maxPatterns is how many patterns one LIST may have.
const maxPatterns = 100

// listPatterns reads the reference and one pattern, or several in parentheses.
func (c *conn) listPatterns(cmd *command, q *listQuery) error {
	reference, ok := cmd.args.AString()
	if !ok {
		return badError(cmd.label() + " needs a reference and a pattern")
	}
	ref, sep := string(reference), c.session.Separator()
	q.reference = ref
	if err := cmd.space(); err != nil {
		return err
	}
	add := func() bool {
		p, ok := cmd.args.AString()
		if !ok || len(ref)+len(p) > maxPattern || len(q.patterns) >= maxPatterns {
			return false
		}
		text := ref + string(p)
		if len(p) == 0 {
			text = ""
		}
		q.patterns = append(q.patterns, pattern{text, sep})
		return true
	}
	if cmd.args.Peek() == '(' {
		q.extended = true
		ok = cmd.args.List(add)
	} else {
		ok = add()
	}
	if !ok || len(q.patterns) == 0 {
		return badError(cmd.label() + " needs patterns of reasonable length")
	}
	return nil
}
