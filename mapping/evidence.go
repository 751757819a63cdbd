package mapping

import "crossfade/mapping/names"

// Evidence says on what a folder's role rests, for people and in JSON. The zero value is that of a custom folder.
type Evidence string

// What speaks for a role, the strongest first.
const (
	ByProtocol  Evidence = "protocol"    // INBOX is the inbox (RFC 3501 5.1)
	ByOverride  Evidence = "override"    // the admin says so
	ByAttribute Evidence = "attribute"   // SPECIAL-USE (RFC 6154) or XLIST
	ByFamily    Evidence = "family"      // a folder that servers of this family make ([Family])
	ByName      Evidence = "name"        // a default name, as it is in the table
	BySpelling  Evidence = "spelling"    // a default name in another spelling
	ByNumber    Evidence = "number"      // a default name with a number that a server appends
	ByWords     Evidence = "words"       // a word for the role among words that servers put around it
	ByRest      Evidence = "elimination" // a name of several roles, of which other folders have all but one
)

// weight orders evidence; what the same weight speaks for is decided by path, language and order.
func (e Evidence) weight() int {
	switch e {
	case ByProtocol:
		return 9
	case ByOverride:
		return 8
	case ByAttribute:
		return 7
	case ByFamily:
		return 6
	case ByName:
		return 5
	case BySpelling:
		return 4
	case ByNumber:
		return 3
	case ByWords:
		return 2
	case ByRest:
		return 1
	}
	return 0
}

// says begins a sentence that ends with the role.
func (e Evidence) says() string {
	switch e {
	case ByOverride:
		return "the overrides say"
	case ByAttribute:
		return "its attributes say"
	case BySpelling:
		return "its name, in another spelling, says"
	case ByNumber:
		return "its name but for the number says"
	case ByWords:
		return "a word in its name says"
	case ByRest:
		return "its name can only say"
	}
	return "its name says"
}

// Reading is what one folder of a tree is taken for.
type Reading struct {
	Role       Role   // "" for a custom folder
	Language   string // BCP 47 tag of the name; "" when it is not known or plays no part
	Evidence   Evidence
	Confidence float64 // 0 to 1; 0 for a custom folder
	Doubt      string  // what an admin should look at; for people
}

// sure tells whether the folder may be put together with another one of its role. Numbers keep folders apart that were
// apart, and what was found by elimination is the likeliest to be wrong.
func (r *Reading) sure() bool {
	switch r.Evidence {
	case ByNumber, ByRest:
		return false
	case BySpelling, ByWords: // INBOX is there already: what is like it is its user's own rather than another inbox
		return r.Confidence >= 0.75 && r.Role != Inbox
	}
	return r.Role != ""
}

// certain tells whether the name itself may vouch for a language: it stands in the table, or the server calls it so.
func (r *Reading) certain() bool {
	return r.Evidence == ByName || r.Evidence == ByFamily || r.Evidence == ByAttribute
}

// evidenceOf translates the rule by which a name was recognised.
func evidenceOf(r names.Rule) Evidence { return Evidence(r) }
