package names

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:generate go run ./generate

// tableText is a folded default name a line, with its roles, languages and how many sources say so.
//
//go:embed table.txt
var tableText string

// vocabularyText is what the words of default names mean: a language, a role or filler, and the words, a line.
//
//go:embed vocabulary.txt
var vocabularyText string

// Book is what is known about names. The functions of this package read the one that is embedded; others are made
// to measure what is found without some of the sources.
type Book struct {
	keys   []string           // folded names, sorted
	senses [][]Sense          // by key
	loose  map[string][]entry // by loose key
	words  map[string][]use   // by loose word
	begins map[string]bool    // loose words, and the first ones of those that are several; true: others may follow without a blank
	peak   map[string]float64 // by language and role: how many sources use the commonest name
	long   int                // length of the longest word
}

// entry is a key of the table under one loose spelling.
type entry struct {
	key   int
	marks string
}

// use is what a word means in one language: a role or a kind of filler.
type use struct {
	lang string
	role Role
	weak bool
}

// Kinds of words that servers put around the words for a role. Those of the second speak of mail: with them a word
// for rubbish is junk mail.
const (
	Filler     = "filler"
	MailFiller = "mail"
)

// Weak is put behind the role of a word that one source alone has, and only with words around it.
const Weak = "?"

// Any is the language of words that are used in all languages.
const Any = "mul"

// builtin reads the embedded book once, when it is first needed.
var builtin = sync.OnceValue(func() *Book {
	b, err := Parse(tableText, vocabularyText)
	if err != nil {
		panic(err) // the embedded files are tested
	}
	return b
})

// Warm reads the embedded book and the titles now: that takes some 50 ms, for which the first client of a program that is about
// to serve some should not have to wait.
func Warm() { builtin(); titles() }

// Parse reads a table and a vocabulary as package learn makes them.
func Parse(table, vocabulary string) (*Book, error) {
	n := strings.Count(table, "\n")
	b := &Book{
		keys: make([]string, 0, n), senses: make([][]Sense, 0, n),
		loose: make(map[string][]entry, n), words: make(map[string][]use), begins: map[string]bool{}, peak: map[string]float64{},
	}
	for line := range strings.Lines(table) {
		if err := b.addName(strings.TrimSuffix(line, "\n")); err != nil {
			return nil, fmt.Errorf("table: %q: %w", line, err)
		}
	}
	if !slices.IsSorted(b.keys) {
		return nil, fmt.Errorf("table: not sorted")
	}
	for line := range strings.Lines(vocabulary) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 3 {
			return nil, fmt.Errorf("vocabulary: %q: not three columns", line)
		}
		for word := range strings.SplitSeq(f[2], "|") {
			b.addWord(f[0], f[1], word)
		}
	}
	return b, nil
}

// addName reads one line of the table: a key, then for each role "role lang*sources lang*sources", with a mark
// behind the role when one source alone has the name.
func (b *Book) addName(line string) error {
	f := strings.Split(line, "\t")
	senses := make([]Sense, 0, len(f)-1)
	all := 0.0
	for _, part := range f[1:] {
		words := strings.Fields(part)
		if len(words) < 2 {
			return fmt.Errorf("no language")
		}
		role := strings.TrimRight(words[0], "?~")
		s := Sense{Role: Role(role), Rule: ByName, sure: 1}
		switch words[0][len(role):] {
		case "?":
			s.sure = alone
		case "~":
			s.sure = rare
		}
		for _, w := range words[1:] {
			lang, count, _ := strings.Cut(w, "*")
			n, err := strconv.ParseFloat(count, 32)
			if err != nil {
				return err
			}
			s.Languages, s.weight = append(s.Languages, lang), append(s.weight, n)
			s.total += n
			if at := lang + " " + role; n > b.peak[at] {
				b.peak[at] = n
			}
		}
		all += s.total
		senses = append(senses, s)
	}
	for i := range senses {
		senses[i].Confidence = senses[i].sure * senses[i].total / all
	}
	b.keys, b.senses = append(b.keys, f[0]), append(b.senses, bestFirst(senses))
	b.addLoose(f[0], len(b.keys)-1)
	for _, s := range senses {
		for _, lang := range s.Languages {
			if r := respell(lang, f[0]); r != "" {
				b.addLoose(r, len(b.keys)-1)
			}
		}
	}
	return nil
}

func (b *Book) addLoose(folded string, key int) {
	k, marks := loosen(folded)
	if !slices.Contains(b.loose[k], entry{key, marks}) {
		b.loose[k] = append(b.loose[k], entry{key, marks})
	}
}

func (b *Book) addWord(lang, kind, word string) {
	role, weak := strings.CutSuffix(kind, Weak)
	u := use{lang, Role(role), weak}
	for _, w := range []string{word, respell(lang, word)} {
		if k, _ := loosen(w); k != "" && !slices.Contains(b.words[k], u) {
			b.words[k] = append(b.words[k], u)
			b.long = max(b.long, len(k))
			first, _, _ := strings.Cut(w, " ")
			first, _ = loosen(first)
			for _, s := range []string{first, k} {
				b.begins[s] = b.begins[s] || compounding[lang] || lang == Any || Unblanked(s)
			}
		}
	}
}

// bestFirst sorts senses, the surest first, and makes the order one.
func bestFirst(s []Sense) []Sense {
	slices.SortStableFunc(s, func(a, b Sense) int {
		switch {
		case a.Confidence > b.Confidence:
			return -1
		case a.Confidence < b.Confidence:
			return 1
		}
		return strings.Compare(string(a.Role), string(b.Role))
	})
	return s
}
