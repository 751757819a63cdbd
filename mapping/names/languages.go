package names

import (
	"slices"
	"strings"
)

// Vote is how much speaks for one language of a mailbox.
type Vote struct {
	Language string  // BCP 47 tag
	Weight   float64 // share of the evidence, 0 to 1
}

// most is how many languages a vote names.
const most = 12

// Languages returns what languages the names at the top of one tree speak for, the strongest first. "INBOX" says
// nothing: it is a word of the protocol.
func Languages(names []string) []Vote { return builtin().Languages(names) }

// Languages is like the function of that name.
func (b *Book) Languages(names []string) []Vote {
	score := map[string]float64{}
	seen := map[string]bool{}
	for _, name := range names {
		if len(name) > longest || seen[name] || strings.EqualFold(name, "INBOX") {
			continue
		}
		seen[name] = true
		b.ask(name, score)
	}
	all := 0.0
	out := make([]Vote, 0, len(score))
	for lang, w := range score {
		out = append(out, Vote{lang, w})
	}
	slices.SortFunc(out, func(a, b Vote) int {
		switch {
		case a.Weight > b.Weight:
			return -1
		case a.Weight < b.Weight:
			return 1
		}
		return strings.Compare(a.Language, b.Language)
	})
	out = out[:min(len(out), most)]
	for _, v := range out {
		all += v.Weight
	}
	for i := range out {
		out[i].Weight /= max(all, 1) // less than one sure name is little evidence
	}
	return out
}

// ask adds one name's vote of 1, less if the name is doubtful, shared by its languages according to how common the
// name is in each.
func (b *Book) ask(name string, score map[string]float64) {
	senses := b.Senses(name)
	all := 0.0
	for _, s := range senses {
		if s.sure < enough { // doubtful names must not vouch for themselves
			return
		}
		for i, lang := range s.Languages {
			all += b.common(&s, i, lang)
		}
	}
	if all == 0 {
		return
	}
	for _, s := range senses {
		for i, lang := range s.Languages {
			if lang != "und" && lang != Any {
				score[lang] += s.sure * b.common(&s, i, lang) / all
			}
		}
	}
}

// common is how common a sense is in its language, squared so that slips and loans count little.
func (b *Book) common(s *Sense, i int, lang string) float64 {
	peak := b.peak[lang+" "+string(s.Role)]
	if s.Rule == ByWords || peak == 0 {
		return 0.5
	}
	f := min(1, s.weight[i]/peak)
	return f*f + 0.01
}
