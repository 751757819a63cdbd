package learn

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"crossfade/mapping/names"
)

// said is what the sources say of one name: by role and language, which of them.
type said map[names.Role]map[string]map[string]bool

// Table makes the table. Its lines are sorted by name. Words by hand tell slips of translations, see told.
func Table(rows []Row, byHand []Word) (string, error) {
	told, err := names.Parse("", Vocabulary(nil, byHand))
	if err != nil {
		return "", err
	}
	learned, err := names.Parse("", Vocabulary(rows, byHand))
	if err != nil {
		return "", err
	}
	found := map[string]said{}
	for _, r := range rows {
		key := names.Fold(r.Name)
		if found[key] == nil {
			found[key] = said{}
		}
		put(put(found[key], r.Role), Tag(r.Tag))[r.Source] = true
	}
	peak := map[string]float64{} // by language and role: sources of the commonest name
	for _, s := range found {
		for role, langs := range s {
			for lang, sources := range langs {
				peak[lang+" "+string(role)] = max(peak[lang+" "+string(role)], sum(sources))
			}
		}
	}
	var b bytes.Buffer
	for _, key := range slices.Sorted(maps.Keys(found)) {
		b.WriteString(key)
		known := meant(told, key, found[key])
		meanings := told.Senses(key)
		weighed := found[key].weigh(meanings, known)
		weighed.spoken(learned.Senses(key))
		for _, role := range byWeight(weighed) {
			b.WriteString("\t" + string(role))
			if langs := found[key][role]; !slices.ContainsFunc(meanings, func(m names.Sense) bool { return m.Role == role }) {
				b.WriteString(lone(key, role, langs, peak))
			}
			for _, lang := range slices.Sorted(maps.Keys(weighed[role])) {
				fmt.Fprintf(&b, " %s*%.3g", lang, weighed[role][lang])
			}
		}
		b.WriteByte('\n')
	}
	return b.String(), nil
}

// meant is the role that the words by hand give a name in a language in which sources give it that role; "" if they
// know none or several.
func meant(told *names.Book, key string, s said) names.Role {
	senses := told.Senses(key)
	if len(senses) != 1 || senses[0].Rule != names.ByWords || senses[0].Confidence < 0.6 {
		return ""
	}
	for _, lang := range senses[0].Languages {
		for tag := range s[senses[0].Role] {
			if bare(tag) == lang {
				return senses[0].Role
			}
		}
	}
	return ""
}

func put[K comparable, V any, M ~map[K]map[string]V](m M, k K) map[string]V {
	if m[k] == nil {
		m[k] = map[string]V{}
	}
	return m[k]
}

func sum(sources map[string]bool) float64 {
	n := 0.0
	for s := range sources {
		n += weight(s)
	}
	return n
}

// weights are how much speaks for each role of a name, by language.
type weights map[names.Role]map[string]float64

func (w weights) total(role names.Role) float64 {
	n := 0.0
	for _, x := range w[role] {
		n += x
	}
	return n
}

// byWeight returns the roles, the commonest first.
func byWeight(w weights) []names.Role {
	return slices.SortedFunc(maps.Keys(w), func(a, b names.Role) int {
		return cmp.Or(cmp.Compare(w.total(b), w.total(a)), strings.Compare(string(a), string(b)))
	})
}

// weigh counts sources. Slips are dropped: what one label says against ten, and what three say against twice as many
// and the known meaning of the words (an outbox that was translated "Sent"). A role that the name has by the meaning
// of its words besides another ("rubbish" is trash to one translator and junk to the next) is never a slip: it is
// given enough weight for doubt where sources differ, and where few sources speak.
func (s said) weigh(meanings []names.Sense, known names.Role) weights {
	w := weights{}
	for role, langs := range s {
		w[role] = map[string]float64{}
		for lang, sources := range langs {
			w[role][lang] = sum(sources)
		}
	}
	top := 0.0
	for role := range w {
		top = max(top, w.total(role))
	}
	for role := range s {
		n := w.total(role)
		meant := slices.ContainsFunc(meanings, func(m names.Sense) bool { return m.Role == role })
		if n <= 1 && top >= 10 && !(meant && len(meanings) > 1) || known != "" && role != known && n <= 3 && 2*n <= w.total(known) {
			delete(w, role)
		}
	}
	if len(meanings) > 1 {
		w.doubt(meanings, len(w) > 1)
	}
	return w
}

// spoken tells the languages of a role that no source gives in any: those in which the words of the name mean it.
func (w weights) spoken(meanings []names.Sense) {
	for _, m := range meanings {
		und := w[m.Role]["und"]
		if len(w[m.Role]) != 1 || und == 0 || len(m.Languages) > 3 || slices.Contains(m.Languages, names.Any) {
			continue
		}
		w[m.Role] = map[string]float64{}
		for _, lang := range m.Languages {
			w[m.Role][lang] = und / float64(len(m.Languages))
		}
	}
}

// doubt gives the roles that a name has by the meaning of its words their weight in the languages that sources name.
func (w weights) doubt(meanings []names.Sense, differ bool) {
	least := func(all float64) float64 {
		if differ {
			return all / 4
		}
		return min(all/5, 1.3) // eight sources that agree outvote it
	}
	all := map[string]float64{}
	for _, langs := range w {
		for lang, n := range langs {
			all[lang] += n
		}
	}
	for _, m := range meanings {
		for lang, n := range all {
			if lang != "und" && !slices.Contains(m.Languages, bare(lang)) || w[m.Role][lang] >= least(n) {
				continue
			}
			if w[m.Role] == nil {
				w[m.Role] = map[string]float64{}
			}
			w[m.Role][lang] = max(0.5, least(n))
		}
	}
}

// lone marks a word that one label alone has: "?" where six sources agree on another for that role, "~" where the
// language is little known and the word is so short that it might be one of another language.
func lone(key string, role names.Role, langs map[string]map[string]bool, peak map[string]float64) string {
	if len(langs) != 1 || strings.Contains(key, " ") {
		return ""
	}
	for lang, sources := range langs {
		switch {
		case sum(sources) > 1:
		case peak[lang+" "+string(role)] >= 6:
			return "?"
		case len(key) <= 6 && strings.IndexFunc(key, func(r rune) bool { return r > 0x7f }) < 0 && !role.View():
			return "~"
		}
	}
	return ""
}
