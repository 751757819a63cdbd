package mapping

import (
	"fmt"
	"strings"

	"crossfade/mapping/names"
)

// Read says for each folder of a tree, in its order, what it is taken for: what the admin says, else INBOX, else
// what its attributes say, else what its name says in the languages that the tree speaks. Only folders at the top
// are asked for their names, and those in Gmail's own folder; children of INBOX only for roles that no folder at
// the top has. A name of several roles is given the one that no other folder has, if there is just one.
//
// Several folders may be read as one role; [NewPlan] chooses. The languages are those that the names speak for,
// the strongest first; language, a BCP 47 tag, overrules them unless it is "".
func (t *Tree) Read(over Overrides, language string) ([]Reading, []names.Vote) {
	r := t.read(over, language, true)
	return r.out, r.vote
}

// read is Read; without the family where shape is not set. A plan is made of folders that were there before: what it
// creates on the destination must not make another server of it.
func (t *Tree) read(over Overrides, language string, shape bool) *reader {
	r := &reader{tree: t, out: make([]Reading, len(t.Folders)), names: make([]string, len(t.Folders)), below: make([]bool, len(t.Folders))}
	var spoken []string
	for i := range t.Folders {
		n := &t.Folders[i]
		r.names[i], r.below[i] = t.topName(n)
		if r.names[i] != "" {
			spoken = append(spoken, r.names[i])
		}
	}
	r.vote = names.Languages(spoken)
	if language != "" {
		r.vote = []names.Vote{{Language: language, Weight: 1}}
	}
	if r.rooted = shape && r.isRooted(); r.rooted && len(t.prefix()) == 0 {
		clear(r.below)
	}
	r.override(over)
	for i := range t.Folders {
		r.readOne(i)
	}
	if shape {
		r.recognize()
		r.foldersOfServer()
	}
	r.narrow()
	r.yield()
	return r
}

// reader carries one reading of a tree through its steps.
type reader struct {
	tree  *Tree
	names []string // by folder: the name that may be a default name, "" for none
	below []bool   // by folder: the name stands below INBOX and not at the top
	vote  []names.Vote
	out   []Reading

	rooted bool // every folder lies below INBOX
	family Family
	own    map[string]Role // what the family's own names mean, by folded name
}

// override takes what the admin says.
func (r *reader) override(over Overrides) {
	for i := range r.tree.Folders {
		if role, ok := over.find(r.tree, &r.tree.Folders[i]); ok {
			r.out[i] = Reading{Role: role, Evidence: ByOverride, Confidence: 1}
		}
	}
}

// readOne reads one folder by itself.
func (r *reader) readOne(i int) {
	n := &r.tree.Folders[i]
	if r.out[i].Evidence != "" {
		return
	}
	if n.Path.IsInbox() {
		r.out[i] = Reading{Role: Inbox, Evidence: ByProtocol, Confidence: 1}
		return
	}
	if role := RoleOf(n.Attrs); role != "" {
		r.out[i] = Reading{Role: role, Evidence: ByAttribute, Confidence: 1}
		if role == All {
			r.out[i].Doubt = "it shows all messages and is not moved: what is in no other folder, as archived mail at Gmail, stays behind; custom as its override copies the whole of it"
			return
		}
		if v := r.judge(i); v.Role == role {
			r.out[i].Language = v.Language
		} else if v.Role != "" {
			r.out[i].Doubt = fmt.Sprintf("its name says %s; its attribute counts", v.Role)
		}
		return
	}
	if r.names[i] == "" || !n.selectable() || r.tree.foreign(n) {
		return
	}
	v := r.judge(i)
	switch {
	case v.Role == "":
		r.out[i].Doubt = v.Doubt
	case v.Role.View() && !inGmail(n.Path): // "Important" is a view at Gmail only, elsewhere it is somebody's own
		return
	case r.below[i] && (v.Role == Inbox || v.Rule != names.ByName):
		return
	case r.rooted && v.Role == Inbox && len(r.tree.prefix()) == 0: // INBOX is there
		return
	default:
		r.out[i] = Reading{Role: v.Role, Language: v.Language, Evidence: evidenceOf(v.Rule), Confidence: v.Confidence, Doubt: v.Doubt}
	}
}

// judge asks what the name of folder i means in the languages of this tree.
func (r *reader) judge(i int) names.Verdict {
	if r.names[i] == "" {
		return names.Verdict{}
	}
	return names.Judge(r.names[i], r.vote)
}

