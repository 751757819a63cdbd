package mailsort

import "slices"

// mergeSubjects is step 5 of REFERENCES (RFC 5256): threads of one base subject become one.
func (f *Threads) mergeSubjects(t *Table) {
	m := merging{f: f, t: t, table: f.subjects(t), gone: map[int32]bool{}, grown: map[int32]bool{}}
	for _, root := range slices.Clone(f.roots) {
		if m.gone[root] { // below a dummy already
			continue
		}
		subject := t.Values[Subject][f.lead(root)]
		if into := m.table[subject]; subject != 0 && into != root {
			m.merge(subject, into, root)
		}
	}
	f.roots = slices.DeleteFunc(f.roots, func(n int32) bool { return m.gone[n] })
	for n := range m.grown {
		f.sortChildren(n, t)
	}
}

// subjects is the subject table: for each the thread that others are merged into (step 5 B).
func (f *Threads) subjects(t *Table) map[int64]int32 {
	table := make(map[int64]int32)
	for _, root := range f.roots {
		lead := f.lead(root)
		subject := t.Values[Subject][lead]
		if subject == 0 {
			continue
		}
		old := table[subject]
		if old == 0 || f.msg[old] != dummy && (f.msg[root] == dummy || t.Replies[f.msg[old]] && !t.Replies[lead]) {
			table[subject] = root
		}
	}
	return table
}

// merging is step 5 C under way.
type merging struct {
	f     *Threads
	t     *Table
	table map[int64]int32
	gone  map[int32]bool // no root any more
	grown map[int32]bool // has children in no order
}

// merge merges a thread into another.
func (m *merging) merge(subject int64, into, root int32) {
	f := m.f
	switch {
	case f.msg[into] == dummy && f.msg[root] == dummy:
		for kid := f.first[root]; kid != 0; {
			next := f.next[kid]
			f.adopt(into, kid)
			kid = next
		}
	case f.msg[into] == dummy, m.t.Replies[f.msg[root]] && !m.t.Replies[f.msg[into]]:
		f.adopt(into, root)
	default:
		over := f.grow()
		f.adopt(over, into)
		f.adopt(over, root)
		f.roots = append(f.roots, over)
		m.table[subject] = over
		m.gone[into] = true
		into = over
	}
	m.gone[root] = true
	m.grown[into] = true
}

// grow adds a dummy.
func (f *Threads) grow() int32 {
	f.msg, f.first, f.last, f.next = append(f.msg, dummy), append(f.first, 0), append(f.last, 0), append(f.next, 0)
	return int32(len(f.msg) - 1)
}

// sortChildren puts a node's children in order (step 6); none of them is a dummy.
func (f *Threads) sortChildren(n int32, t *Table) {
	var kids []int32
	for kid := f.first[n]; kid != 0; kid = f.next[kid] {
		kids = append(kids, kid)
	}
	slices.SortFunc(kids, func(a, b int32) int { return t.byDate(f.msg[a], f.msg[b]) })
	f.first[n], f.last[n] = 0, 0
	for _, kid := range kids {
		f.adopt(n, kid)
	}
}
