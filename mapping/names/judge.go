package names

// Vote is how much speaks for one language of a mailbox.
type Vote struct {
	Language string  // BCP 47 tag
	Weight   float64 // share of the evidence, 0 to 1
}

// Languages returns what languages the names at the top of one tree speak for, the strongest first.
func Languages(names []string) []Vote { return nil }

// Verdict is what one name means in one mailbox.
type Verdict struct {
	Role       Role   // "" for a custom folder, and when there is doubt
	Language   string // BCP 47 tag; "" when not known
	Rule       Rule
	Confidence float64 // 0 to 1
	Doubt      string  // why the name, which may be a default name, was given no role; for people
}

// Judge decides what name means in a mailbox whose languages are voted as given (see [Languages]).
func Judge(name string, vote []Vote) Verdict {
	switch role := lookup(name); role {
	case "":
		return Verdict{}
	case ambiguous:
		return Verdict{Doubt: "the name is a default name of several roles"}
	default:
		return Verdict{Role: role, Rule: ByName, Confidence: 1}
	}
}

// Default tells whether name is a default name in some language, of a clear role or of several. A folder must not
// be created under such a name unless it has the role: the server may not be able to change the mailbox's language
// any more, and clients take it for the wrong folder.
func Default(name string) bool { return lookup(name) != "" }
