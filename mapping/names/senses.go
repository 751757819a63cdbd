package names

// Rule says how a name was recognised.
type Rule string

// The rules, the surest first.
const (
	ByName     Rule = "name"     // the name is in the table
	BySpelling Rule = "spelling" // a name of the table in another spelling: a missing diacritic, another letter form
	ByNumber   Rule = "number"   // a name of the table with the number that a server appends: "Sent-1"
	ByWords    Rule = "words"    // a word for the role, with words around it that servers put there
)

// Sense is one meaning of a name.
type Sense struct {
	Role       Role
	Languages  []string // BCP 47 tags in which the name has this meaning; shared, not to be changed; may be empty
	Rule       Rule
	Confidence float64 // 0 to 1
}

// Senses returns all meanings of the name of a folder at the top of a tree, the surest first; none for a custom
// name.
func Senses(name string) []Sense {
	role := lookup(name)
	if role == "" || role == ambiguous {
		return nil
	}
	return []Sense{{Role: role, Rule: ByName, Confidence: 1}}
}
