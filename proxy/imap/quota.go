package imap

import (
	"context"
	"slices"

	"crossfade/backfill"
)

// getQuotaRoot is GETQUOTAROOT (RFC 2087 4.3): which limits hold for a mailbox.
func (c *conn) getQuotaRoot(ctx context.Context, cmd *command) error {
	name, err := cmd.mailbox()
	if err != nil {
		return err
	}
	if err := cmd.end(); err != nil {
		return err
	}
	quotas, err := c.quotas(ctx, name)
	if err != nil {
		return err
	}
	c.quotaBox = name
	_, _ = c.wire.WriteString("* QUOTAROOT ") // errors stick to the writer
	_ = c.wire.AString(name)
	for _, root := range quotaRoots(quotas) {
		_, _ = c.wire.WriteString(" ")
		_ = c.wire.String(root)
	}
	c.wire.CRLF()
	for _, root := range quotaRoots(quotas) {
		c.writeQuota(root, quotas)
	}
	return c.wire.Err()
}

// getQuota is GETQUOTA (RFC 2087 4.2), for the limits that GETQUOTAROOT told and for those of INBOX.
func (c *conn) getQuota(ctx context.Context, cmd *command) error {
	if err := cmd.space(); err != nil {
		return err
	}
	raw, ok := cmd.args.AString()
	if !ok {
		return badError("GETQUOTA needs the name of a quota root")
	}
	root := string(raw)
	if err := cmd.end(); err != nil {
		return err
	}
	for _, name := range []string{inbox, c.quotaBox} {
		if name == "" {
			break
		}
		quotas, err := c.quotas(ctx, name)
		if err != nil {
			return err
		}
		if slices.Contains(quotaRoots(quotas), root) {
			c.writeQuota(root, quotas)
			return c.wire.Err()
		}
	}
	return &noError{"NONEXISTENT", "There is no such quota root"}
}

// setQuota is SETQUOTA (RFC 2087 4.1), which only the mail server's administrator may do.
func (c *conn) setQuota(_ context.Context, cmd *command) error {
	if err := cmd.space(); err != nil {
		return err
	}
	if _, ok := cmd.args.AString(); !ok {
		return badError("SETQUOTA needs the name of a quota root")
	}
	if err := cmd.space(); err != nil {
		return err
	}
	ok := cmd.args.List(func() bool {
		_, ok := cmd.args.Atom()
		return ok
	})
	if !ok {
		return badError("SETQUOTA needs a list of resources and their limits")
	}
	if err := cmd.end(); err != nil {
		return err
	}
	return &noError{"NOPERM", "The limits are set by the administrator of the mail server"}
}

// quotas asks for the limits of which clients are told.
func (c *conn) quotas(ctx context.Context, name string) ([]backfill.Quota, error) {
	quotas, err := c.session.Quotas(ctx, name)
	return slices.DeleteFunc(quotas, func(q backfill.Quota) bool { return q.Resource != "STORAGE" && q.Resource != "MESSAGE" }), err
}

// quotaRoots are the roots of some limits, each once.
func quotaRoots(quotas []backfill.Quota) (roots []string) {
	for _, q := range quotas {
		if !slices.Contains(roots, q.Root) {
			roots = append(roots, q.Root)
		}
	}
	return roots
}

// writeQuota tells the limits of one root. STORAGE counts in units of 1024 bytes.
func (c *conn) writeQuota(root string, quotas []backfill.Quota) {
	_, _ = c.wire.WriteString("* QUOTA ") // errors stick to the writer
	_ = c.wire.String(root)
	b := append(c.scratch[:0], " ("...)
	for _, q := range quotas {
		if q.Root != root {
			continue
		}
		if q.Resource == "STORAGE" {
			q.Used, q.Limit = (q.Used+1023)/1024, q.Limit/1024
		}
		b = append(append(appendBlank(b), q.Resource...), ' ')
		b = append(number(b, uint64(max(0, q.Used))), ' ')
		b = number(b, uint64(max(0, q.Limit)))
	}
	c.scratch = append(b, ")\r\n"...)
	c.bytes(c.scratch)
}
