package imap

import (
	"context"
	"strings"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
	"crossfade/mapping"
)

// store is STORE and UID STORE (RFC 3501 6.4.6).
func (c *conn) store(ctx context.Context, cmd *command) error {
	uids, err := c.messages(cmd)
	if err != nil {
		return err
	}
	op, silent, flags, err := parseStore(cmd)
	if err != nil {
		return err
	}
	box := c.view.Mailbox()
	if box.ReadOnly() {
		return errReadOnly
	}
	before, live := c.present(uids)
	if len(live) == 0 {
		if len(uids) > 0 {
			return errExpunged
		}
		return nil
	}
	if len(live) < len(uids) {
		cmd.code = "EXPUNGEISSUED"
	}
	if silent { // what others changed before is told, what this command changes is not
		c.update(c.view.Sync(false, nil))
	}
	if err := box.Store(ctx, live, op, flags); err != nil {
		return err
	}
	if silent {
		for i := range before {
			before[i].Flags = apply(before[i].Flags, op, flags)
		}
		c.told = before
		return nil
	}
	c.tellFlags(cmd, live)
	return nil
}

// present are those of the messages that are not gone, with what is known of them.
func (c *conn) present(uids []uint32) (items []backfill.ItemState, live []uint32) {
	items = make([]backfill.ItemState, 0, len(uids))
	live = make([]uint32, 0, len(uids))
	for part := range chunks(uids) {
		for _, it := range c.view.Mailbox().Items(part) {
			items, live = append(items, it), append(live, it.UID)
		}
	}
	return items, live
}

// tellFlags answers a STORE with the flags as they are now.
func (c *conn) tellFlags(cmd *command, uids []uint32) {
	seqs := seqCursor{view: c.view}
	b := c.scratch[:0]
	for part := range chunks(uids) {
		for _, it := range c.view.Mailbox().Items(part) {
			b = appendFetch(b, seqs.of(it.UID))
			if cmd.uid {
				b = appendUID(b, it.UID)
			}
			b = c.spill(append(appendFlags(b, it.Flags), ")\r\n"...))
			c.told = append(c.told, it)
		}
	}
	c.bytes(b)
	c.scratch = b[:0]
}

// apply is what a STORE makes of flags.
func apply(now mapping.Flags, op backfill.FlagOp, flags mapping.Flags) mapping.Flags {
	switch op {
	case backfill.FlagsAdd:
		return now.Add(flags)
	case backfill.FlagsRemove:
		return now.Remove(flags)
	}
	return flags
}

// parseStore reads what is to be done to the flags. Many clients leave the parentheses out.
func parseStore(cmd *command) (op backfill.FlagOp, silent bool, flags mapping.Flags, err error) {
	if err := cmd.space(); err != nil {
		return 0, false, "", err
	}
	word, _ := cmd.args.Atom()
	name, silent := strings.CutSuffix(strings.ToUpper(string(word)), ".SILENT")
	switch name {
	case "FLAGS":
		op = backfill.FlagsSet
	case "+FLAGS":
		op = backfill.FlagsAdd
	case "-FLAGS":
		op = backfill.FlagsRemove
	default:
		return 0, false, "", badError("STORE changes FLAGS only")
	}
	if err := cmd.space(); err != nil {
		return 0, false, "", err
	}
	flags, err = parseFlags(cmd.args, true)
	if err != nil {
		return 0, false, "", err
	}
	return op, silent, flags, cmd.end()
}

// Limits for the flags in one command.
const (
	maxFlags   = 200
	maxKeyword = 255
)

// parseFlags passes a list of flags and checks each (RFC 3501 2.3.2). \Recent belongs to no message and is
// dropped: clients send it back in APPEND.
func parseFlags(s *imapwire.Scanner, bare bool) (mapping.Flags, error) {
	list, ok := s.Flags(nil, bare)
	if !ok {
		return "", badError("A list of flags was expected")
	}
	if len(list) > maxFlags {
		return "", &noError{"LIMIT", "Too many flags"}
	}
	for _, f := range list {
		if !isFlag(f) {
			return "", badError("There is no such flag")
		}
	}
	return mapping.NewFlags(list...), nil
}

func isFlag(f string) bool {
	if strings.HasPrefix(f, `\`) {
		switch strings.ToLower(f) {
		case `\seen`, `\answered`, `\flagged`, `\deleted`, `\draft`, `\recent`:
			return true
		}
		return false
	}
	for i := range len(f) {
		if f[i] <= ' ' || f[i] > '~' || strings.IndexByte(`(){%*"\`, f[i]) >= 0 {
			return false
		}
	}
	return len(f) <= maxKeyword
}
