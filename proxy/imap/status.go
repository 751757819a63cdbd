package imap

import (
	"context"
	"slices"
	"strings"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
)

// statusItems are what STATUS can tell (RFC 3501 6.3.10, RFC 8438, RFC 9051 6.3.11).
var statusItems = map[string]func(s *backfill.Status) uint64{
	"MESSAGES":    func(s *backfill.Status) uint64 { return uint64(s.Messages) },
	"RECENT":      func(s *backfill.Status) uint64 { return uint64(s.Recent) },
	"UIDNEXT":     func(s *backfill.Status) uint64 { return uint64(s.UIDNext) },
	"UIDVALIDITY": func(s *backfill.Status) uint64 { return uint64(s.UIDValidity) },
	"UNSEEN":      func(s *backfill.Status) uint64 { return uint64(s.Unseen) },
	"DELETED":     func(s *backfill.Status) uint64 { return uint64(s.Deleted) },
	"SIZE":        func(s *backfill.Status) uint64 { return uint64(max(s.Size, 0)) },
}

// status is STATUS (RFC 3501 6.3.10).
func (c *conn) status(ctx context.Context, cmd *command) error {
	name, err := cmd.mailbox()
	if err != nil {
		return err
	}
	if err := cmd.space(); err != nil {
		return err
	}
	items, err := parseStatusItems(cmd.args)
	if err != nil {
		return err
	}
	if err := cmd.end(); err != nil {
		return err
	}
	st, err := c.session.Status(ctx, name, slices.Contains(items, "SIZE"))
	if err != nil {
		return err
	}
	return c.writeStatus(name, items, &st)
}

// parseStatusItems passes the list of items; each is returned once, in upper case.
func parseStatusItems(s *imapwire.Scanner) ([]string, error) {
	var items []string
	seen := map[string]bool{}
	ok := s.List(func() bool {
		a, ok := s.Atom()
		item := strings.ToUpper(string(a))
		if !ok || statusItems[item] == nil {
			return false
		}
		if !seen[item] {
			seen[item] = true
			items = append(items, item)
		}
		return true
	})
	if !ok || len(items) == 0 {
		return nil, badError("STATUS needs a list of items it knows")
	}
	return items, nil
}

func (c *conn) writeStatus(name string, items []string, st *backfill.Status) error {
	_, _ = c.wire.WriteString("* STATUS ") // errors stick to the writer
	if err := c.wire.AString(name); err != nil {
		return &fatalError{err}
	}
	b := append(c.scratch[:0], " ("...)
	for _, item := range items {
		b = append(append(appendBlank(b), item...), ' ')
		b = number(b, statusItems[item](st))
	}
	c.scratch = append(b, ")\r\n"...)
	c.bytes(c.scratch)
	return nil
}
