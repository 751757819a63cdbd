package imap

import (
	"context"
	"fmt"
	"slices"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
)

const (
	readGroup = 100 // messages asked for by one command
	readAhead = 2   // commands under way, so that the server never waits for us
)

// Read implements backfill.Mail. When a message's answer makes no sense, twice, everything before it has been
// given to each, and the error is an *Error with Scope Item and its UID: the caller can go on behind it. A message
// whose INTERNALDATE cannot be read has a zero Date.
func (a *account) Read(ctx context.Context, box string, uidValidity uint32, uids goimap.UIDSet, each func(*backfill.Message) error) error {
	if len(uids) == 0 {
		return nil
	}
	return a.do(ctx, need{op: "read", box: box, validity: uidValidity}, func(c *conn) error {
		todo, err := c.resolve(uids)
		if err != nil {
			return err
		}
		r := &reading{c: c, each: each, flags: flagCache{}}
		defer r.forget()
		return r.run(todo)
	})
}

// resolve lists the UIDs of a set, asking the server where the set is far larger than the mailbox.
func (c *conn) resolve(set goimap.UIDSet) ([]uint32, error) {
	if uids := expand(set, max(1000, 4*min(c.state.Exists, 1<<28))); uids != nil {
		return sortedUIDs(uids), nil
	}
	var out []uint32
	s := newScan(c, backfill.Scan{UIDs: set})
	err := s.run(func(e backfill.Entry) error { out = append(out, e.UID); return nil })
	return sortedUIDs(out), err
}

// reading reads whole messages in ascending order.
type reading struct {
	c     *conn
	each  func(*backfill.Message) error
	flags flagCache

	asked   []uint32 // ascending; what may be told now
	last    uint32   // the last message told
	single  bool     // one message for each command, after trouble
	trouble bool     // an answer made no sense: nothing more is told until it has been asked again
	parts   map[uint32]*part
}

// sent is a command whose answer is awaited.
type sent struct {
	tag  string
	uids []uint32
}

func (r *reading) run(todo []uint32) error {
	r.asked = todo
	var out []sent
	singles := 0 // how many of todo are to be asked for alone
	for len(todo) > 0 || len(out) > 0 {
		for len(out) < readAhead && len(todo) > 0 && !r.trouble {
			n := min(readGroup, len(todo))
			if r.single = singles > 0; r.single {
				n = 1
				singles--
			}
			s, err := r.ask(todo[:n])
			if err != nil {
				return err
			}
			out, todo = append(out, s), todo[n:]
			if r.single {
				break
			}
		}
		s := out[0]
		out = out[1:]
		lost := r.c.lost
		st, err := r.c.wait(s.tag, handler{fetch: r.answer})
		if err != nil {
			return err
		}
		r.judge(s, st, lost)
		if !r.trouble {
			r.forget()
			continue
		}
		if r.single {
			return r.itemError(s.uids[0], st)
		}
		todo, singles, err = r.again(s, out)
		if err != nil {
			return err
		}
		out = nil
	}
	return nil
}

// ask sends the command for one group.
func (r *reading) ask(uids []uint32) (sent, error) {
	tag := r.c.begin()
	items := "(UID FLAGS INTERNALDATE BODY.PEEK[])"
	if r.single {
		items = "(UID RFC822.SIZE FLAGS INTERNALDATE BODY.PEEK[])" // the size tells whether an empty body may be
	}
	_, _ = fmt.Fprintf(r.c.wire, "UID FETCH %s %s", chunks(setOf(uids))[0], items) // the error sticks
	return sent{tag, slices.Clone(uids)}, r.c.send()
}

// judge looks at a group that has been answered.
func (r *reading) judge(s sent, st status, lost int) {
	if !st.ok() || r.c.lost > lost {
		r.trouble = true
	}
	for uid, p := range r.parts {
		// Its flags or date never came; or it was named, so it exists, but its body never came.
		r.trouble = r.trouble || p.body != nil || uid <= s.uids[len(s.uids)-1]
	}
}

// again reads the other answers under way to their end and returns what has to be asked for once more: the
// rest of the failed group alone, and everything behind it.
func (r *reading) again(failed sent, out []sent) (todo []uint32, singles int, err error) {
	for _, s := range out {
		if _, err := r.c.wait(s.tag, handler{fetch: r.answer}); err != nil {
			return nil, 0, err
		}
	}
	r.forget()
	r.trouble = false
	for _, u := range r.asked {
		if u <= r.last {
			continue
		}
		if u <= failed.uids[len(failed.uids)-1] {
			singles++
		}
		todo = append(todo, u)
	}
	return todo, singles, nil
}

func (r *reading) itemError(uid uint32, st status) error {
	if !st.ok() && st.kind != "" {
		e := r.c.refused("UID FETCH", st, backfill.Item)
		e.UID = uid
		return e
	}
	return &backfill.Error{Op: "read", Host: r.c.host, Scope: backfill.Item, Patience: backfill.Later, UID: uid, Err: errOdd}
}
