package imap

import (
	"context"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
)

// Expunge implements backfill.Writer: \Deleted is set, then the messages are removed. Without UIDPLUS a plain EXPUNGE
// has to do, and other messages' \Deleted is taken away around it; should the connection break in between,
// those stay without it: nothing is removed that must not be.
func (a *account) Expunge(ctx context.Context, box string, uidValidity uint32, uids goimap.UIDSet) error {
	if len(uids) == 0 {
		return nil
	}
	return a.do(ctx, need{op: "EXPUNGE", box: box, write: true, validity: uidValidity, uids: uids}, func(c *conn) error {
		if c.caps.Has(goimap.CapUIDPlus) || c.caps.Has(goimap.CapIMAP4rev2) {
			if err := c.mark(uids, "+"); err != nil {
				return err
			}
			for _, set := range chunks(uids) {
				if err := c.must("UID EXPUNGE " + set); err != nil {
					return err
				}
			}
			return nil
		}
		return c.carefulExpunge(uids)
	})
}

func (c *conn) carefulExpunge(uids goimap.UIDSet) error {
	if err := c.must("NOOP"); err != nil {
		return err
	}
	// Not by SEARCH: an answer that is too short would cost others their messages. A listing is counted.
	var others []uint32
	err := newScan(c, backfill.Scan{Flags: true}).run(func(e backfill.Entry) error {
		if e.Flags.Has(`\Deleted`) && !contains(uids, e.UID) {
			others = append(others, e.UID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	spare := backfill.SetOf(others)
	if err := c.mark(spare, "-"); err != nil {
		return err
	}
	if err := c.mark(uids, "+"); err != nil {
		return err
	}
	failed := c.must("EXPUNGE")
	if err := c.mark(spare, "+"); err != nil {
		return err
	}
	return failed
}

// mark sets or takes away \Deleted.
func (c *conn) mark(set goimap.UIDSet, sign string) error {
	for _, part := range chunks(set) {
		if err := c.must("UID STORE " + part + " " + sign + `FLAGS.SILENT (\Deleted)`); err != nil {
			return err
		}
	}
	return nil
}

// must sends a command and takes NO for an error.
func (c *conn) must(line string) error {
	st, err := c.command(handler{}, line)
	if err != nil {
		return err
	}
	if !st.ok() {
		return c.refused(line[:min(len(line), len("UID EXPUNGE"))], st, backfill.FolderScope)
	}
	return nil
}