// narrow decides names of several roles by what the rest of the tree leaves to them: beside "Spam", "Lixo" can only
// be the trash.
func (r *reader) narrow() {
	has := r.roles()
	left := map[int]Role{}
	wanted := map[Role]int{}
	for i := range r.out {
		if r.out[i].Role != "" || r.out[i].Doubt == "" || r.out[i].Evidence != "" || r.below[i] {
			continue
		}
		rest := r.rest(i, has)
		if len(rest) == 1 {
			left[i] = rest[0]
			wanted[rest[0]]++
		}
	}
	for i, role := range left {
		if wanted[role] == 1 {
			r.out[i] = Reading{Role: role, Language: first(r.vote), Evidence: ByRest, Confidence: 0.8,
				Doubt: "a name of several roles; the others have their folders"}
		}
	}
}

// rest returns the roles that the name of folder i has in the table and that no folder has yet; none for a name that
// has only one role in the table, or that is not in a language of this mailbox: "Lixo" among German folders is its
// user's own.
func (r *reader) rest(i int, has map[Role]bool) (rest []Role) {
	senses := names.Senses(r.names[i])
	if len(senses) < 2 {
		return nil
	}
	for _, s := range senses {
		if has[s.Role] {
			continue
		}
		if s.Rule != names.ByName || s.Role.View() || s.Confidence < likely(s.Role) || !spoken(s.Languages, r.vote) {
			return nil
		}
		rest = append(rest, s.Role)
	}
	return rest
}

// likely is how sure the last role that is left must be by itself. A second trash beside the first is common, so the
// other meanings must be the likelier ones, and nobody looks into a wrong junk folder. What is not carried moves nothing.
func likely(role Role) float64 {
	if role == Trash || !role.Carried() {
		return 0.15
	}
	return 0.5
}

// spoken tells whether one of the languages is about as likely the mailbox's as the likeliest is.
func spoken(languages []string, vote []names.Vote) bool {
	for _, v := range vote {
		if v.Weight < vote[0].Weight/2 {
			continue
		}
		for _, l := range languages {
			if base(l) == base(v.Language) {
				return true
			}
		}
	}
	return false
}

// base is a language tag without script and region.
func base(tag string) string {
	b, _, _ := strings.Cut(tag, "-")
	return b
}

// roles are those that folders of the tree are read as.
func (r *reader) roles() map[Role]bool {
	has := map[Role]bool{}
	for _, o := range r.out {
		if o.Role != "" {
			has[o.Role] = true
		}
	}
	return has
}

// yield gives up what was read below INBOX where a folder at the top has the role.
func (r *reader) yield() {
	top := map[Role]bool{}
	for i, o := range r.out {
		if !r.below[i] || o.Evidence.weight() > ByName.weight() {
			top[o.Role] = true
		}
	}
	for i, o := range r.out {
		if !r.below[i] || o.Role == "" || o.Evidence.weight() > ByName.weight() {
			continue
		}
		if top[o.Role] {
			r.out[i] = Reading{Doubt: fmt.Sprintf("its name says %s, but that folder is at the top", o.Role)}
			continue
		}
		r.out[i].Confidence = min(r.out[i].Confidence, 0.8)
	}
}

func first(vote []names.Vote) string {
	if len(vote) == 0 {
		return ""
	}
	return vote[0].Language
}

// topName returns the name of a folder where names mean something: at the top, below the tree's prefix, in Gmail's
// folder, or below INBOX, which it tells.
func (t *Tree) topName(n *Node) (name string, belowInbox bool) {
	rel, inside := t.below(n.Path)
	switch {
	case n.Path.IsInbox():
		return "", false
	case len(t.prefix()) > 0 && inside && rel[:1].IsInbox(): // "INBOX.INBOX": what a bad migration left
		return "", false
	case len(rel) == 1 && inside:
		return rel[0], false
	case len(rel) == 2 && inGmail(rel):
		return rel[1], false
	case len(n.Path) == 2 && n.Path[:1].IsInbox() && len(rel) == 2:
		return rel[1], true
	}
	return "", false
}

// inGmail tells whether a folder lies in the folder that Gmail has for its default ones; in the United Kingdom and
// Germany it once was called otherwise.
func inGmail(p Path) bool {
	return len(p) == 2 && (strings.EqualFold(p[0], "[Gmail]") || strings.EqualFold(p[0], "[Google Mail]"))
}
