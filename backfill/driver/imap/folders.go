package imap

import (
	"context"
	"slices"
	"strings"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
	"crossfade/mapping"
)

// Folders implements backfill.Mail.
func (a *account) Folders(ctx context.Context) ([]backfill.Folder, error) {
	var out []backfill.Folder
	err := a.do(ctx, need{op: "LIST"}, func(c *conn) (err error) {
		var l *listing
		if l, err = c.folders(); err != nil {
			return err
		}
		out = l.finish()
		orphans := l.orphans()
		a.orphans.Store(&orphans)
		return nil
	})
	return out, err
}

// Orphans implements backfill.Orphaned.
func (a *account) Orphans() []string {
	if names := a.orphans.Load(); names != nil {
		return *names
	}
	return nil
}

// listing collects LIST, XLIST and LSUB answers.
type listing struct {
	folders    []backfill.Folder
	byName     map[string]int
	subscribed map[string]bool
	odd        int
}

// folders asks for the whole tree. An answer that cannot be read at all makes it ask once more, then fail.
func (c *conn) folders() (*listing, error) {
	for try := 0; ; try++ {
		l := &listing{byName: map[string]int{}, subscribed: map[string]bool{}}
		lost := c.lost
		for _, cmd := range c.listCommands() {
			st, err := c.command(handler{data: l.data}, cmd)
			if err != nil {
				return nil, err
			}
			if !st.ok() && !strings.HasPrefix(cmd, "LSUB") {
				return nil, c.refused(cmd, st, backfill.AccountScope)
			}
		}
		if l.odd == 0 && lost == c.lost {
			return l, nil
		}
		if try > 0 {
			return nil, &backfill.Error{Op: "LIST", Host: c.host, Scope: backfill.AccountScope, Patience: backfill.Later, Err: errOdd}
		}
	}
}

func (c *conn) listCommands() []string {
	list := `LIST "" "*"`
	special := c.caps.Has(goimap.CapSpecialUse)
	if c.caps.Has(goimap.CapListExtended) {
		list += " RETURN (SUBSCRIBED CHILDREN"
		if special {
			list += " SPECIAL-USE"
		}
		list += ")"
	}
	cmds := []string{list}
	if !special && c.caps.Has("XLIST") {
		cmds = append(cmds, `XLIST "" "*"`)
	}
	return append(cmds, `LSUB "" "*"`)
}

// data takes one answer: attributes, separator, name (RFC 3501 7.2.2).
func (l *listing) data(name string, _ uint32, sc *imapwire.Scanner) {
	if name != "LIST" && name != "XLIST" && name != "LSUB" {
		return
	}
	f, ok := parseFolder(sc)
	if !ok {
		l.odd++
		return
	}
	if f.Name == "" {
		return // a server's slip: it cannot be opened by any name
	}
	if name == "LSUB" {
		l.subscribed[nameKey(f.Name)] = true
		return
	}
	l.add(f)
}

func (l *listing) add(f backfill.Folder) {
	i, ok := l.byName[nameKey(f.Name)]
	if !ok {
		l.byName[nameKey(f.Name)] = len(l.folders)
		l.folders = append(l.folders, f)
		return
	}
	for _, attr := range f.Attrs {
		if !slices.ContainsFunc(l.folders[i].Attrs, func(s string) bool { return strings.EqualFold(s, attr) }) {
			l.folders[i].Attrs = append(l.folders[i].Attrs, attr)
		}
	}
}

// nameKey makes equal the names that mean the same mailbox: INBOX has no case.
func nameKey(name string) string {
	if strings.EqualFold(name, "INBOX") {
		return "INBOX"
	}
	return name
}

func parseFolder(sc *imapwire.Scanner) (backfill.Folder, bool) {
	var f backfill.Folder
	var ok bool
	if f.Attrs, ok = sc.Flags(nil, false); !ok {
		return f, false
	}
	sc.SP()
	if f.Separator, ok = parseSeparator(sc); !ok {
		return f, false
	}
	sc.SP()
	quoted := sc.Peek() == '"' || sc.Peek() == '{'
	name, ok := sc.Name()
	f.Name = string(name)
	if !quoted && strings.EqualFold(f.Name, "NIL") {
		f.Name = "" // no name, rather than a mailbox called NIL
	}
	f.Path = splitName(f.Name, f.Separator)
	return f, ok
}

// parseSeparator reads the hierarchy separator: one quoted character or NIL. A lone backslash need not be
// escaped, and of several characters the first counts.
func parseSeparator(sc *imapwire.Scanner) (string, bool) {
	if rest := sc.Rest(); len(rest) > 3 && string(rest[:3]) == `"\"` && rest[3] == ' ' {
		sc.Seek(sc.Pos() + 3)
		return `\`, true
	}
	b, isNil, ok := sc.NString()
	if !ok || isNil || len(b) == 0 {
		return "", ok
	}
	return string(b[:1]), true
}

func splitName(name, sep string) mapping.Path {
	segments := []string{name}
	if sep != "" {
		segments = strings.Split(name, sep)
	}
	path := make(mapping.Path, 0, len(segments))
	for _, s := range segments {
		path = append(path, imapwire.DecodeMailbox(s))
	}
	if strings.EqualFold(path[0], "INBOX") {
		path[0] = "INBOX"
	}
	return path
}

// orphans are the names that are subscribed and not listed.
func (l *listing) orphans() (names []string) {
	for name := range l.subscribed {
		if _, ok := l.byName[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// finish marks subscriptions and sees that INBOX is there: it always exists (RFC 3501 5.1), though some
// servers do not list an empty one.
func (l *listing) finish() []backfill.Folder {
	if _, ok := l.byName["INBOX"]; !ok {
		sep := ""
		if len(l.folders) > 0 {
			sep = l.folders[0].Separator
		}
		l.add(backfill.Folder{Name: "INBOX", Path: mapping.Path{"INBOX"}, Separator: sep})
	}
	for i := range l.folders {
		f := &l.folders[i]
		f.Subscribed = l.subscribed[nameKey(f.Name)] || slices.ContainsFunc(f.Attrs, func(s string) bool {
			return strings.EqualFold(s, `\Subscribed`)
		})
	}
	return l.folders
}
