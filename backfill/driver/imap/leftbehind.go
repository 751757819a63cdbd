package imap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
	"crossfade/internal/managesieve"
)

var _ backfill.LeftBehind = (*account)(nil)

const (
	// maxShared is how many folders are asked about who may use them, or what is noted of them.
	maxShared = 200
	// sieveOff is how long a host is left alone whose ManageSieve did not answer.
	sieveOff = time.Hour
)

// sieve remembers that there is no ManageSieve.
type sieve struct {
	mu   sync.Mutex
	till time.Time
	why  string
}

// LeftBehind implements backfill.LeftBehind: filters by ManageSieve (RFC 5804), rights on folders (RFC 4314), the
// user's own among them, and annotations (RFC 5464). Nothing is changed.
func (a *account) LeftBehind(ctx context.Context) ([]backfill.Leftover, error) {
	fs, err := a.Folders(ctx)
	if err != nil {
		return nil, err
	}
	own, foreign := a.split(fs)
	out := a.filters(ctx)
	if len(foreign) > 0 {
		out = append(out, left(backfill.LeftShared, "other people's folders, which are not moved: %s", some(foreign)))
	}
	for _, look := range []func(context.Context, []string) ([]backfill.Leftover, error){a.shares, a.annotations} {
		found, err := look(ctx, own)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	unread, err := a.Restricted(ctx, false)
	return append(out, unread...), err
}

func left(kind, format string, args ...any) backfill.Leftover {
	return backfill.Leftover{Kind: kind, Text: fmt.Sprintf(format, args...)}
}

// split parts the user's own folders from those below other people's prefixes.
func (a *account) split(fs []backfill.Folder) (own, foreign []string) {
	for _, f := range fs {
		if slices.ContainsFunc(f.Attrs, func(s string) bool { return strings.EqualFold(s, `\Noselect`) || strings.EqualFold(s, `\NonExistent`) }) {
			continue
		}
		if slices.ContainsFunc(a.features.Foreign, func(p string) bool { return strings.HasPrefix(f.Name, p) }) {
			foreign = append(foreign, f.Name)
		} else {
			own = append(own, f.Name)
		}
	}
	return own[:min(len(own), maxShared)], foreign
}

// some names a few of many.
func some(names []string) string {
	shown := make([]string, 0, 5)
	for _, n := range names[:min(len(names), 5)] {
		shown = append(shown, fmt.Sprintf("%q", imapwire.DecodeMailbox(n)))
	}
	if more := len(names) - len(shown); more > 0 {
		shown = append(shown, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(shown, ", ")
}

// shares tells with whom the user shares folders: GETACL tells, where the server offers it.
func (a *account) shares(ctx context.Context, own []string) (out []backfill.Leftover, err error) {
	if !a.features.Caps.Has("ACL") {
		return nil, nil
	}
	var with []string
	err = a.do(ctx, need{op: "GETACL"}, func(c *conn) error {
		for _, box := range own {
			_, err := c.commandArgs(handler{data: func(name string, _ uint32, sc *imapwire.Scanner) {
				if name != "ACL" || len(with) >= maxShared {
					return
				}
				for _, r := range parseACL(sc) {
					if !r.own(a.owner()) {
						with = append(with, fmt.Sprintf("%q with %s (%s)", imapwire.DecodeMailbox(box), r.who, r.rights))
					}
				}
			}}, "GETACL", "", box)
			if err != nil {
				return err
			}
		}
		return nil
	})
	for i := 0; i < len(with); i += 5 {
		out = append(out, left(backfill.LeftShared, "shares %s", strings.Join(with[i:min(i+5, len(with))], ", ")))
	}
	return out, err
}

// owner is whose mailbox it is: a master user opens others'.
func (a *account) owner() string {
	name, _, _ := strings.Cut(cmp.Or(a.as, a.user), "*")
	return name
}

// right is one entry of an access list.
type right struct{ who, rights string }

// parseACL reads an ACL response: the mailbox, then pairs (RFC 4314 3.6).
func parseACL(sc *imapwire.Scanner) (out []right) {
	if _, ok := sc.AString(); !ok {
		return nil
	}
	for sc.SP(); !sc.End() && len(out) < 100; sc.SP() {
		who, ok := sc.AString()
		sc.SP()
		rights, rightsOK := sc.AString()
		if !ok || !rightsOK {
			break
		}
		out = append(out, right{strings.ToValidUTF8(string(who), "?"), string(rights)})
	}
	return out
}

// own tells an entry that shares nothing: the user's, one that takes rights away, an administrator's, or the right to
// deliver mail.
func (r right) own(user string) bool {
	who, user := strings.ToLower(r.who), strings.ToLower(user)
	name, _, _ := strings.Cut(user, "@")
	return who == user || who == name || who == "owner" || who == "cyrus" || who == "administrators" || strings.HasPrefix(who, "-") || strings.Trim(r.rights, "p") == ""
}

// annotations tells how many notes are at folders, without those that a server makes.
func (a *account) annotations(ctx context.Context, own []string) (out []backfill.Leftover, err error) {
	whole := a.features.Caps.Has(goimap.CapMetadata)
	if !whole && !a.features.Caps.Has(goimap.CapMetadataServer) {
		return nil, nil
	}
	boxes := []string{""}
	if whole {
		boxes = append(boxes, own...)
	}
	var names []string
	err = a.do(ctx, need{op: "GETMETADATA"}, func(c *conn) error {
		for _, box := range boxes {
			_, err := c.commandArgs(handler{data: func(name string, _ uint32, sc *imapwire.Scanner) {
				if name == "METADATA" {
					names = append(names, parseMetadata(sc)...)
				}
			}}, "GETMETADATA (DEPTH infinity)", " (/private /shared)", box)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if n := len(names); n > 0 {
		slices.Sort(names)
		out = append(out, left(backfill.LeftMetadata, "%d annotations of folders: %s", n, some(slices.Compact(names))))
	}
	return out, err
}

// parseMetadata reads the names in a METADATA response (RFC 5464 4.4.1) that people or their programs have set.
func parseMetadata(sc *imapwire.Scanner) (names []string) {
	if _, ok := sc.AString(); !ok {
		return nil
	}
	sc.SP()
	sc.List(func() bool {
		name, ok := sc.AString()
		sc.SP()
		_, isNil, valueOK := sc.NString()
		if !ok || !valueOK {
			return false
		}
		if n := strings.ToLower(string(name)); !isNil && len(names) < maxShared && !madeByServer(n) {
			names = append(names, n)
		}
		return true
	})
	return names
}

func madeByServer(name string) bool {
	return strings.Contains(name, "/vendor/cmu/") || strings.Contains(name, "/vendor/vendor.dovecot/") || strings.HasSuffix(name, "/specialuse") || strings.HasSuffix(name, "/admin")
}

// filters tells what the user's filters do.
func (a *account) filters(ctx context.Context) []backfill.Leftover {
	host, _, err := net.SplitHostPort(a.d.target.addr)
	if err != nil {
		return nil
	}
	s := a.d.sieve
	s.mu.Lock()
	off, why := time.Now().Before(s.till), s.why
	s.mu.Unlock()
	unseen := func(why string) []backfill.Leftover {
		return []backfill.Leftover{left(backfill.LeftUnseen, "filters, forwards and vacation notices: %s", why)}
	}
	if off {
		return unseen(why)
	}
	o := managesieve.Options{Addr: cmp.Or(a.d.opts.SieveAddr, net.JoinHostPort(host, "4190")), TLS: a.d.target.tls,
		Plain: a.d.opts.AllowPlain || a.d.target.security != implicitTLS && isLoopbackName(host), User: a.user, As: a.as, Secret: a.secret, Timeout: min(a.d.opts.DialTimeout, 10*time.Second)}
	if a.d.target.security == plain || a.d.target.security == startTLSUnlessLoopback && isLoopbackName(host) {
		o.TLS = nil
	}
	scripts, err := managesieve.Read(ctx, o)
	if err != nil {
		// IMAP has just taken the same password: who refuses it here would refuse everybody's, and count that
		_, port, _ := net.SplitHostPort(o.Addr)
		if why = sieveError(err, port); ctx.Err() == nil {
			s.mu.Lock()
			s.till, s.why = time.Now().Add(sieveOff), why
			s.mu.Unlock()
		}
		return unseen(why)
	}
	return whatScriptsDo(scripts)
}

// sieveError is the reason without what the network said: that is the same for all accounts.
func sieveError(err error, port string) string {
	for _, known := range []error{managesieve.ErrNone, managesieve.ErrRefused, managesieve.ErrPlain, managesieve.ErrNoSASL} {
		if errors.Is(err, known) {
			return known.Error() + " on port " + port
		}
	}
	return err.Error()
}

// whatScriptsDo words it. Scripts that are not at work are only counted.
func whatScriptsDo(scripts []managesieve.Script) (out []backfill.Leftover) {
	idle := 0
	for _, s := range scripts {
		if !s.Active {
			idle++
			continue
		}
		d := managesieve.Look(s.Text)
		if len(d.Redirects) > 0 {
			out = append(out, left(backfill.LeftRedirect, "the filter %q forwards mail to %s", s.Name, strings.Join(d.Redirects, ", ")))
		}
		if d.Vacation {
			out = append(out, left(backfill.LeftVacation, "the filter %q answers mail with a vacation notice", s.Name))
		}
		var more []string
		for _, e := range []struct {
			is   bool
			what string
		}{{d.Files, "sorts mail into folders"}, {d.Refuses, "refuses mail"}, {d.Discards, "throws mail away"}, {d.Notifies, "sends notices"}} {
			if e.is {
				more = append(more, e.what)
			}
		}
		switch {
		case len(more) > 0:
			out = append(out, left(backfill.LeftSieve, "the filter %q %s", s.Name, strings.Join(more, ", ")))
		case !s.Whole:
			out = append(out, left(backfill.LeftUnseen, "the filter %q could not be read", s.Name))
		case len(d.Redirects) == 0 && !d.Vacation:
			out = append(out, left(backfill.LeftSieve, "the filter %q is at work", s.Name))
		}
	}
	if idle > 0 {
		out = append(out, left(backfill.LeftSieve, "%d filters that are not at work", idle))
	}
	return out
}
