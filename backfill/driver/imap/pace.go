package imap

import (
	"context"
	"errors"
	"os"
	"strings"

	"crossfade/backfill"
	"crossfade/backfill/pace"
)

// noteOf tells what an error says about its host; false if nothing.
func noteOf(err error) (pace.Note, bool) {
	var e *backfill.Error
	switch {
	case !errors.As(err, &e) || e.Scope != backfill.HostScope:
		return pace.Well, false
	case e.Text == "" && e.Code == "" && errors.Is(err, os.ErrDeadlineExceeded):
		return pace.Busy, true
	case e.Patience != backfill.Later:
		return pace.Well, false
	case isCrowded(e.Text):
		return pace.Crowded, true
	case e.Code == "THROTTLED" || e.Code == "LIMIT" || strings.Contains(strings.ToLower(e.Text), "throttled"):
		return pace.Throttled, true
	case e.Code != "" || e.Text != "":
		return pace.Busy, true
	}
	return pace.Down, true
}

// isCrowded tells whether a server's words speak of too many connections.
func isCrowded(text string) bool {
	t := strings.ToLower(text)
	if !strings.Contains(t, "connection") {
		return false
	}
	for _, s := range []string{"too many", "maximum number", "limit", "exceeded"} {
		if strings.Contains(t, s) {
			return true
		}
	}
	return false
}

// note tells the pace what a call's error says about the host.
func (a *account) note(err error) {
	if n, ok := noteOf(err); ok {
		a.d.pace.Note(n, err)
	}
}

// moved tells the pace which messages the host took, so that it knows before it hears of a refusal behind them.
func (a *account) moved(ctx context.Context, items []backfill.AppendItem, results []backfill.AppendResult) {
	if !backfill.IsBackground(ctx) {
		return
	}
	n, bytes := 0, int64(0)
	for i := range results {
		if results[i].Err == nil {
			n++
			bytes += items[i].Size
		}
	}
	a.d.pace.Moved(n, bytes)
}

// counted tells the pace of each message that the host gives.
func (a *account) counted(ctx context.Context, each func(*backfill.Message) error) func(*backfill.Message) error {
	if !backfill.IsBackground(ctx) {
		return each
	}
	return func(m *backfill.Message) error {
		a.d.pace.Moved(1, m.Size)
		return each(m)
	}
}

// knocked tells the pace what became of a new connection. It returns true if one that is free must be waited for
// instead, because the server lets in no more.
func (a *account) knocked(err error) (wait bool) {
	n, ok := noteOf(err)
	var e *backfill.Error
	switch {
	case err == nil:
		n = pace.Well
	case !ok:
		return false
	case n == pace.Crowded && errors.As(err, &e) && e.Op == "login" && a.d.pool.crowd(a):
		return true // the account has too many, not the host
	}
	a.d.pace.Knocked(n, err)
	return n == pace.Crowded && a.d.pool.others()
}
