package imap

import (
	"strconv"

	"crossfade/backfill"
	"crossfade/proxy"
)

// news tells what has changed in the selected mailbox, as far as the command allows it (RFC 3501 7.4.1; the UID
// forms are other commands than FETCH, STORE, SEARCH, SORT and THREAD).
func (c *conn) news(cmd *command) {
	if c.view == nil || c.switched() {
		return
	}
	c.update(c.view.Sync(!cmd.verb.fixed || cmd.uid && !cmd.numbered, nil))
}

// update writes one update as untagged responses. FETCH carries the UID too, which is always allowed
// and spares clients a question.
func (c *conn) update(u proxy.Update) {
	if len(u.Flags) > 0 {
		c.announce()
	}
	b := c.scratch[:0]
	for _, n := range u.Expunged {
		b = append(b, "* "...)
		b = strconv.AppendUint(b, uint64(n), 10)
		b = c.spill(append(b, " EXPUNGE\r\n"...))
	}
	if u.Grown {
		b = append(b, "* "...)
		b = strconv.AppendUint(b, uint64(u.Exists), 10)
		b = append(b, " EXISTS\r\n* "...)
		b = append(number(b, uint64(c.view.Recent())), " RECENT\r\n"...)
	}
	for i := range u.Flags {
		b = appendFetch(b, u.Flags[i].Seq)
		b = appendUID(b, u.Flags[i].Item.UID)
		b = c.appendFlags(b, &u.Flags[i].Item)
		b = c.spill(append(b, ")\r\n"...))
	}
	c.scratch = b
	c.bytes(b)
	c.scratch = b[:0]
}

// announce tells of keywords that are new in the mailbox, before the first message that bears one (RFC 3501 7.2.6).
func (c *conn) announce() {
	now, _, _ := c.view.Mailbox().Flags()
	if now == c.flags {
		return
	}
	all := c.flags.Add(now)
	if all == c.flags {
		return
	}
	c.flags = all
	b := append(c.scratch[:0], "* FLAGS "...)
	c.scratch = append(appendList(b, all, false), "\r\n"...)
	c.bytes(c.scratch)
}

// spillAt keeps the scratch buffer small.
const spillAt = 2 << 10

// spill moves b to the writer once it is worth it and returns what is left of it.
func (c *conn) spill(b []byte) []byte {
	if len(b) < spillAt {
		return b
	}
	c.bytes(b)
	return b[:0]
}

// appendFetch starts a FETCH response. Each item that follows begins with a blank but the first, so the last
// byte tells the two apart.
func appendFetch(b []byte, seq uint32) []byte {
	b = append(b, "* "...)
	b = strconv.AppendUint(b, uint64(seq), 10)
	return append(b, " FETCH ("...)
}

// appendBlank separates an item from the one before.
func appendBlank(b []byte) []byte {
	if b[len(b)-1] == '(' {
		return b
	}
	return append(b, ' ')
}

func appendUID(b []byte, uid uint32) []byte {
	return strconv.AppendUint(append(appendBlank(b), "UID "...), uint64(uid), 10)
}

// appendFlags writes the flags of a message in the view, with \Recent behind them if it is that for this client.
func (c *conn) appendFlags(b []byte, it *backfill.ItemState) []byte {
	b = append(append(appendBlank(b), "FLAGS ("...), it.Flags...)
	if c.view.IsRecent(it.UID) {
		b = append(appendBlank(b), `\Recent`...)
	}
	return append(b, ')')
}

func appendSize(b []byte, size int64) []byte {
	return strconv.AppendInt(append(appendBlank(b), "RFC822.SIZE "...), size, 10)
}

func appendDate(b []byte, item *backfill.ItemState) []byte {
	b = append(appendBlank(b), "INTERNALDATE "...)
	return item.Date.AppendFormat(b, `"02-Jan-2006 15:04:05 -0700"`)
}
