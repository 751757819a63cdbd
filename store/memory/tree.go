package memory

import "strings"

// node is a treap: a search tree by key that is a heap by rank. Ranks are hashes, so the tree is balanced
// whatever the order of the keys. Nodes are never changed once they are linked; nil is the empty tree.
type node struct {
	key         string
	value       []byte
	rank        uint64
	left, right *node
}

func (n *node) find(key string) *node {
	for n != nil && n.key != key {
		if key < n.key {
			n = n.left
		} else {
			n = n.right
		}
	}
	return n
}

// with is a copy of n with other branches.
func (n *node) with(left, right *node) *node {
	return &node{key: n.key, value: n.value, rank: n.rank, left: left, right: right}
}

// insert returns the tree with m in it; m's key must not be there yet.
func (n *node) insert(m *node) *node {
	switch {
	case n == nil:
		return m
	case m.rank > n.rank:
		left, right := n.split(m.key)
		return m.with(left, right)
	case m.key < n.key:
		return n.with(n.left.insert(m), n.right)
	}
	return n.with(n.left, n.right.insert(m))
}

// remove returns the tree without key.
func (n *node) remove(key string) *node {
	switch {
	case n == nil:
		return nil
	case key < n.key:
		return n.with(n.left.remove(key), n.right)
	case key > n.key:
		return n.with(n.left, n.right.remove(key))
	}
	return merge(n.left, n.right)
}

// split parts the tree into the keys below key and the others.
func (n *node) split(key string) (below, rest *node) {
	switch {
	case n == nil:
		return nil, nil
	case n.key < key:
		below, rest = n.right.split(key)
		return n.with(n.left, below), rest
	}
	below, rest = n.left.split(key)
	return below, n.with(rest, n.right)
}

// merge joins two trees, every key of a being below every key of b.
func merge(a, b *node) *node {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.rank > b.rank:
		return a.with(a.left, merge(a.right, b))
	}
	return b.with(merge(a, b.left), b.right)
}

// scan calls each for the keys with the prefix, in order. more is false once a key beyond the prefix was met.
func (n *node) scan(prefix string, each func(key, value []byte) error) (more bool, err error) {
	if n == nil {
		return true, nil
	}
	if n.key >= prefix {
		if more, err := n.left.scan(prefix, each); !more || err != nil {
			return more, err
		}
		if !strings.HasPrefix(n.key, prefix) {
			return false, nil
		}
		if err := each([]byte(n.key), n.value); err != nil {
			return false, err
		}
	}
	return n.right.scan(prefix, each)
}
