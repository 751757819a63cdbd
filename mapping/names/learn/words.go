package learn

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"crossfade/mapping/names"
)

// tongue is what one language's names teach.
type tongue struct {
	byHand  map[string]map[string]bool                // word → kinds
	filler  map[string]bool                           // learned
	phrases map[string]map[names.Role]map[string]bool // word → role → sources
	rows    []Row
}

// Vocabulary makes the vocabulary: a line for each language and kind, sorted.
func Vocabulary(rows []Row, byHand []Word) string {
	tongues := map[string]*tongue{}
	of := func(lang string) *tongue {
		if tongues[lang] == nil {
			tongues[lang] = &tongue{byHand: map[string]map[string]bool{}, filler: map[string]bool{}, phrases: map[string]map[names.Role]map[string]bool{}}
		}
		return tongues[lang]
	}
	for _, w := range byHand {
		for _, s := range w.Words {
			put(of(w.Language).byHand, s)[w.Kind] = true
		}
	}
	for _, r := range rows {
		if lang := bare(Tag(r.Tag)); lang != "und" {
			of(lang).rows = append(of(lang).rows, r)
		}
	}
	for lang, t := range tongues {
		t.learnFillers()
		if lang != names.Any {
			t.learnPhrases(of(names.Any))
		}
	}
	var b bytes.Buffer
	for _, lang := range slices.Sorted(maps.Keys(tongues)) {
		kinds := tongues[lang].kinds()
		for _, kind := range slices.Sorted(maps.Keys(kinds)) {
			fmt.Fprintf(&b, "%s\t%s\t%s\n", lang, kind, strings.Join(slices.Sorted(maps.Keys(kinds[kind])), "|"))
		}
	}
	return b.String()
}

// learnFillers finds the words that stand beside others in names of two roles, and never alone.
func (t *tongue) learnFillers() {
	beside := map[string]map[string]bool{}
	alone := map[string]bool{}
	for _, r := range t.rows {
		words := tokens(r.Name)
		if len(words) == 1 {
			alone[words[0]] = true
			continue
		}
		if !r.Role.Carried() && r.Role != names.Outbox {
			continue
		}
		for _, w := range words {
			put(beside, w)[class(r.Role)] = true
		}
	}
	for w, roles := range beside {
		if len(roles) > 1 && !alone[w] && t.byHand[w] == nil {
			t.filler[w] = true
		}
	}
}

// class puts roles together whose names are mistaken for one another in translations: a word that both have may be
// the one that tells them from the others.
func class(r names.Role) string {
	switch r {
	case names.Outbox:
		return string(names.Sent)
	case names.Junk:
		return string(names.Trash)
	}
	return string(r)
}

// learnPhrases takes the fillers off both ends of every name and keeps what is left.
func (t *tongue) learnPhrases(everywhere *tongue) {
	filler := func(w string) bool {
		return t.filler[w] || isFiller(t.byHand[w]) || t.byHand[w] == nil && isFiller(everywhere.byHand[w])
	}
	fillers := told(t, everywhere)
	for _, r := range t.rows {
		words := tokens(r.Name)
		for len(words) > 0 && filler(words[0]) {
			words = words[1:]
		}
		for len(words) > 0 && filler(words[len(words)-1]) {
			words = words[:len(words)-1]
		}
		phrase := strings.Join(words, " ")
		if len(words) == 1 && names.Unblanked(phrase) {
			phrase = t.strip(phrase, fillers)
		}
		if phrase == "" || utf8.RuneCountInString(phrase) < 3 && !names.Unblanked(phrase) {
			continue
		}
		if t.phrases[phrase] == nil {
			t.phrases[phrase] = map[names.Role]map[string]bool{}
		}
		put(t.phrases[phrase], r.Role)[r.Source] = true
	}
}

func isFiller(kinds map[string]bool) bool { return kinds[names.Filler] || kinds[names.MailFiller] }

// strip takes fillers off the ends of a name that is written without blanks, the longest first.
func (t *tongue) strip(name string, fillers []string) string {
	for again := true; again; {
		again = false
		for _, w := range fillers {
			s, ok := strings.CutPrefix(name, w)
			if !ok {
				s, ok = strings.CutSuffix(name, w)
			}
			if ok && utf8.RuneCountInString(s) > 1 {
				name, again = s, true
				break
			}
		}
	}
	return name
}

// told returns the fillers that were told by hand, the longest first.
func told(tongues ...*tongue) []string {
	var out []string
	for _, t := range tongues {
		for w, kinds := range t.byHand {
			if isFiller(kinds) {
				out = append(out, w)
			}
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b))
	})
	return out
}

// kinds returns the words by kind. What was told by hand stands as told; a phrase that one source alone has, where
// six know another one, is not learned, nor a lone role of a phrase that others have with another.
func (t *tongue) kinds() map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for w, kinds := range t.byHand {
		for kind := range kinds {
			if kind != never {
				put(out, kind)[w] = true
			}
		}
	}
	for w := range t.filler {
		put(out, names.Filler)[w] = true
	}
	peak := map[names.Role]float64{}
	for _, roles := range t.phrases {
		for role, sources := range roles {
			peak[role] = max(peak[role], sum(sources))
		}
	}
	alone := map[string]bool{}
	for _, r := range t.rows {
		alone[strings.Join(tokens(r.Name), " ")] = true
	}
	for w, roles := range t.phrases {
		if t.byHand[w] != nil {
			continue
		}
		top := 0.0
		for _, sources := range roles {
			top = max(top, sum(sources))
		}
		for role, sources := range roles {
			n := sum(sources)
			if n*6 <= top || n == 1 && peak[role] >= 6 && !strings.Contains(w, " ") {
				continue
			}
			kind := string(role)
			if n <= 1 && !alone[w] {
				kind += names.Weak
			}
			put(out, kind)[w] = true
		}
	}
	return out
}
