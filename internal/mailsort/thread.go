package mailsort

import (
	"cmp"
	"slices"
)

// Threads are messages as a forest. Nodes count from 1; 0 is none.
type Threads struct {
	roots []int32
	msg   []int32 // place in the table, or dummy
	first []int32 // first child
	last  []int32
	next  []int32 // next sibling
}

// dummy is a node without a message.
const dummy = -1

func newThreads(nodes int) *Threads {
	n := nodes + 1
	f := &Threads{msg: make([]int32, n), first: make([]int32, n), last: make([]int32, n), next: make([]int32, n)}
	for i := range f.msg {
		f.msg[i] = dummy
	}
	return f
}

// adopt appends a child.
func (f *Threads) adopt(parent, child int32) {
	f.next[child] = 0
	if f.first[parent] == 0 {
		f.first[parent] = child
	} else {
		f.next[f.last[parent]] = child
	}
	f.last[parent] = child
}

// lead is the message by which a thread goes: its root's, or that of a dummy's first child.
func (f *Threads) lead(root int32) int32 {
	if f.msg[root] == dummy {
		return f.msg[f.first[root]]
	}
	return f.msg[root]
}

// byDate compares messages by sent date, then by place.
func (t *Table) byDate(a, b int32) int {
	d := t.Values[Date]
	return cmp.Or(cmp.Compare(d[a], d[b]), cmp.Compare(a, b))
}

// OrderedSubject threads by ORDEREDSUBJECT (RFC 5256): messages of one base subject are a thread, all of them children of
// the one with the earliest date. It needs Subject and Date.
func (t *Table) OrderedSubject() *Threads {
	f := newThreads(len(t.UIDs))
	subject := t.Values[Subject]
	var root int32
	for _, m := range t.Sort([]Criterion{{Key: Subject}, {Key: Date}}) {
		n := int32(m) + 1
		f.msg[n] = int32(m)
		if root != 0 && subject[m] == subject[f.msg[root]] {
			f.adopt(root, n)
			continue
		}
		root = n
		f.roots = append(f.roots, n)
	}
	t.sortRoots(f)
	return f
}

// sortRoots orders the threads by the dates of their leads.
func (t *Table) sortRoots(f *Threads) {
	slices.SortFunc(f.roots, func(a, b int32) int { return t.byDate(f.lead(a), f.lead(b)) })
}

// Append writes the threads as a THREAD response has them (RFC 5256 4). number is what a message at a place of the table
// is called; spill may take what is written so far. However deep a thread is, it takes no deep stack.
func (f *Threads) Append(b []byte, number func(b []byte, place int32) []byte, spill func([]byte) []byte) []byte {
	var waiting []int32 // in each open list of threads the one that comes next, or 0
	for _, root := range f.roots {
		n := root
		b = append(b, '(')
		for {
			named := f.msg[n] != dummy
			if named {
				b = spill(number(b, f.msg[n]))
			}
			kid := f.first[n]
			if kid != 0 && named {
				b = append(b, ' ')
			}
			switch {
			case kid != 0 && f.next[kid] == 0:
				n = kid
				continue
			case kid != 0:
				waiting = append(waiting, kid)
			default:
				b = append(b, ')')
			}
			for len(waiting) > 0 && waiting[len(waiting)-1] == 0 {
				waiting = waiting[:len(waiting)-1]
				b = append(b, ')')
			}
			if len(waiting) == 0 {
				break
			}
			at := &waiting[len(waiting)-1]
			n, *at = *at, f.next[*at]
			b = append(b, '(')
		}
	}
	return b
}

// ThreadBytes is the memory that threading the table takes, about.
func (t *Table) ThreadBytes() int64 {
	n := int64(len(t.UIDs))
	if t.Links == nil {
		return 24 * n
	}
	return 48*(int64(len(t.Links.ids))+n) + 64*n
}
