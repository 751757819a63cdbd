package mapping

import (
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"crossfade/mapping/names"
)

// Tree is all that one server lists for one account.
type Tree struct {
	Separator string // hierarchy separator; "" when the server has no hierarchy
	Prefix    string // personal namespace prefix as the server spells it, e.g. "INBOX." (RFC 2342); "" if none
	// Foreign are the prefixes of other users' and of shared folders (RFC 2342), as the server spells them.
	Foreign []string
	Server  Family // what the server tells of itself ([FamilyOf]); "" when only its folders tell
	Folders []Node // in the server's order
}

// maxDepth bounds what a hostile list can cost: deeper folders are skipped, or not seen on the destination.
const maxDepth = 500

// Node is one mailbox of a tree.
type Node struct {
	Name  string   // raw, as the server spells it: the handle
	Path  Path     // decoded segments, prefix kept
	Attrs []string // LIST, XLIST and SPECIAL-USE attributes as sent
}

// selectable tells whether the node holds messages: \Noselect and \NonExistent ones do not (RFC 5258 3).
func (n *Node) selectable() bool {
	for _, a := range n.Attrs {
		switch strings.ToLower(strings.TrimPrefix(a, `\`)) {
		case "noselect", "nonexistent":
			return false
		}
	}
	return true
}

// prefix returns the segments of the personal namespace; none without a prefix or without a hierarchy.
func (t *Tree) prefix() Path {
	if t.Separator == "" {
		return nil
	}
	pre := strings.TrimSuffix(t.Prefix, t.Separator)
	if pre == "" {
		return nil
	}
	return Path(strings.Split(pre, t.Separator))
}

// below returns p without the tree's prefix, and whether it stood there. INBOX is never below.
func (t *Tree) below(p Path) (Path, bool) {
	pre := t.prefix()
	if p.IsInbox() || len(p) <= len(pre) || !p[:len(pre)].Equal(pre) {
		return p, len(pre) == 0 && !p.IsInbox()
	}
	return p[len(pre):], true
}

// foreign tells whether the node is not the user's own: it belongs to another user or is shared.
func (t *Tree) foreign(n *Node) bool {
	for _, pre := range t.Foreign {
		if pre != "" && !n.Path.IsInbox() && (strings.HasPrefix(n.Name, pre) || n.Name+t.Separator == pre) {
			return true
		}
	}
	return false
}

// atlas finds a tree's folders by path. Parents that the server does not list are in it as \NonExistent.
type atlas struct {
	exact, folded map[string]*Node
	fold          bool
}

func newAtlas(t *Tree, fold bool) *atlas {
	a := &atlas{exact: map[string]*Node{}, folded: map[string]*Node{}, fold: fold}
	for i := range t.Folders {
		n := &t.Folders[i]
		if len(n.Path) == 0 || len(n.Path) > maxDepth {
			continue
		}
		a.add(n)
		for k := 1; k < len(n.Path); k++ {
			if parent := n.Path[:k:k]; a.exact[parent.Key()] == nil {
				a.add(&Node{Path: parent, Attrs: []string{`\NonExistent`}})
			}
		}
	}
	return a
}

func (a *atlas) add(n *Node) {
	keep(a.exact, n.Path.Key(), n)
	if a.fold {
		keep(a.folded, foldCase(n.Path.Key()), n)
	}
}

// keep stores the first node of a key, but one that holds messages rather than one that does not.
func keep(m map[string]*Node, key string, n *Node) {
	if old := m[key]; old == nil || !old.selectable() && n.selectable() {
		m[key] = n
	}
}

// find returns the folder at p, or nil.
func (a *atlas) find(p Path) *Node {
	if n := a.exact[p.Key()]; n != nil || !a.fold {
		return n
	}
	return a.folded[foldCase(p.Key())]
}

// foldCase is how a server without regard to case is taken to compare names.
func foldCase(s string) string { return names.WithoutCase(norm.NFC.String(s)) }

// created is the name under which a role's folder is created where no other is better: SmarterMail's spelling.
func created(r Role) string {
	switch r {
	case Drafts:
		return "Drafts"
	case Sent:
		return "Sent Items"
	case Trash:
		return "Deleted Items"
	case Junk:
		return "Junk E-Mail"
	case Archive:
		return "Archive"
	}
	return "INBOX"
}

// join returns a new path of both parts.
func join(p Path, q ...string) Path { return slices.Concat(p, Path(q)) }
