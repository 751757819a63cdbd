package mailsort

import "slices"

// builder makes the tree of REFERENCES (RFC 5256, step 1). Nodes are the ids of Links, and behind them messages that have
// no id of their own.
type builder struct {
	parent []int32
	kids   []int32 // how many children
	tree   *linkCut
}

// link makes child a child of parent, unless that closes a loop. child has no parent.
func (b *builder) link(parent, child int32) {
	if parent == child || b.kids[child] > 0 && b.parent[parent] != 0 && b.tree.root(parent) == child {
		return
	}
	b.parent[child] = parent
	b.kids[parent]++
	b.tree.link(child, parent)
}

// unlink takes child from its parent, if it has one.
func (b *builder) unlink(child int32) {
	if p := b.parent[child]; p != 0 {
		b.kids[p]--
		b.parent[child] = 0
		b.tree.cut(child)
	}
}

// References threads by REFERENCES (RFC 5256). It needs Subject with Replies, Date and Links.
func (t *Table) References() *Threads {
	f := t.tree()
	f.mergeSubjects(t)
	t.sortRoots(f)
	return f
}

// tree is steps 1 to 4: the messages below those they refer to, without dummies but at the top, all siblings by date.
func (t *Table) tree() *Threads {
	ids := len(t.Links.ids)
	f := newThreads(ids + len(t.UIDs))
	b := &builder{parent: make([]int32, len(f.msg)), kids: make([]int32, len(f.msg)), tree: newLinkCut(len(f.msg))}
	node := make([]int32, len(t.UIDs))
	places := make([]int, len(t.UIDs))
	each(t.Links.uids, t.UIDs, func(i, at int) {
		places[i] = at
		if at >= 0 {
			node[i] = int32(t.Links.own[at])
		}
		if node[i] == 0 || f.msg[node[i]] != dummy { // no id, or another message had it first
			node[i] = int32(ids + 1 + i)
		}
		f.msg[node[i]] = int32(i)
	})
	for i, n := range node {
		last := int32(0)
		if places[i] >= 0 {
			for _, ref := range t.Links.references(places[i]) {
				if r := int32(ref); last != 0 && b.parent[r] == 0 {
					b.link(last, r)
				}
				last = int32(ref)
			}
		}
		b.unlink(n)
		if last != 0 {
			b.link(last, n)
		}
	}
	f.prune(b.parent, t, node)
	t.sortRoots(f)
	return f
}

// prune is steps 2 to 4: every message goes to the nearest one above it that is no dummy; a dummy at the top stays if it
// holds more than one.
func (f *Threads) prune(parent []int32, t *Table, node []int32) {
	over := make([]int32, len(parent)) // of a dummy: the message above it, or the dummy at the top
	var path []int32
	above := func(n int32) int32 {
		path = path[:0]
		for n != 0 && f.msg[n] == dummy && over[n] == 0 && parent[n] != 0 {
			path = append(path, n)
			n = parent[n]
		}
		if n != 0 && f.msg[n] == dummy && over[n] != 0 {
			n = over[n]
		}
		for _, p := range path {
			over[p] = n
		}
		return n
	}
	order := make([]int32, len(node))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, t.byDate)
	var tops []int32 // dummies, each once
	for _, m := range order {
		n := node[m]
		p := above(parent[n])
		if p == 0 {
			f.roots = append(f.roots, n)
			continue
		}
		if f.msg[p] == dummy && f.first[p] == 0 {
			tops = append(tops, p)
		}
		f.adopt(p, n)
	}
	for _, d := range tops {
		if kid := f.first[d]; f.next[kid] == 0 {
			d = kid
		}
		f.roots = append(f.roots, d)
	}
}
