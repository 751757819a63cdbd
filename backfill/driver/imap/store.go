package imap

import (
	"context"
	"maps"
	"slices"
	"strings"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
	"crossfade/mapping"
)

// Store implements backfill.Writer. Messages that do not exist are not in the result.
func (a *account) Store(ctx context.Context, box string, uidValidity uint32, uids goimap.UIDSet, op backfill.FlagOp, flags mapping.Flags) (map[uint32]mapping.Flags, error) {
	out := map[uint32]mapping.Flags{}
	if strings.ContainsAny(string(flags), "\r\n(){\"") {
		return nil, &backfill.Error{Op: "STORE", Host: a.d.Host(), Scope: backfill.FolderScope, Patience: backfill.Never, Text: "a flag that cannot be sent"}
	}
	err := a.do(ctx, need{op: "STORE", box: box, write: true, validity: uidValidity, uids: uids}, func(c *conn) error {
		clear(out)
		s := &storing{c: c, told: map[uint32]mapping.Flags{}, flags: flagCache{}}
		for _, set := range chunks(uids) {
			if op != backfill.FlagsSet && flags == "" {
				continue // nothing to change; the flags are asked for below
			}
			if err := s.command("UID STORE " + set + " " + storeItem(op) + " (" + string(flags) + ")"); err != nil {
				return err
			}
		}
		// What was not answered is asked for: it may be gone, or the server is terse.
		silent := without(uids, slices.Sorted(maps.Keys(s.told)))
		for _, set := range chunks(silent) {
			if err := s.command("UID FETCH " + set + " (UID FLAGS)"); err != nil {
				return err
			}
		}
		for uid, f := range s.told {
			if contains(uids, uid) {
				out[uid] = f
			}
		}
		return nil
	})
	return out, err
}

func storeItem(op backfill.FlagOp) string {
	switch op {
	case backfill.FlagsAdd:
		return "+FLAGS"
	case backfill.FlagsRemove:
		return "-FLAGS"
	}
	return "FLAGS"
}

// storing collects the flags that messages have after a STORE.
type storing struct {
	c     *conn
	told  map[uint32]mapping.Flags
	flags flagCache
}

func (s *storing) command(line string) error {
	st, err := s.c.command(handler{fetch: s.answer}, line)
	if err != nil {
		return err
	}
	if !st.ok() {
		return s.c.refused("STORE", st, backfill.FolderScope)
	}
	return nil
}

func (s *storing) answer(_ uint32, text []byte, lit *imapwire.Literal) error {
	if lit != nil {
		if err := s.c.collect(text, lit); err != nil {
			return err
		}
		text = s.c.frame.Raw
	}
	e, ok := parseEntry(imapwire.NewScanner(text), s.flags)
	if !ok && e.got == 0 {
		return errOdd
	}
	if e.got&(gotUID|gotFlags) == gotUID|gotFlags {
		s.told[e.UID] = e.Flags
		return nil
	}
	s.c.news.flags = true
	return nil
}
