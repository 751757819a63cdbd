package imap

import (
	"context"
	"slices"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
)

const (
	// glanceFew: up to so many mailboxes are asked for one by one, where LIST-STATUS would tell of all there are.
	glanceFew = 3
	// glanceAhead is how many STATUS commands are sent before the first is answered.
	glanceAhead = 16
)

// Glance implements backfill.Glancer: by LIST-STATUS (RFC 5819), else by STATUS of each. Courier's STATUS does not
// know of mail that nobody has selected yet.
func (a *account) Glance(ctx context.Context, boxes []string) (map[string]backfill.BoxState, error) {
	out := make(map[string]backfill.BoxState, len(boxes))
	err := a.do(ctx, need{op: "STATUS"}, func(c *conn) error {
		if c.courier {
			return &backfill.Error{Op: "STATUS", Host: c.host, Scope: backfill.FolderScope, Patience: backfill.Never, Err: backfill.ErrNotOffered}
		}
		g := &glance{c: c, asked: make(map[string]string, len(boxes)), out: out}
		for _, b := range boxes {
			g.asked[nameKey(b)] = b
		}
		if err := g.unselect(); err != nil {
			return err
		}
		if len(g.asked) > glanceFew && c.caps.Has("LIST-STATUS") && !a.noListStatus.Load() {
			st, err := c.command(handler{data: g.data}, `LIST "" "*" RETURN (STATUS `+g.items()+`)`)
			if err != nil || st.ok() {
				return err
			}
			if e := c.refused("LIST", st, backfill.FolderScope); e.Scope != backfill.FolderScope {
				return e
			}
			a.noListStatus.Store(true)
		}
		return g.each()
	})
	return out, err
}

// glance is one call of Glance under way.
type glance struct {
	c     *conn
	asked map[string]string // names as they were asked for, by nameKey
	out   map[string]backfill.BoxState
}

func (g *glance) items() string {
	if g.c.condstore() {
		return "(UIDVALIDITY UIDNEXT MESSAGES HIGHESTMODSEQ)"
	}
	return "(UIDVALIDITY UIDNEXT MESSAGES)"
}

// unselect closes a mailbox that is asked for: of the selected one, STATUS may tell what the connection knows already
// (RFC 3501 6.3.10). Where it cannot be closed without doing more, it is opened anew.
func (g *glance) unselect() error {
	c := g.c
	name, ok := g.asked[nameKey(c.box)]
	if !c.selected || !ok {
		return nil
	}
	if c.caps.Has(goimap.CapUnselect) || c.caps.Has(goimap.CapIMAP4rev2) {
		c.selected, c.box = false, ""
		return c.must("UNSELECT")
	}
	delete(g.asked, nameKey(c.box))
	if err := c.selectBox(c.box, c.writable); err != nil {
		return err
	}
	if st := c.state; st.UIDValidity != 0 && st.UIDNext != 0 {
		g.out[name] = backfill.BoxState{UIDValidity: st.UIDValidity, UIDNext: st.UIDNext, Exists: st.Exists, HighestModSeq: st.HighestModSeq}
	}
	return nil
}

// each asks for one mailbox after the other, some ahead of the answers. What the server refuses to tell is left out.
func (g *glance) each() error {
	names := make([]string, 0, len(g.asked))
	for _, name := range g.asked {
		names = append(names, name)
	}
	slices.Sort(names)
	for some := range slices.Chunk(names, glanceAhead) {
		if err := g.some(some); err != nil {
			return err
		}
	}
	return nil
}

func (g *glance) some(names []string) error {
	c := g.c
	waiting := make(map[string]bool, len(names))
	var failed error
	h := handler{data: g.data}
	h.tagged = func(tag string, st status) bool {
		if !waiting[tag] {
			return false
		}
		delete(waiting, tag)
		if st.ok() {
			return true
		}
		if e := c.refused("STATUS", st, backfill.FolderScope); e.Scope == backfill.HostScope || e.Scope == backfill.AccountScope {
			failed = e
		}
		return true
	}
	for _, name := range names {
		tag, refused, err := c.start(h, "STATUS", " "+g.items(), name)
		if err != nil {
			return err
		}
		if refused == nil {
			waiting[tag] = true
		}
	}
	if err := c.flush(); err != nil {
		return err
	}
	for len(waiting) > 0 {
		ev, err := c.step(h)
		if err != nil {
			return err
		}
		if ev.kind == evTagged {
			c.other(h, ev)
		}
	}
	return failed
}

// data takes a STATUS answer. Without a number that says which mailbox it is, and one that says what comes next, it
// tells nothing.
func (g *glance) data(name string, _ uint32, sc *imapwire.Scanner) {
	if name != "STATUS" {
		return
	}
	box, items := statusItems(sc)
	asked, ok := g.asked[nameKey(box)]
	st := backfill.BoxState{
		UIDValidity: u32(items["UIDVALIDITY"]), UIDNext: u32(items["UIDNEXT"]), Exists: u32(items["MESSAGES"]),
		HighestModSeq: items["HIGHESTMODSEQ"],
	}
	if _, told := items["MESSAGES"]; ok && told && st.UIDValidity != 0 && st.UIDNext != 0 {
		g.out[asked] = st
	}
}

// maxStatusItems is how many items of a STATUS answer are looked at.
const maxStatusItems = 32

// statusItems reads a STATUS answer that stands behind its name: the mailbox and the numbers told (RFC 3501 7.2.4). NIL
// and what is no number are passed over.
func statusItems(sc *imapwire.Scanner) (box string, items map[string]uint64) {
	name, ok := sc.AString()
	if !ok {
		return "", nil
	}
	box, items = string(name), make(map[string]uint64, 4)
	sc.SP()
	sc.List(func() bool {
		item, ok := sc.Atom()
		if !ok || len(items) == maxStatusItems {
			return false
		}
		sc.SP()
		if v, ok := sc.Number(); ok {
			items[upper(item)] = v
			return true
		}
		_, ok = sc.Raw()
		return ok
	})
	return box, items
}
