package mailsort

// linkCut is a forest in which the root of a node is found in logarithmic time, amortised, while edges come and go: Sleator
// and Tarjan's link/cut trees. Threads need it because asking an ancestor after the other whether a link would close
// a loop takes a time that grows with the square of a chain's length, and anybody may send such a chain. Nodes count from
// 1; 0 is none.
type linkCut struct {
	up, left, right []int32
}

func newLinkCut(nodes int) *linkCut {
	return &linkCut{make([]int32, nodes+1), make([]int32, nodes+1), make([]int32, nodes+1)}
}

// top tells whether x is the root of its splay tree.
func (t *linkCut) top(x int32) bool {
	p := t.up[x]
	return p == 0 || t.left[p] != x && t.right[p] != x
}

// rotate lifts x above its parent.
func (t *linkCut) rotate(x int32) {
	p := t.up[x]
	g := t.up[p]
	if !t.top(p) {
		if t.left[g] == p {
			t.left[g] = x
		} else {
			t.right[g] = x
		}
	}
	var moved int32
	if t.left[p] == x {
		moved = t.right[x]
		t.left[p], t.right[x] = moved, p
	} else {
		moved = t.left[x]
		t.right[p], t.left[x] = moved, p
	}
	if moved != 0 {
		t.up[moved] = p
	}
	t.up[p], t.up[x] = x, g
}

func (t *linkCut) splay(x int32) {
	for !t.top(x) {
		if p := t.up[x]; !t.top(p) {
			if g := t.up[p]; (t.left[g] == p) == (t.left[p] == x) {
				t.rotate(p)
			} else {
				t.rotate(x)
			}
		}
		t.rotate(x)
	}
}

// access makes the path from the root to x the one that a splay tree with x at its top holds.
func (t *linkCut) access(x int32) {
	var below int32
	for y := x; y != 0; y = t.up[y] {
		t.splay(y)
		t.right[y] = below
		below = y
	}
	t.splay(x)
}

// root is the root of the tree that x is in.
func (t *linkCut) root(x int32) int32 {
	t.access(x)
	for t.left[x] != 0 {
		x = t.left[x]
	}
	t.splay(x)
	return x
}

// link makes child, which is a root of another tree, a child of parent.
func (t *linkCut) link(child, parent int32) {
	t.access(child)
	t.up[child] = parent
}

// cut takes child from its parent.
func (t *linkCut) cut(child int32) {
	t.access(child)
	if l := t.left[child]; l != 0 {
		t.up[l], t.left[child] = 0, 0
	}
}
