package mapping

import (
	"os"
	"slices"
	"strings"
	"testing"

	"crossfade/mapping/names"
)

// spoken are the languages in which folders may be created, with their names by role.
func spokenTitles(t *testing.T) map[string]map[Role]string {
	t.Helper()
	text, err := os.ReadFile("names/titles.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[Role]string{}
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if out[f[0]] == nil {
			out[f[0]] = map[Role]string{}
		}
		out[f[0]][Role(f[1])] = f[2]
	}
	return out
}

func treeOf(paths ...string) Tree {
	t := Tree{Separator: "/"}
	for _, p := range paths {
		t.Folders = append(t.Folders, Node{Name: p, Path: strings.Split(p, "/")})
	}
	return t
}

// What is missing is created once, whatever the destination has already, and a plan made again after it was carried
// out, or after a part of it was, decides the same: in every language, with every set of default folders.
func TestPlanOfMissing(t *testing.T) {
	english := treeOf("INBOX", "Drafts", "Sent", "Trash", "Spam", "Archive", "Work", "Work/Sent")
	roles := []Role{Drafts, Sent, Trash, Junk, Archive}
	all := spokenTitles(t)
	if len(all) < 90 {
		t.Fatalf("only %d languages", len(all))
	}
	created := map[string]bool{}
	for lang, title := range all {
		if title[Sent] == "" || title[Trash] == "" {
			continue
		}
		theirs := treeOf("INBOX")
		for _, r := range roles {
			if title[r] != "" {
				theirs.Folders = append(theirs.Folders, Node{Name: title[r], Path: Path{title[r]}})
			}
		}
		for set := range 1 << len(roles) {
			dest := treeOf("INBOX")
			for i, r := range roles {
				if set>>i&1 == 1 && title[r] != "" {
					dest.Folders = append(dest.Folders, Node{Name: title[r], Path: Path{title[r]}})
				}
			}
			for _, source := range []Tree{english, theirs} {
				p := NewPlan(source, dest, PlanOptions{})
				whole := carryOut(dest, p)
				same(t, lang, p, NewPlan(source, whole, PlanOptions{}))
				has := map[Role]string{}
				for _, d := range p.Decisions {
					if d.Role != "" && has[d.Role] != "" && has[d.Role] != d.Dest.String() {
						t.Fatalf("%s: two folders for %s: %q and %q", lang, d.Role, has[d.Role], d.Dest)
					}
					has[d.Role] = d.Dest.String()
					if d.Kind == Create && d.Dest.String() == title[d.Role] {
						created[lang] = true
					}
				}
				for n := len(dest.Folders) + 1; n < len(whole.Folders) && set%5 == 0; n++ { // broken off in the middle
					part := whole
					part.Folders = slices.Clone(whole.Folders[:n])
					rest := NewPlan(source, part, PlanOptions{})
					same(t, lang, rest, NewPlan(source, carryOut(part, rest), PlanOptions{}))
				}
			}
		}
	}
	t.Logf("%d of %d languages have a folder created in their own", len(created), len(all))
	if len(created) < 80 {
		t.Errorf("only %d of %d languages have a folder created in their own", len(created), len(all))
	}
}

// same fails if the second plan is not the first one with all folders there.
func same(t *testing.T, lang string, first, again Plan) {
	t.Helper()
	for i, d := range first.Decisions {
		e := again.Decisions[i]
		if !d.Dest.Equal(e.Dest) || d.Role != e.Role || d.Primary != e.Primary || e.Kind != Existing {
			t.Fatalf("%s: first\n%+v\nthen\n%+v", lang, d, e)
		}
	}
}

func TestTitles(t *testing.T) {
	for _, c := range []struct {
		dest, want string // the destination's folders; the archive's name there
	}{
		{"INBOX", "Archive"},
		{"INBOX,Entwürfe,Gesendete Elemente,Gelöschte Elemente,Junk-E-Mail", "Archiv"},
		{"INBOX,Boîte d'envoi,Éléments supprimés", "Archive"},
		{"INBOX,Silinmiş Öğeler,Gönderilmiş Öğeler,Taslaklar", "Arşiv"},
		{"INBOX,Papirkurv", "Arkiv"},                       // Danish and Norwegian agree
		{"INBOX,Spam", "Archive"},                          // nearly every language has that
		{"INBOX,Kunden,Rechnungen", "Archive"},             // the user's own
		{"INBOX,Gesendet (old),Entwürfe (old)", "Archive"}, // what a plan has set aside
	} {
		p := NewPlan(treeOf("INBOX", "Archives"), treeOf(strings.Split(c.dest, ",")...), PlanOptions{})
		if got := p.Decisions[1].Dest.String(); got != c.want {
			t.Errorf("%s: the archive is created as %q, want %q", c.dest, got, c.want)
		}
	}
	p := NewPlan(treeOf("INBOX", "Sent"), treeOf("INBOX"), PlanOptions{DestLanguage: "de"})
	if got := p.Decisions[1].Dest.String(); got != "Gesendet" {
		t.Errorf("told German, created %q", got)
	}
	if names.Title(Sent, "xx") != "" || names.Title(Sent, "de-AT") != "Gesendet" {
		t.Error("a title of no language, or none of one with a region")
	}
}
