package imap

import (
	"bytes"
	"context"
	"errors"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
)

// maxCopyUIDs bounds what a COPYUID may claim.
const maxCopyUIDs = 1 << 20

// Copy implements backfill.Writer.
func (a *account) Copy(ctx context.Context, box string, uidValidity uint32, uids goimap.UIDSet, to string) (backfill.Copied, error) {
	return a.transfer(ctx, "COPY", box, uidValidity, uids, to)
}

// Move implements backfill.Writer.
func (a *account) Move(ctx context.Context, box string, uidValidity uint32, uids goimap.UIDSet, to string) (backfill.Copied, error) {
	caps := a.features.Caps
	if !caps.Has(goimap.CapMove) && !caps.Has(goimap.CapIMAP4rev2) {
		return backfill.Copied{}, &backfill.Error{Op: "MOVE", Host: a.d.Host(), Scope: backfill.AccountScope, Patience: backfill.Never, Err: backfill.ErrNotOffered}
	}
	return a.transfer(ctx, "MOVE", box, uidValidity, uids, to)
}

// transfer sends UID COPY or UID MOVE. Beside an error of a later part of a long set it returns what the
// earlier parts gave.
func (a *account) transfer(ctx context.Context, verb, box string, uidValidity uint32, uids goimap.UIDSet, to string) (backfill.Copied, error) {
	out := backfill.Copied{UIDs: map[uint32]uint32{}, Learned: true}
	err := a.do(ctx, need{op: verb, box: box, write: true, validity: uidValidity, uids: uids, once: true}, func(c *conn) error {
		for _, set := range chunks(uids) {
			learned := false
			learn := func(s status) { learned = learnCopies(&out, s) || learned }
			st, err := c.commandArgs(handler{code: learn}, "UID "+verb+" "+set, "", to)
			if err != nil {
				return errors.Join(err, backfill.ErrUncertain)
			}
			if !st.ok() {
				return c.refused(verb, st, backfill.FolderScope)
			}
			learn(st)
			out.Learned = out.Learned && learned
		}
		return nil
	})
	return out, err
}

// learnCopies reads COPYUID (RFC 4315 3): validity, the messages, their copies in the same order. A server without
// lasting UIDs says 0 and is not believed.
func learnCopies(out *backfill.Copied, s status) bool {
	if s.code != "COPYUID" {
		return false
	}
	sc := imapwire.NewScanner(bytes.TrimSpace(s.args))
	validity, ok := sc.Uint32()
	if !ok || validity == 0 {
		return false
	}
	sc.SP()
	from := expand(parseSet(sc.Word()), maxCopyUIDs)
	sc.SP()
	to := expand(parseSet(sc.Word()), maxCopyUIDs)
	if len(from) == 0 || len(from) != len(to) {
		return false
	}
	out.UIDValidity = validity
	for i, u := range from {
		out.UIDs[u] = to[i]
	}
	return true
}
