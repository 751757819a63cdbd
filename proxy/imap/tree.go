package imap

import (
	"slices"
	"strings"

	"crossfade/backfill"
)

// branch is one mailbox of the tree that LIST and LSUB show.
type branch struct {
	backfill.ListEntry
	children   bool     // a mailbox below it exists
	subscribed []string // the subscribed mailboxes below it
}

// newTree adds to the entries the parents that are missing among them, and tells of each what is below it.
func newTree(entries []backfill.ListEntry, sep string) []*branch {
	byName := make(map[string]*branch, len(entries))
	tree := make([]*branch, 0, len(entries))
	for _, e := range entries {
		e.Name = spelled(e.Name, sep)
		if byName[e.Name] == nil {
			byName[e.Name] = &branch{ListEntry: e}
			tree = append(tree, byName[e.Name])
		}
	}
	for _, b := range tree[:len(tree):len(tree)] {
		for parent := range parents(b.Name, sep) {
			p := byName[parent]
			if p == nil {
				p = &branch{ListEntry: backfill.ListEntry{Name: parent, NonExistent: true}}
				byName[parent] = p
				tree = append(tree, p)
			}
			p.children = p.children || !b.NonExistent
			if b.Subscribed {
				p.subscribed = append(p.subscribed, b.Name)
			}
		}
	}
	return tree
}

// parents yields the names above name, the nearest first.
func parents(name, sep string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for sep != "" {
			i := strings.LastIndex(name, sep)
			if i <= 0 {
				return
			}
			if name = name[:i]; !yield(name) {
				return
			}
		}
	}
}

// specialUse are the attributes of RFC 6154 2.
var specialUse = []string{`\All`, `\Archive`, `\Drafts`, `\Flagged`, `\Junk`, `\Sent`, `\Trash`, `\Important`}

func (b *branch) special() bool {
	return slices.ContainsFunc(b.Attrs, func(a string) bool {
		return slices.ContainsFunc(specialUse, func(s string) bool { return strings.EqualFold(a, s) })
	})
}

// attributes are those of a LIST answer. What is said of children is our own count (RFC 3348), and a mailbox
// that does not exist cannot be selected (RFC 5258 3.1).
func (b *branch) attributes(extended, subscribed bool) []string {
	var out []string
	for _, a := range b.Attrs {
		switch strings.ToLower(a) {
		case `\haschildren`, `\hasnochildren`, `\nonexistent`, `\noselect`, `\subscribed`:
		default:
			out = append(out, a)
		}
	}
	switch {
	case b.NonExistent && extended:
		out = append(out, `\NonExistent`)
	case !b.selectable():
		out = append(out, `\Noselect`)
	}
	if b.children {
		out = append(out, `\HasChildren`)
	} else {
		out = append(out, `\HasNoChildren`)
	}
	if subscribed && b.Subscribed {
		out = append(out, `\Subscribed`)
	}
	return out
}

// selectable tells whether the mailbox can be opened.
func (b *branch) selectable() bool {
	return !b.NonExistent && !slices.ContainsFunc(b.Attrs, func(a string) bool {
		return strings.EqualFold(a, `\Noselect`) || strings.EqualFold(a, `\NonExistent`)
	})
}
