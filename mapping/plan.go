package mapping

import "crossfade/mapping/names"

// Kind is what becomes of a source folder.
type Kind int

// The kinds of decision.
const (
	Skip     Kind = iota // nothing is moved; Why tells
	Existing             // it goes into a folder that the destination has
	Create               // it goes into a folder that is to be created
)

// String names the kind for people.
func (k Kind) String() string {
	switch k {
	case Existing:
		return "existing"
	case Create:
		return "create"
	}
	return "skip"
}

// Decision says where one source folder goes.
type Decision struct {
	Source   string // raw name on the source
	Dest     Path   // on the destination, its prefix included; nil when skipped
	DestName string // raw name on the destination; "" when the folder is to be created or skipped
	Role     Role   // the role of the folder at Dest, "" for an ordinary one or when skipped
	Kind     Kind
	Primary  bool   // the folder that gives Dest its identity; exactly one of those that go to one Dest
	Escaped  bool   // the folder or one above it is not spelt as on the source, for the reason in Why
	Strict   bool   // it is spelt strictly, because the destination refuses its name or that of one above
	Why      string // for people

	Read  Reading // what the source folder is taken for by itself
	Given bool    // Read.Role is this folder's: of several folders read as one role only one is given it
}

// PlanOptions are what is known about the destination. The zero value suits most servers.
type PlanOptions struct {
	// CaseInsensitive says that the destination takes "Work" and "work" for one folder. The second of two such
	// source folders is then numbered: "work (2)".
	CaseInsensitive bool
	// NameLimit is how many bytes one level of a name may have there ([NameLength]); 0 is [LongestName].
	NameLimit int
	// Refused are the names, of one level as in a Decision's Dest, that the destination was seen to refuse: they are spelt
	// strictly.
	Refused map[string]bool
	// Overrides are what the admin says about the source's folders.
	Overrides Overrides
	// Language and DestLanguage, BCP 47 tags, overrule what the names of the folders of each side speak for.
	Language, DestLanguage string
}

// Plan is one decision for each folder of the source, in the source's order.
type Plan struct {
	Decisions []Decision
	Languages []names.Vote // what the source's default folders speak, the strongest first
	Family    Family       // what server the source seems to be; "" when it is not known
}

// NewPlan decides for every folder of the source where it goes on the destination. It is a pure function of
// its arguments; the package's documentation has the rules.
func NewPlan(source, dest Tree, opts PlanOptions) Plan {
	p := &planner{
		source: source, dest: dest, sep: dest.Separator, fold: opts.CaseInsensitive,
		out: make([]Decision, len(source.Folders)), rel: make([]Path, len(source.Folders)),
		above: newAtlas(&dest, opts.CaseInsensitive),
		root:  &spot{},
		at:    map[int]*spot{},
		given: map[int]bool{}, language: opts.DestLanguage, longest: opts.NameLimit, refused: opts.Refused,
	}
	old := source.read(opts.Overrides, opts.Language, true)
	p.read, p.vote, p.family = old.out, old.vote, old.family
	p.theirs = dest.read(Overrides{}, opts.DestLanguage, false).out
	if p.sep == "" {
		p.sep, p.flat = "/", true
	}
	p.base = p.walk(dest.prefix())
	p.base.pinned = true
	listed := map[string]bool{}
	for i, n := range source.Folders {
		if listed[n.Name] {
			p.skip(i, "listed twice")
			continue
		}
		listed[n.Name] = true
		p.place(i)
	}
	p.relocate()
	p.setAside()
	p.number(p.root)
	p.decide(p.root, nil, "", false)
	p.tell()
	return Plan{Decisions: p.out, Languages: p.vote, Family: p.family}
}

// planner carries one plan through its steps: place, relocate, setAside, number, decide, tell.
type planner struct {
	source, dest Tree
	sep          string    // the destination's separator, "/" where it has none
	fold, flat   bool      // flat: the destination has no hierarchy, a path is joined to one name
	read, theirs []Reading // what the folders of each side are taken for
	vote         []names.Vote
	family       Family // of the source
	language     string // the destination's, as the admin says; "" if he does not
	refused      map[string]bool
	longest      int    // bytes of one level of a name, 0 for what is usual
	above        *atlas // the destination's folders
	root         *spot  // the tree to be, in the destination's full paths
	base         *spot  // where the destination's prefix ends
	at           map[int]*spot
	given        map[int]bool // source folders that are given the role they are read as
	rel          []Path       // by source folder: where it would lie with its own name
	out          []Decision
}
