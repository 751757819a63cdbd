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
	if c.view.Mailbox().ReadOnly() {
		return errReadOnly
	}
	gone := 0
	for part := range chunks(uids) {
		n, err := c.storePart(ctx, cmd, part, op, silent, flags)
		if err != nil {
			return err
		}
		gone += len(part) - n
	}
	switch {
	case gone > 0 && gone == len(uids):
		return errExpunged
	case gone > 0:
		cmd.code = "EXPUNGEISSUED"
	}
	return nil
}

// storePart changes some of the messages, tells what came of it, and returns how many of them are still there.
func (c *conn) storePart(ctx context.Context, cmd *command, uids []uint32, op backfill.FlagOp, silent bool, flags mapping.Flags) (int, error) {
	box := c.view.Mailbox()
	before := box.Items(uids)
	if len(before) == 0 {
		return 0, nil
	}
	live := make([]uint32, len(before))
	for i := range before {
		live[i] = before[i].UID
	}
	if silent { // what others changed before is told, what this command changes is not
		c.update(c.view.Sync(false, nil))
	}
	if err := box.Store(ctx, live, op, flags); err != nil {
		return 0, err
	}
	if silent {
		for i := range before {
			before[i].Flags = apply(before[i].Flags, op, flags)
		}
		c.update(c.view.Sync(false, before))
	} else {
		now := box.Items(live)
		c.announce()
		c.tellFlags(cmd, now)
		c.update(c.view.Sync(false, now))
	}
	return len(live), c.wire.Err()
}

// tellFlags answers a STORE with the flags as they are now.
func (c *conn) tellFlags(cmd *command, items []backfill.ItemState) {
	seqs := seqCursor{view: c.view}
	b := c.scratch[:0]
	for i := range items {
		b = appendFetch(b, seqs.of(items[i].UID))
		if cmd.uid {
			b = appendUID(b, items[i].UID)
		}
		b = c.spill(append(c.appendFlags(b, &items[i]), ")\r\n"...))
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
	take := func() ([]string, bool) { return s.Flags(nil, false) }
	if bare && s.Peek() != '(' {
		take = func() ([]string, bool) { return bareFlags(s) }
	}
	list, ok := take()
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

// bareFlags passes flags without parentheses up to the end (RFC 3501 9, store-att-flags). A NIL among them is a keyword.
func bareFlags(s *imapwire.Scanner) (list []string, ok bool) {
	for s.SP(); !s.End(); s.SP() {
		f, ok := s.Atom()
		if !ok {
			return nil, false
		}
		list = append(list, string(f))
	}
	return list, len(list) > 0
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
