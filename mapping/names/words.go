package names

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// compose returns the meanings of a folded name, and loose, that is made of words for one role and of fillers, all of one
// language, with nothing left over: "gesendete" and "nachrichten". Where words are written without blanks, and in
// languages that write several nouns as one, the words may stand inside one.
func (b *Book) compose(key, loose string) []Sense {
	if !b.known(key, loose) {
		return nil
	}
	c := composer{book: b}
	if !c.split(key) {
		return nil
	}
	var out []Sense
	for _, lang := range c.candidates() {
		c.lang, c.steps = lang, 0
		c.inner = compounding[lang]
		got, ok := c.cover(0, cover{})
		if !ok {
			continue
		}
		if got.mail && slices.Contains(got.roles, Junk) && slices.Contains(got.roles, Trash) {
			got.roles = []Role{Junk}
		}
		for _, role := range got.roles {
			i := slices.IndexFunc(out, func(o Sense) bool { return o.Role == role })
			if i < 0 {
				out = append(out, Sense{Role: role, Rule: ByWords})
				i = len(out) - 1
			}
			o := &out[i]
			o.Languages, o.weight = append(o.Languages, lang), append(o.weight, 1)
			o.total++
			o.sure = max(o.sure, got.sure(key, role))
		}
	}
	all := 0.0
	for _, s := range out {
		all += s.total
	}
	for i := range out {
		out[i].Confidence = out[i].sure * out[i].total / all
	}
	return bestFirst(out)
}

// known tells whether a word may begin with the beginning of a folded name: most names end here.
func (b *Book) known(key, loose string) bool {
	first := strings.TrimLeftFunc(key, bracket)
	if i := strings.IndexFunc(first, bracket); i >= 0 {
		first = first[:i]
	}
	if len(first) < len(key) {
		loose, _ = loosen(first)
	}
	for i := range loose {
		if i >= minPart && b.begins[loose[:i]] {
			return true
		}
	}
	_, ok := b.begins[loose]
	return ok
}

// compounding are the languages that write several nouns as one word.
var compounding = map[string]bool{"de": true, "nl": true, "sv": true, "da": true, "nb": true, "nn": true, "is": true,
	"fo": true, "fi": true, "et": true, "hu": true, "lb": true, "af": true, "fy": true, "nds": true, "ko": true}

// composer looks for words in one name.
type composer struct {
	book  *Book
	text  string // the loose name, without blanks
	outer []bool // by position in text: a word may begin or end here
	any   []bool // a word may begin or end here in a compounding language
	lang  string
	inner bool
	steps int
}

// cover is what was found so far.
type cover struct {
	roles  []Role // roles that all words for a role have in common; nil before the first
	words  int
	stems  int  // words for a role
	weak   bool // the last of them does not stand alone
	mail   bool // one of the fillers speaks of mail
	joined bool
}

// sure says how much the cover of a name proves for a role.
func (c cover) sure(key string, role Role) float64 {
	alone := c.words == 1
	switch {
	case alone && (c.weak || role == Outbox), // "to send" is a task
		!alone && kept(role),
		c.stems > 1 && !strings.ContainsFunc(key, apart):
		return filed
	case c.joined:
		return joined
	case alone && len(key) < 5 && plain(key):
		return brief
	case alone:
		return single
	}
	return composed
}

// kept tells of roles that folders of one's own have in their names as well: "mail archive".
func kept(r Role) bool {
	switch r {
	case Archive, Templates, Calendar, Contacts, Notes, Tasks, Journal, Important:
		return true
	}
	return false
}

// apart tells of what stands between two words for the same: brackets and the like. Scripts without blanks make one
// word of several.
func apart(r rune) bool { return r != ' ' && bracket(r) || unblanked(r) }

const (
	maxWords = 9   // in a default name
	maxSteps = 400 // that one language may take
	minPart  = 3   // bytes of a part of a compound
)

