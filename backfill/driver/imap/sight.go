package imap

import (
	"context"
	"errors"
	"strings"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
)

var _ backfill.Sighted = (*account)(nil)

// Sight implements backfill.Sighted: EXAMINE, MYRIGHTS and GETACL (RFC 4314 3.5, 3.3) of INBOX.
func (a *account) Sight(ctx context.Context) (s backfill.Sight, err error) {
	const inbox = "INBOX"
	s.Lists = a.features.Caps.Has("ACL")
	_, err = a.Examine(ctx, inbox)
	if s.Refused = closed(err); err != nil && !s.Refused {
		return s, err
	}
	if !s.Lists {
		return s, nil
	}
	err = a.do(ctx, need{op: "MYRIGHTS"}, func(c *conn) error {
		rights, named := "", false
		_, err := c.commandArgs(handler{data: func(name string, _ uint32, sc *imapwire.Scanner) {
			if name == "MYRIGHTS" {
				rights, _ = parseMyRights(sc)
			}
		}}, "MYRIGHTS", "", inbox)
		if err != nil {
			return err
		}
		if strings.Contains(rights, "a") { // else the list is not told
			_, err = c.commandArgs(handler{data: func(name string, _ uint32, sc *imapwire.Scanner) {
				if name != "ACL" {
					return
				}
				for _, r := range parseACL(sc) {
					named = named || a.stranger(r.who)
				}
			}}, "GETACL", "", inbox)
		}
		s.Rights, s.Named = rights, named
		return err
	})
	return s, err
}

// closed tells a refusal to open a mailbox that is about the mailbox, and not about the moment.
func closed(err error) bool {
	var e *backfill.Error
	if !errors.As(err, &e) || e.Scope != backfill.FolderScope {
		return false
	}
	return errors.Is(err, backfill.ErrNoFolder) || e.Text != "" && (e.Code == "" || e.Code == "NOPERM" || e.Code == "CANNOT")
}

// stranger tells whether a name in an access list is that of a master user who opens somebody else's mailbox: his own, or
// joined behind the user's by a star.
func (a *account) stranger(who string) bool {
	who, name := strings.ToLower(who), strings.ToLower(a.user)
	if a.as == "" {
		owner, master, joined := strings.Cut(name, "*")
		return joined && who == master && who != owner
	}
	return who == name && who != strings.ToLower(a.as)
}
