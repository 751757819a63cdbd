package names

import "slices"

// Rule says how a name was recognised.
type Rule string

// The rules, the surest first.
const (
	ByName     Rule = "name"     // the name is in the table
	BySpelling Rule = "spelling" // a name of the table in another spelling: a missing accent, another letter form
	ByNumber   Rule = "number"   // a default name with the number that a server appends: "Sent-1"
	ByWords    Rule = "words"    // a word for the role, with words around it that servers put there
)

// How sure a rule makes, 1 being a name that several sources have.
const (
	alone     = 0.15 // one source has the name, all others of its language have another one
	rare      = 0.5  // one source has the name in a language that others know little of
	respelt   = 0.95 // spelt with what readers take for the same letters
	unmarked  = 0.85 // accents are missing
	shortened = 0.5  // accents are missing in a word so short that it may be another one
	numbered  = 0.9
	counted   = 0.15 // a number behind a blank
	composed  = 0.8
	single    = 0.75 // a word for a role without any words around it
	joined    = 0.7  // composed within one word
	brief     = 0.5  // the same, of a word so short that it may be another one
	filed     = 0.15 // archives and notes of one's own have such names too
)

// longest is how many bytes a name may have to be looked at.
const longest = 160

// Sense is one meaning of a name.
type Sense struct {
	Role       Role
	Languages  []string // BCP 47 tags in which the name has this meaning, "und" where no source tells; shared: not to be changed
	Rule       Rule
	Confidence float64 // 0 to 1, other meanings considered

	weight []float64 // sources by language
	total  float64   // sources
	sure   float64   // confidence if the name had no other meaning
}

// Senses returns all meanings of the name of a folder at the top of a tree, the surest first; none for a custom
// name. What it returns is shared and not to be changed.
func Senses(name string) []Sense { return builtin().Senses(name) }

// Senses is like the function of that name.
func (b *Book) Senses(name string) []Sense {
	if len(name) > longest {
		return nil
	}
	var buf [longest]byte
	key, ok := foldASCII(buf[:0], name)
	if !ok {
		key, ok = foldLetters(buf[:0], name)
	}
	if !ok {
		key = append(buf[:0], foldUnicode(name)...)
	}
	if i, ok := b.find(key); ok {
		return b.senses[i]
	}
	if len(key) == 0 {
		return nil
	}
	if base, sure, ok := unnumber(name); ok {
		return b.unnumbered(base, sure)
	}
	return b.byRule(string(key))
}

// unnumbered returns the meanings of a name whose number was taken off.
func (b *Book) unnumbered(base string, sure bool) []Sense {
	if _, _, again := unnumber(base); again {
		return nil
	}
	senses := slices.Clone(b.Senses(base))
	for i := range senses {
		s := &senses[i]
		f := numbered
		if !sure || !s.Role.Carried() || s.Role == Archive {
			f = counted
		}
		s.Rule, s.sure, s.Confidence = ByNumber, s.sure*f, s.Confidence*f
	}
	return senses
}

// byRule returns the meanings of a folded name that is not in the table.
func (b *Book) byRule(key string) []Sense {
	loose, marks := loosen(key)
	if s := b.spelt(loose, marks); s != nil {
		return s
	}
	return b.compose(key, loose)
}

// find returns the place of a folded name in the table. It is slices.BinarySearch without a copy of the key.
func (b *Book) find(key []byte) (int, bool) {
	low, high := 0, len(b.keys)
	for low < high {
		mid := int(uint(low+high) >> 1)
		if b.keys[mid] < string(key) {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low, low < len(b.keys) && b.keys[low] == string(key)
}