// split makes the loose text and its boundaries. It is false for names that have too many words or a digit.
func (c *composer) split(key string) bool {
	var text strings.Builder
	var starts []int
	for token := range strings.FieldsFuncSeq(key, bracket) {
		loose, _ := loosen(token)
		starts = append(starts, text.Len())
		text.WriteString(loose)
	}
	if len(starts) == 0 || len(starts) > maxWords || strings.ContainsFunc(key, unicode.IsDigit) {
		return false
	}
	c.text = text.String()
	c.outer, c.any = make([]bool, len(c.text)+1), make([]bool, len(c.text)+1)
	last := rune(0)
	for i, r := range c.text {
		c.any[i] = !unicode.IsMark(r)
		c.outer[i] = unblanked(last) != unblanked(r) || unblanked(r) && !unicode.IsMark(r)
		last = r
	}
	for _, i := range append(starts, len(c.text)) {
		c.outer[i], c.any[i] = true, true
	}
	return true
}

// bracket tells of what stands between words besides blanks.
func bracket(r rune) bool {
	return r == ' ' || strings.ContainsRune("()[]{}«»<>:,;!*+&·•་།၊။", r)
}

// unblanked tells of scripts that put no blanks between words.
func unblanked(r rune) bool {
	return r >= 0x0e00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao,
		unicode.Khmer, unicode.Myanmar, unicode.Tibetan) || r == 'ー'
}

// candidates are the languages of the words with which the name may begin.
func (c *composer) candidates() []string {
	var out []string
	for end := range c.ends(0, true) {
		for _, u := range c.book.words[c.text[:end]] {
			if !slices.Contains(out, u.lang) {
				out = append(out, u.lang)
			}
		}
	}
	if slices.Contains(out, Any) { // it may go on in any language
		for end := range c.ends(0, true) {
			if !uses(c.book.words[c.text[:end]], Any) {
				continue
			}
			for next := range c.ends(end, true) {
				for _, u := range c.book.words[c.text[end:next]] {
					if !slices.Contains(out, u.lang) {
						out = append(out, u.lang)
					}
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

func uses(us []use, lang string) bool {
	return slices.ContainsFunc(us, func(u use) bool { return u.lang == lang })
}

// ends yields where a word that begins at i may end, the farthest first.
func (c *composer) ends(i int, inner bool) func(func(int) bool) {
	return func(yield func(int) bool) {
		for end := min(len(c.text), i+c.book.long); end > i; end-- {
			if (c.outer[end] || inner && c.any[end] && end-i >= minPart) && !yield(end) {
				return
			}
		}
	}
}

// cover tries to go on from position i to the end of the text.
func (c *composer) cover(i int, so cover) (cover, bool) {
	if i == len(c.text) {
		return so, so.roles != nil
	}
	if c.steps++; c.steps > maxSteps || so.words == maxWords {
		return so, false
	}
	for end := range c.ends(i, c.inner) {
		m := c.meaning(c.text[i:end])
		next := so
		next.words++
		next.joined = so.joined || !c.outer[end]
		if m.roles != nil {
			stem := next
			stem.stems, stem.weak = so.stems+1, m.weak
			if stem.roles = common(so.roles, m.roles); stem.roles != nil {
				if got, ok := c.cover(end, stem); ok {
					return got, true
				}
			}
		}
		if m.filler {
			next.mail = so.mail || m.mail
			if got, ok := c.cover(end, next); ok {
				return got, true
			}
		}
	}
	return so, false
}

// meaning is what a word means in the composer's language.
type meaning struct {
	roles              []Role
	weak, filler, mail bool // mail: a filler that speaks of mail
}

func (c *composer) meaning(word string) meaning {
	m := meaning{weak: true}
	for _, u := range c.book.words[word] {
		switch {
		case u.lang != c.lang && u.lang != Any:
		case u.role == Filler:
			m.filler = true
		case u.role == MailFiller:
			m.filler, m.mail = true, true
		default:
			m.weak = m.weak && u.weak
			if !slices.Contains(m.roles, u.role) {
				m.roles = append(m.roles, u.role)
			}
		}
	}
	return m
}

// common returns the roles that both have; those of b when there are none so far; nil when they contradict.
func common(a, b []Role) []Role {
	if a == nil {
		return b
	}
	var out []Role
	for _, r := range a {
		if slices.Contains(b, r) {
			out = append(out, r)
		}
	}
	return out
}

// Between tells of characters that stand between the words of a folded name.
func Between(r rune) bool { return bracket(r) }

// Unblanked tells whether a name is written in a script that puts no blanks between words.
func Unblanked(name string) bool {
	r, _ := utf8.DecodeRuneInString(name)
	return unblanked(r)
}
