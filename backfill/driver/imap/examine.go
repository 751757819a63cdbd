package imap

import (
	"context"
	"strings"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
	"crossfade/mapping"
)

// selectBox opens a mailbox: EXAMINE, or SELECT to write.
func (c *conn) selectBox(box string, write bool) error {
	verb, tail := "EXAMINE", ""
	if write || c.courier {
		verb = "SELECT"
	}
	if c.condstore() {
		tail = " (CONDSTORE)"
	}
	old, stuck, again := c.state, c.news, c.selected && c.box == box
	c.selected, c.state, c.news, c.gone, c.polled, c.proved = false, backfill.BoxState{}, news{}, 0, false, false
	c.box = "" // a failed SELECT leaves none selected
	var flags []string
	h := handler{data: func(name string, _ uint32, sc *imapwire.Scanner) {
		if name == "FLAGS" {
			flags, _ = sc.Flags(nil, true)
			c.state.Permanent = mapping.NewFlags(flags...) // until PERMANENTFLAGS says otherwise (RFC 3501 7.1)
		}
	}}
	st, err := c.commandArgs(h, verb, tail, box)
	if err != nil {
		return err
	}
	if !st.ok() {
		e := c.refused(verb, st, backfill.FolderScope)
		if isStale(e) { // another connection is asked
			c.broken, c.answered = e, false
		}
		return e
	}
	c.box, c.selected, c.writable, c.now = box, true, write && st.code != "READ-ONLY", true
	c.news = news{}
	c.inView = c.state.UIDNext
	c.keepable()
	if c.state.UIDNext == 0 {
		if err := c.askUIDNext(box); err != nil {
			return err
		}
	}
	if again && old.UIDValidity == c.state.UIDValidity {
		n := compare(old, c.state, c.condstore())
		c.news = news{new: stuck.new || n.New, gone: stuck.gone || n.Gone, flags: stuck.flags || n.Flags}
	}
	if write && !c.writable {
		return &backfill.Error{Op: verb, Host: c.host, Scope: backfill.FolderScope, Patience: backfill.Never, Code: "NOPERM", Text: "the mailbox is read-only"}
	}
	return nil
}

// isStale tells whether a mailbox could not be opened because this connection remembers one of that name that has been
// deleted: Dovecot says so to the connection that had it open, even when there is a new one.
func isStale(e *backfill.Error) bool {
	return e.Code == "SERVERBUG" || strings.Contains(strings.ToLower(e.Text), "deleted under us")
}

// unselect leaves the mailbox as it is, where the server can (RFC 3691). After each command a Dovecot looks at the one
// that is selected: an APPEND to another costs it half as much again. CLOSE is no stand-in: it removes messages.
func (c *conn) unselect() error {
	if !c.selected || !c.caps.Has(goimap.CapUnselect) && !c.caps.Has(goimap.CapIMAP4rev2) {
		return nil
	}
	st, err := c.command(handler{}, "UNSELECT")
	if err == nil && st.ok() {
		c.box, c.selected, c.writable = "", false, false
	}
	return err
}

// keepable is what a mailbox can keep of flags.
type keepable struct {
	flags mapping.Flags
	any   bool
}

// keepable fills in what a SELECT told of flags that can be kept: an EXAMINE says that none can (RFC 3501 6.3.2).
func (c *conn) keepable() {
	if c.writable {
		c.a.permanent.Store(c.box, keepable{c.state.Permanent, c.state.AnyKeyword})
		return
	}
	if k, ok := c.a.permanent.Load(c.box); ok && !c.state.AnyKeyword {
		c.state.Permanent, c.state.AnyKeyword = k.(keepable).flags, k.(keepable).any
	}
}

func (c *conn) condstore() bool {
	return c.caps.Has(goimap.CapCondStore) || c.caps.Has(goimap.CapQResync)
}

// compare tells what must have changed between two states of one mailbox.
func compare(old, cur backfill.BoxState, condstore bool) backfill.News {
	grown := cur.UIDNext != 0 && old.UIDNext != 0 && cur.UIDNext > old.UIDNext
	n := backfill.News{State: cur}
	n.UIDValidityDiffers = cur.UIDValidity != old.UIDValidity || cur.UIDNext != 0 && cur.UIDNext < old.UIDNext
	n.New = cur.Exists > old.Exists || grown
	n.Gone = cur.Exists < old.Exists || grown && cur.Exists-old.Exists < cur.UIDNext-old.UIDNext
	if condstore && old.HighestModSeq != 0 && cur.HighestModSeq != 0 {
		n.Flags = cur.HighestModSeq != old.HighestModSeq
	} else {
		n.Flags = cur.Exists > 0
	}
	return n
}

// Examine implements backfill.Mail: a fresh EXAMINE (or SELECT again, where writing needs it).
func (a *account) Examine(ctx context.Context, box string) (backfill.BoxState, error) {
	var state backfill.BoxState
	err := a.do(ctx, need{op: "EXAMINE", box: box, reselect: true}, func(c *conn) error {
		state = c.state
		return nil
	})
	return state, err
}

// Poll implements backfill.Mail. Without CONDSTORE a mailbox that had to be opened anew may have changed
// flags: that cannot be known, so it is said.
func (a *account) Poll(ctx context.Context, box string, prev backfill.BoxState) (backfill.News, error) {
	var n backfill.News
	err := a.do(ctx, need{op: "poll", box: box}, func(c *conn) error {
		switch {
		case c.now:
		case !c.polled: // its UIDNEXT is that of its SELECT, and may be lower than what another connection has seen since
			c.selected = false // prev is what this is compared with
			if err := c.reopen("poll"); err != nil {
				return err
			}
		default:
			st, err := c.command(handler{}, "NOOP")
			if err != nil {
				return err
			}
			if !st.ok() {
				return c.refused("NOOP", st, backfill.FolderScope)
			}
		}
		if c.polled {
			n = backfill.News{
				State: c.state, New: c.state.Exists > prev.Exists, Gone: c.state.Exists < prev.Exists,
				UIDValidityDiffers: c.state.UIDValidity != prev.UIDValidity,
			}
		} else {
			n = compare(prev, c.state, c.condstore())
		}
		n.New = n.New || c.news.new
		n.Gone = n.Gone || c.news.gone
		n.Flags = n.Flags || c.news.flags
		c.news, c.polled = news{}, true
		return nil
	})
	return n, err
}
