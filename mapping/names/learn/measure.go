package learn

import (
	"fmt"
	"slices"
	"strings"

	"crossfade/mapping/names"
)

// families are sources that took names from one another or from one place, as the share of names that they have in
// common shows (0.8 and more of the smaller one where both have names), or are two editions of one list. They are
// left out together.
var families = [][]string{
	{"roundcube", "wildduck"},
	{"geary", "elementary-mail"},
	{"eds", "evolution"},
	{"imapflow", "imapsync", "stackoverflow-2185391"},
	{"gromox", "gromox-2021"},
	{"thunderbird", "k9"},
	{"aosp-email", "fairemail"},
}

// family returns the sources to be left out with one.
func family(source string) []string {
	for _, f := range families {
		if slices.Contains(f, source) {
			return f
		}
	}
	return []string{source}
}

// exchange tells of the lists of an Exchange-like server.
func exchange(source string) bool { return strings.HasPrefix(source, "gromox") }

// Count is how often names were given the right role, another one, or were left in doubt or unknown.
type Count struct{ Right, Wrong, Doubt, Unknown int }

func (c *Count) add(got names.Verdict, want names.Role) string {
	switch {
	case got.Role == want:
		c.Right++
		return ""
	case got.Role != "":
		c.Wrong++
		return "wrong"
	case got.Doubt != "":
		c.Doubt++
		return "doubt"
	}
	c.Unknown++
	return "unknown"
}

// All is how many names were judged.
func (c Count) All() int { return c.Right + c.Wrong + c.Doubt + c.Unknown }

// Recall is the share that was right.
func (c Count) Recall() float64 { return float64(c.Right) / float64(max(1, c.All())) }

// WrongShare is the share that got a wrong role.
func (c Count) WrongShare() float64 { return float64(c.Wrong) / float64(max(1, c.All())) }

func (c Count) String() string {
	return fmt.Sprintf("%6d %9.3f %8.2f%% %8.1f%% %8.1f%%", c.All(), c.Recall(), 100*c.WrongShare(),
		100*float64(c.Doubt)/float64(max(1, c.All())), 100*float64(c.Unknown)/float64(max(1, c.All())))
}

// Report is what Measure found. The counts are of the five mail roles, but for Roles.
type Report struct {
	Table         Count // nothing left out, with the vote
	TableInTree   Count // the same, names of several roles decided by the roles that the others leave to them
	Alone, Voted  Count // left out, the name alone and with the vote
	InTree        Count // left out, decided by the others as well
	Exchange      Count // of Voted, the Exchange-like lists
	Roles         map[names.Role]*Count
	False         map[names.Role]int // names given the role wrongly
	Sources       map[string]*Count
	Others        Count // names of sources that are not learned from, alone
	Trees         Count // the same, in their tree
	OtherSources  map[string]*Count
	Custom        int      // names of ordinary folders
	Taken, Unsure []string // those of them that were given a role, and that were doubted
	Notes         []string
}

// Measure learns and judges; see package evaluate.
func Measure(rows []Row, words []Word, others []Row, custom []string) (*Report, error) {
	r := &Report{Roles: map[names.Role]*Count{}, False: map[names.Role]int{}, Sources: map[string]*Count{}, OtherSources: map[string]*Count{}}
	whole, err := Book(rows, words)
	if err != nil {
		return nil, err
	}
	bySource := map[string][]Row{}
	for _, row := range rows {
		bySource[row.Source] = append(bySource[row.Source], row)
	}
	books := map[string]*names.Book{}
	for _, source := range sortedKeys(bySource) {
		left := family(source)
		if books[left[0]] == nil {
			kept := slices.DeleteFunc(slices.Clone(rows), func(x Row) bool { return slices.Contains(left, x.Source) })
			if books[left[0]], err = Book(kept, words); err != nil {
				return nil, err
			}
		}
		r.source(source, bySource[source], whole, books[left[0]])
	}
	r.others(others, whole)
	r.Custom = len(custom)
	for _, name := range custom {
		if v := whole.Judge(name, nil); v.Role != "" && !v.Role.View() { // views count among Gmail's own folders alone
			r.Taken = append(r.Taken, fmt.Sprintf("%s = %s (%s %.2f)", name, v.Role, v.Rule, v.Confidence))
		} else if v.Doubt != "" {
			r.Unsure = append(r.Unsure, name+": "+v.Doubt)
		}
	}
	return r, nil
}

