package imap

import (
	"context"

	"crossfade/backfill"
)

// copy is COPY and UID COPY (RFC 3501 6.4.7), with COPYUID (RFC 4315 3).
func (c *conn) copy(ctx context.Context, cmd *command) error {
	uids, to, err := c.transfer(cmd)
	if err != nil || len(uids) == 0 {
		return err
	}
	res, err := c.view.Mailbox().Copy(ctx, uids, to)
	if err != nil {
		return err
	}
	cmd.code = copyUID(&res)
	return nil
}

// transfer reads the arguments of COPY and MOVE. Messages that are gone are left to the engine, which knows what
// all or nothing means.
func (c *conn) transfer(cmd *command) (uids []uint32, to string, err error) {
	if uids, err = c.messages(cmd); err != nil {
		return nil, "", err
	}
	if to, err = cmd.mailbox(); err != nil {
		return nil, "", err
	}
	return uids, to, cmd.end()
}

// copyUID is the response code; empty when nothing was copied or nothing is known of the copies.
func copyUID(res *backfill.CopyResult) string {
	if res.UIDValidity == 0 || len(res.From) == 0 || len(res.From) != len(res.To) {
		return ""
	}
	b := number([]byte("COPYUID "), uint64(res.UIDValidity))
	b = appendNumbers(append(b, ' '), res.From)
	return string(appendNumbers(append(b, ' '), res.To))
}
