package imap

import (
	"context"
	"errors"
	"slices"
	"strings"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
)

// Search implements backfill.Mail.
func (a *account) Search(ctx context.Context, box string, uidValidity uint32, key backfill.SearchKey) (goimap.UIDSet, error) {
	for _, t := range append(key.Text, key.Charset) {
		if strings.ContainsAny(t, "\r\n") {
			return nil, &backfill.Error{Op: "SEARCH", Host: a.d.Host(), Scope: backfill.FolderScope, Patience: backfill.Never, Text: "line end in a search key"}
		}
	}
	var out goimap.UIDSet
	err := a.do(ctx, need{op: "SEARCH", box: box, validity: uidValidity}, func(c *conn) (err error) {
		if !c.now {
			if err := c.must("NOOP"); err != nil {
				return err
			}
		}
		out, err = c.search(key)
		return err
	})
	return out, err
}

// search sends one UID SEARCH and merges every answer to it.
func (c *conn) search(key backfill.SearchKey) (goimap.UIDSet, error) {
	var uids []uint32
	odd := false
	h := handler{data: func(name string, _ uint32, sc *imapwire.Scanner) {
		if name != "SEARCH" {
			return
		}
		for sc.SP(); !sc.End() && sc.Peek() != '('; sc.SP() { // (MODSEQ n) may follow
			n, ok := sc.Uint32()
			if !ok {
				odd = true
				return
			}
			uids = append(uids, n)
		}
	}}
	st, err := c.sendSearch(h, key)
	switch {
	case err != nil:
		return nil, err
	case !st.ok():
		return nil, c.refused("SEARCH", st, backfill.FolderScope)
	case odd:
		return nil, &backfill.Error{Op: "SEARCH", Host: c.host, Scope: backfill.FolderScope, Patience: backfill.Now, Err: errOdd}
	}
	uids = slices.DeleteFunc(sortedUIDs(uids), func(u uint32) bool { return u == 0 })
	return backfill.SetOf(uids), nil
}

func (c *conn) sendSearch(h handler, key backfill.SearchKey) (status, error) {
	tag := c.begin()
	_, _ = c.wire.WriteString("UID SEARCH") // the error sticks until send
	if key.Charset != "" {
		_, _ = c.wire.WriteString(" CHARSET ")
		if err := c.wire.AString(key.Charset); err != nil {
			return status{}, c.fail(err)
		}
	}
	_, _ = c.wire.WriteString(" ")
	for i := range max(len(key.Text), len(key.Literals)) {
		if i < len(key.Text) {
			_, _ = c.wire.WriteString(key.Text[i])
		}
		if i >= len(key.Literals) {
			continue
		}
		c.leave(tag, h)
		var no *refusal
		if err := c.wire.LiteralBytes(key.Literals[i]); errors.As(err, &no) {
			return no.st, nil
		} else if err != nil {
			return status{}, c.fail(err)
		}
	}
	if err := c.send(); err != nil {
		return status{}, err
	}
	return c.wait(tag, h)
}
