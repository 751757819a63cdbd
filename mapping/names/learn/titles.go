package learn

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"crossfade/mapping/names"
)

// longestTitle bounds the names that folders are created under, in bytes.
const longestTitle = 60

// Titles makes the list of names under which folders may be created: for each language and carried role the name that
// most sources give, in the spelling that most of them use. A name stands there only if two sources give it and if it
// has that role alone, whatever language the mailbox speaks: what is created must be known again.
func Titles(rows []Row, b *names.Book) string {
	found := map[string]map[string]map[string]map[string]bool{} // language and role → folded → spelling → sources
	for _, r := range rows {
		tag := Tag(r.Tag)
		if tag == "und" || !r.Role.Carried() || r.Role == names.Inbox || !creatable(r.Name) || !certain(b, r) {
			continue
		}
		put(put(put(found, tag+"\t"+string(r.Role)), names.Fold(r.Name)), r.Name)[r.Source] = true
	}
	var out bytes.Buffer
	for _, at := range slices.Sorted(maps.Keys(found)) {
		folded := commonest(found[at], func(spellings map[string]map[string]bool) float64 {
			all := map[string]bool{}
			for _, sources := range spellings {
				maps.Copy(all, sources)
			}
			return sum(all)
		})
		name := commonest(found[at][folded], sum)
		all := map[string]bool{}
		for _, sources := range found[at][folded] {
			maps.Copy(all, sources)
		}
		if sum(all) >= 2 {
			fmt.Fprintf(&out, "%s\t%s\n", at, name)
		}
	}
	return out.String()
}

// commonest is the key of the greatest count; of equal ones the first in the order of letters.
func commonest[V any](m map[string]V, count func(V) float64) string {
	return slices.MinFunc(slices.Collect(maps.Keys(m)), func(a, b string) int {
		return cmp.Or(cmp.Compare(count(m[b]), count(m[a])), strings.Compare(a, b))
	})
}

// creatable tells whether every server can hold the name as it is.
func creatable(name string) bool {
	return len(name) <= longestTitle && name == strings.TrimSpace(name) && !strings.ContainsAny(name, `/\.^%*="#~&()[]{}`) &&
		!strings.ContainsFunc(name, func(r rune) bool { return unicode.Is(unicode.C, r) })
}

// certain tells whether the name has the row's role and no other in every language.
func certain(b *names.Book, r Row) bool {
	senses, v := b.Senses(r.Name), b.Judge(r.Name, nil)
	return len(senses) == 1 && v.Role == r.Role && v.Rule == names.ByName && v.Confidence >= 0.9
}