// source judges the names of one source by the whole book and by the one that does not know it.
func (r *Report) source(source string, rows []Row, whole, without *names.Book) {
	trees := map[string][]string{}
	for _, row := range rows {
		trees[row.Tag] = append(trees[row.Tag], row.Name)
	}
	votes, wholeVotes := map[string][]names.Vote{}, map[string][]names.Vote{}
	for tag, tree := range trees {
		if tag != "und" {
			votes[tag], wholeVotes[tag] = without.Languages(tree), whole.Languages(tree)
		}
	}
	taken, wholeTaken := map[string]map[names.Role]bool{}, map[string]map[names.Role]bool{}
	for tag, tree := range trees {
		taken[tag], wholeTaken[tag] = given(without, tree, votes[tag]), given(whole, tree, wholeVotes[tag])
	}
	seen := map[string]bool{}
	r.Sources[source] = &Count{}
	for _, row := range rows {
		id := Tag(row.Tag) + "\t" + string(row.Role) + "\t" + names.Fold(row.Name)
		if seen[id] {
			continue
		}
		seen[id] = true
		got := without.Judge(row.Name, votes[row.Tag])
		if r.Roles[row.Role] == nil {
			r.Roles[row.Role] = &Count{}
		}
		if r.Roles[row.Role].add(got, row.Role) == "wrong" {
			r.False[got.Role]++
		}
		if !mail(row.Role) {
			continue
		}
		sure := whole.Judge(row.Name, wholeVotes[row.Tag])
		r.Table.add(sure, row.Role)
		r.TableInTree.add(narrow(whole, row.Name, sure, wholeTaken[row.Tag]), row.Role)
		r.InTree.add(narrow(without, row.Name, got, taken[row.Tag]), row.Role)
		r.Alone.add(without.Judge(row.Name, nil), row.Role)
		if exchange(source) {
			r.Exchange.add(got, row.Role)
		}
		r.Sources[source].add(got, row.Role)
		if how := r.Voted.add(got, row.Role); how != "" {
			r.Notes = append(r.Notes, note(how, row, got))
		}
	}
}

// given returns the roles that names of a tree are given without doubt.
func given(b *names.Book, tree []string, vote []names.Vote) map[names.Role]bool {
	has := map[names.Role]bool{}
	for _, name := range tree {
		has[b.Judge(name, vote).Role] = true
	}
	return has
}

// narrow decides a name of several roles as package mapping does: by the one that no other name of its tree has.
func narrow(b *names.Book, name string, v names.Verdict, taken map[names.Role]bool) names.Verdict {
	if v.Role != "" || v.Doubt == "" {
		return v
	}
	var rest []names.Role
	for _, s := range b.Senses(name) {
		if !taken[s.Role] {
			rest = append(rest, s.Role)
		}
	}
	if len(rest) == 1 && len(b.Senses(name)) > 1 {
		v.Role = rest[0]
	}
	return v
}

// others judges names of sources that nothing was learned from.
func (r *Report) others(rows []Row, whole *names.Book) {
	type tree struct{ source, tag string }
	trees := map[tree][]string{}
	for _, row := range rows {
		trees[tree{row.Source, row.Tag}] = append(trees[tree{row.Source, row.Tag}], row.Name)
	}
	for _, row := range rows {
		if !mail(row.Role) {
			continue
		}
		var vote []names.Vote
		if row.Tag != "und" {
			vote = whole.Languages(trees[tree{row.Source, row.Tag}])
		}
		r.Others.add(whole.Judge(row.Name, nil), row.Role)
		if r.OtherSources[row.Source] == nil {
			r.OtherSources[row.Source] = &Count{}
		}
		tree := trees[tree{row.Source, row.Tag}]
		got := narrow(whole, row.Name, whole.Judge(row.Name, vote), given(whole, tree, vote))
		r.OtherSources[row.Source].add(got, row.Role)
		if how := r.Trees.add(got, row.Role); how != "" {
			r.Notes = append(r.Notes, note("other "+how, row, got))
		}
	}
}

func note(how string, row Row, got names.Verdict) string {
	return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s %s %.2f %s", how, row.Source, row.Tag, row.Role, row.Name, got.Role, got.Rule, got.Confidence, got.Doubt)
}

// mail tells of the five roles whose folders every mailbox has.
func mail(r names.Role) bool { return r.Carried() && r != names.Archive }
