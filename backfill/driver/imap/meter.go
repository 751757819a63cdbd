package imap

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
)

var _ backfill.Meter = (*account)(nil)

// betweenLogins keeps the opening of several connections from looking like an attack.
const betweenLogins = 50 * time.Millisecond

// Server implements backfill.Meter.
func (a *account) Server(ctx context.Context) (string, error) {
	text := ""
	err := a.do(ctx, need{op: "ID"}, func(c *conn) error {
		if !c.caps.Has(goimap.CapID) {
			return nil
		}
		return c.told("ID NIL", "ID", func(sc *imapwire.Scanner) { text = serverName(sc) })
	})
	return text, err
}

// serverName reads an ID response: name and version, or what there is (RFC 2971 3.3).
func serverName(sc *imapwire.Scanner) string {
	fields := map[string]string{}
	sc.List(func() bool {
		key, ok := sc.String()
		if !ok {
			return false
		}
		sc.SP()
		value, _, ok := sc.NString()
		fields[strings.ToLower(string(key))] = strings.ToValidUTF8(string(value), "?")
		return ok
	})
	return strings.TrimSpace(or(fields["name"], fields["vendor"]) + " " + fields["version"])
}

// told sends a command and hands over the untagged responses of that name. A server that refuses it has nothing to
// tell.
func (c *conn) told(line, name string, each func(*imapwire.Scanner)) error {
	_, err := c.command(handler{data: func(n string, _ uint32, sc *imapwire.Scanner) {
		if n == name {
			each(sc)
		}
	}}, line)
	return err
}

// Namespaces implements backfill.Meter.
func (a *account) Namespaces(ctx context.Context) (string, error) {
	text := ""
	err := a.do(ctx, need{op: "NAMESPACE"}, func(c *conn) error {
		if !c.caps.Has(goimap.CapNamespace) {
			return nil
		}
		return c.told("NAMESPACE", "NAMESPACE", func(sc *imapwire.Scanner) { text = strings.ToValidUTF8(string(sc.Rest()), "?") })
	})
	return text, err
}

// Quota implements backfill.Meter.
func (a *account) Quota(ctx context.Context, box string) ([]backfill.Quota, error) {
	var out []backfill.Quota
	err := a.do(ctx, need{op: "GETQUOTAROOT"}, func(c *conn) error {
		if !c.caps.Has("QUOTA") {
			return nil
		}
		_, err := c.commandArgs(handler{data: func(name string, _ uint32, sc *imapwire.Scanner) {
			if name == "QUOTA" {
				out = append(out, parseQuota(sc)...)
			}
		}}, "GETQUOTAROOT", "", box)
		return err
	})
	return out, err
}

// parseQuota reads a QUOTA response: the root and triples of name, used and limit (RFC 9208 4.2.1).
func parseQuota(sc *imapwire.Scanner) (out []backfill.Quota) {
	root, ok := sc.AString()
	if !ok {
		return nil
	}
	sc.SP()
	sc.List(func() bool {
		name, ok := sc.Atom()
		sc.SP()
		used, usedOK := sc.Number()
		sc.SP()
		limit, limitOK := sc.Number()
		if !ok || !usedOK || !limitOK {
			return false
		}
		q := backfill.Quota{Root: string(root), Resource: upper(name), Used: bounded(used), Limit: bounded(limit)}
		if q.Resource == "STORAGE" { // in units of 1024 bytes (RFC 9208 5.1)
			q.Used, q.Limit = bounded(used)<<10, bounded(limit)<<10
		}
		out = append(out, q)
		return true
	})
	return out
}

// bounded keeps a server's number within what can be multiplied by 1024.
func bounded(n uint64) int64 { return int64(min(n, math.MaxInt64>>10)) }

// AppendLimit implements backfill.Meter.
func (a *account) AppendLimit(ctx context.Context, box string) (int64, error) {
	limit, each := appendLimit(a.features.Caps)
	if !each {
		return limit, nil
	}
	err := a.do(ctx, need{op: "STATUS"}, func(c *conn) error {
		_, err := c.commandArgs(handler{data: func(name string, _ uint32, sc *imapwire.Scanner) {
			if name != "STATUS" {
				return
			}
			if _, items := statusItems(sc); items["APPENDLIMIT"] > 0 {
				limit = bounded(items["APPENDLIMIT"])
			}
		}}, "STATUS", " (APPENDLIMIT)", box)
		return err
	})
	return limit, err
}

// appendLimit reads the capability: APPENDLIMIT=n, or APPENDLIMIT alone if mailboxes have limits of their own
// (RFC 7889 2).
func appendLimit(caps goimap.CapSet) (limit int64, each bool) {
	for name := range caps {
		if text, ok := strings.CutPrefix(string(name), "APPENDLIMIT="); ok {
			n, err := strconv.ParseUint(text, 10, 63)
			if err == nil {
				return bounded(n), false
			}
		}
	}
	return 0, caps.Has("APPENDLIMIT")
}

// Connections implements backfill.Meter. It goes past the pool, whose bounds are not what is asked for.
func (a *account) Connections(ctx context.Context, n int) (int, error) {
	a.d.pool.mu.Lock()
	open := a.use.open
	a.d.pool.mu.Unlock()
	var opened []*conn
	defer func() {
		for _, c := range opened {
			c.logout()
		}
	}()
	for ; open < n; open++ {
		c, err := a.dial(ctx)
		if err != nil {
			return open, err
		}
		opened = append(opened, c)
		select {
		case <-time.After(betweenLogins):
		case <-ctx.Done():
			return open + 1, context.Cause(ctx)
		}
	}
	return open, nil
}
