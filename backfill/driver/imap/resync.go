package imap

import (
	goimap "github.com/emersion/go-imap/v2"

	"crossfade/internal/imapwire"
)

// resync has the server tell what vanished, in place of EXPUNGE and when it is asked what changed since (RFC 7162
// 3.2.3). It returns false where that is not to be had. It is asked for on a connection that needs it, not on
// all.
func (c *conn) resync() (bool, error) {
	if c.noResync {
		return false, nil
	}
	if c.resyncs || !c.caps.Has(goimap.CapQResync) || !c.caps.Has(goimap.CapEnable) {
		return c.resyncs, nil
	}
	h := handler{data: func(name string, _ uint32, sc *imapwire.Scanner) {
		for name == "ENABLED" && !sc.End() {
			word := sc.Word()
			c.resyncs = c.resyncs || fold(word, string(goimap.CapQResync))
			if sc.SP() == 0 {
				break
			}
		}
	}}
	st, err := c.command(h, "ENABLE QRESYNC")
	if err != nil {
		return false, err
	}
	c.resyncs = c.resyncs && st.ok()
	c.noResync = !c.resyncs
	return c.resyncs, nil
}

// vanished reads VANISHED (RFC 7162 3.2.10). EARLIER ones tell of the time before the SELECT or before what was asked
// for, may name numbers that never were, and do not count.
func (c *conn) vanished(h handler, sc *imapwire.Scanner) {
	earlier := sc.Peek() == '('
	if earlier {
		sc.List(func() bool { _, ok := sc.Atom(); return ok })
		sc.SP()
	}
	var n uint64
	ok := ranges(sc.Word(), func(from, to uint32) {
		n += uint64(to-from) + 1
		if h.vanished != nil {
			h.vanished(from, to)
		}
	})
	switch {
	case !ok:
		c.odd++
		c.news.gone = true
	case !earlier:
		c.expunged(u32(min(n, uint64(c.state.Exists))))
	case h.vanished == nil:
		c.news.gone = true
	}
}
