package imap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
)

// A command asks for a group of messages. The next command is sent when the last message has begun to arrive, not
// before: Dovecot mixes the answers of commands that it has at the same time. So each group costs a round trip, and
// the groups grow until that no longer counts.
const (
	readGroup    = 500    // the first group, from a server that is near,
	readFurther  = 200    // and by how much it is larger for each millisecond of a round trip
	readGroupMax = 20_000 // a group's numbers alone take memory
	readGroupMin = 20
	groupTrips   = 20                     // a group should take that many round trips,
	groupLeast   = 250 * time.Millisecond // at least this
	groupMost    = 4 * time.Second        // and at most this
)

// Read implements backfill.Mail. When a message's answer makes no sense, twice, everything before it has been
// given to each, and the error is an *Error with Scope Item and its UID: the caller can go on behind it. A message
// whose INTERNALDATE cannot be read has a zero Date.
func (a *account) Read(ctx context.Context, box string, uidValidity uint32, uids goimap.UIDSet, each func(*backfill.Message) error) error {
	if len(uids) == 0 {
		return nil
	}
	return a.do(ctx, need{op: "read", box: box, validity: uidValidity, uids: uids}, func(c *conn) error {
		todo, err := c.resolve(uids)
		if err != nil {
			return err
		}
		r := &reading{c: c, each: a.counted(ctx, each), flags: flagCache{}, asked: todo, todo: todo, group: firstGroup(c.trip)}
		if a.unordered.Load() {
			r.singles = len(todo)
		}
		defer func() {
			r.forget()
			if r.unordered {
				a.unordered.Store(true)
			}
		}()
		return r.run()
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

	asked     []uint32 // ascending; what may be told
	done      []uint32 // what has been told, ascending
	todo      []uint32 // what has not been sent for
	singles   int      // how many of todo are asked for alone: they are in doubt
	group     int      // how many of the others are asked for at once
	cur, next *sent    // commands under way
	trouble   bool     // an answer made no sense: nothing more is told until it has been asked again
	unordered bool     // the server does not answer in ascending order
	parts     map[uint32]*part
}

// sent is a command whose answer is awaited.
type sent struct {
	tag   string
	uids  []uint32
	at    time.Time // when it was sent
	first time.Time // when the first message came
}

// firstGroup is larger the longer the way is.
func firstGroup(trip time.Duration) int {
	return min(readGroup+int(min(trip, time.Second)/time.Millisecond)*readFurther, readGroupMax)
}

// resize makes the next groups so large that they take the time they should, given how long one took. How long the
// caller took over the messages counts: a slow destination wants small groups as a slow source does.
func (r *reading) resize(s *sent) {
	n := len(s.uids)
	if n < min(r.group, readGroup) || s.first.IsZero() {
		return // the end of the list, or one message alone
	}
	took := max(time.Since(s.first), time.Millisecond)
	want := max(groupLeast, min(groupTrips*s.first.Sub(s.at), groupMost))
	size := int64(n) * int64(want) / int64(took)
	r.group = int(max(readGroupMin, min(size, 8*int64(n), readGroupMax)))
}

func (s *sent) last() uint32 { return s.uids[len(s.uids)-1] }

// last is the message that was told last.
func (r *reading) last() uint32 {
	if len(r.done) == 0 {
		return 0
	}
	return r.done[len(r.done)-1]
}

func (r *reading) run() error {
	for {
		if r.cur, r.next = r.next, nil; r.cur == nil {
			if len(r.todo) == 0 {
				return nil
			}
			if err := r.ask(&r.cur); err != nil {
				return err
			}
		}
		lost := r.c.lost
		st, err := r.c.wait(r.cur.tag, handler{fetch: r.answer})
		if err != nil {
			return err
		}
		r.judge(st, lost)
		switch {
		case !r.trouble:
			r.resize(r.cur)
			r.forget()
		case r.unordered:
			return &backfill.Error{Op: "read", Host: r.c.host, Scope: backfill.FolderScope, Patience: backfill.Now, Err: errOrder}
		case len(r.cur.uids) == 1:
			return r.itemError(r.cur.uids[0], st)
		default:
			if err := r.again(); err != nil {
				return err
			}
		}
	}
}

var errOrder = errors.New("the server does not answer in ascending order")

// ask sends the command for the next group.
func (r *reading) ask(into **sent) error {
	n := min(r.group, len(r.todo))
	items := "(UID FLAGS INTERNALDATE BODY.PEEK[])"
	if r.singles > 0 {
		n = 1
		r.singles--
	}
	if n == 1 {
		items = "(UID RFC822.SIZE FLAGS INTERNALDATE BODY.PEEK[])" // the size tells whether an empty body may be
	}
	set := chunks(backfill.SetOf(r.todo[:n]))
	for len(set) > 1 {
		n /= 2
		set = chunks(backfill.SetOf(r.todo[:n]))
	}
	tag := r.c.begin()
	_, _ = fmt.Fprintf(r.c.wire, "UID FETCH %s %s", set[0], items) // the error sticks
	*into = &sent{tag: tag, uids: r.todo[:n], at: time.Now()}
	r.todo = r.todo[n:]
	return r.c.send()
}

// judge looks at a group that has been answered.
func (r *reading) judge(st status, lost int) {
	if !st.ok() || r.c.lost > lost {
		r.trouble = true
	}
	for uid, p := range r.parts {
		// Its flags or date never came; or it was named, so it exists, but its body never came.
		r.trouble = r.trouble || p.body != nil || uid <= r.cur.last()
	}
}

// again reads what else is under way to its end, and arranges that what follows in the failed group, where the
// guilty one is, is asked for alone, then everything behind it.
func (r *reading) again() error {
	if r.next != nil {
		if _, err := r.c.wait(r.next.tag, handler{fetch: r.answer}); err != nil {
			return err
		}
		r.next = nil
	}
	r.forget()
	r.trouble = false
	failed := r.cur.last()
	from, _ := slices.BinarySearch(r.asked, r.last()+1)
	r.todo = r.asked[from:]
	r.singles, _ = slices.BinarySearch(r.todo, failed+1)
	r.singles = min(r.singles, readGroup)
	return nil
}

func (r *reading) itemError(uid uint32, st status) error {
	if !st.ok() && st.kind != "" {
		e := r.c.refused("UID FETCH", st, backfill.Item)
		e.UID = uid
		return e
	}
	return &backfill.Error{Op: "read", Host: r.c.host, Scope: backfill.Item, Patience: backfill.Later, UID: uid, Err: errOdd}
}
