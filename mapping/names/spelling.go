package names

import (
	"slices"
	"unicode/utf8"
)

// spelt returns the meanings of names in the table that differ in spelling only from the one that was loosened. A spelling
// that leaves accents out may stand for several names; one that has accents of its own stands for none.
func (b *Book) spelt(loose, marks string) []Sense {
	var same, fewer []int
	for _, e := range b.loose[loose] {
		switch {
		case e.marks == marks:
			same = append(same, e.key)
		case within(marks, e.marks):
			fewer = append(fewer, e.key)
		}
	}
	switch {
	case same != nil:
		return b.merge(same, respelt)
	case fewer == nil:
		return nil
	case utf8.RuneCountInString(loose) < 5:
		return b.merge(fewer, shortened)
	}
	return b.merge(fewer, unmarked)
}

// merge puts the meanings of several names together.
func (b *Book) merge(keys []int, sure float64) []Sense {
	var out []Sense
	all := 0.0
	for _, k := range keys {
		for _, s := range b.senses[k] {
			all += s.total
			i := slices.IndexFunc(out, func(o Sense) bool { return o.Role == s.Role })
			if i < 0 {
				s.Rule, s.sure = BySpelling, s.sure*sure
				s.Languages, s.weight = slices.Clone(s.Languages), slices.Clone(s.weight)
				out = append(out, s)
				continue
			}
			o := &out[i]
			o.sure = max(o.sure, s.sure*sure)
			for j, lang := range s.Languages {
				if at := slices.Index(o.Languages, lang); at >= 0 {
					o.weight[at] += s.weight[j]
				} else {
					o.Languages, o.weight = append(o.Languages, lang), append(o.weight, s.weight[j])
				}
			}
			o.total += s.total
		}
	}
	for i := range out {
		out[i].Confidence = out[i].sure * out[i].total / all
	}
	return bestFirst(out)
}
