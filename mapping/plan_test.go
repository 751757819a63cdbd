package mapping

import (
	"fmt"
	"strings"
	"testing"
)

// tree makes a tree from lines: raw name, then attributes.
func tree(sep, prefix string, lines ...string) Tree {
	t := Tree{Separator: sep, Prefix: prefix}
	for _, line := range lines {
		name, attrs, _ := strings.Cut(line, " | ")
		path := Path{name}
		if sep != "" {
			path = strings.Split(name, sep)
		}
		t.Folders = append(t.Folders, Node{Name: name, Path: path, Attrs: strings.Fields(attrs)})
	}
	return t
}

// show writes a decision in one line: "source > dest" and kind, role, primary, escaped as far as they are set.
func show(d Decision) string {
	s := fmt.Sprintf("%s > %s %s", d.Source, strings.Join(d.Dest, "/"), d.Kind)
	if d.Role != "" {
		s += " " + string(d.Role)
	}
	if d.Kind != Skip && !d.Primary {
		s += " second"
	}
	if d.Escaped {
		s += " escaped"
	}
	return s
}

func TestPlan(t *testing.T) {
	smarter := []string{`INBOX`, `Drafts | \Drafts`, `Sent Items | \Sent`, `Deleted Items | \Trash`, `Junk E-Mail | \Spam`}
	for _, c := range []struct {
		name         string
		source, dest Tree
		opts         PlanOptions
		want         []string
	}{
		{"prefix and roles by attribute",
			tree(".", "INBOX.", `INBOX`, `INBOX.Gesendet | \Sent`, `INBOX.Gesendet.2019`, `INBOX.Papierkorb | \Trash`, `INBOX.Projekte.A`),
			tree("/", "", smarter...), PlanOptions{},
			[]string{"INBOX > INBOX existing inbox", "INBOX.Gesendet > Sent Items existing sent",
				"INBOX.Gesendet.2019 > Sent Items/2019 create", "INBOX.Papierkorb > Deleted Items existing trash",
				"INBOX.Projekte.A > Projekte/A create"}},
		{"roles by name on both sides, other languages",
			tree(".", "", "INBOX", "Gesendete Elemente", "Entwürfe", "Spam", "INBOX.Kind"),
			tree("/", "", "Inbox", "Éléments envoyés", "Brouillons", "Corbeille"), PlanOptions{},
			[]string{"INBOX > Inbox existing inbox", "Gesendete Elemente > Éléments envoyés existing sent",
				"Entwürfe > Brouillons existing drafts", "Spam > Pourriel create junk", "INBOX.Kind > Inbox/Kind create"}},
		{"two folders for sent mail become one; what is only a parent is set aside",
			tree("/", "", "INBOX", "Sent", "Sent Items", "Gesendet/alt"), tree("/", "", smarter...), PlanOptions{},
			[]string{"INBOX > INBOX existing inbox", "Sent > Sent Items existing sent second",
				"Sent Items > Sent Items existing sent", "Gesendet/alt > Gesendet (old)/alt create escaped"}},
		{"a loser with the destination's name is merged and primary",
			tree("/", "", "INBOX", `Deleted | \Trash`, `Deleted/a`, "Deleted Items", "Deleted Items/a"),
			tree("/", "", smarter...), PlanOptions{},
			[]string{"INBOX > INBOX existing inbox", "Deleted > Deleted Items existing trash second",
				"Deleted/a > Deleted Items/a create second", "Deleted Items > Deleted Items existing trash",
				"Deleted Items/a > Deleted Items/a create"}},
		{"Gmail",
			tree("/", "", "INBOX", `[Gmail] | \Noselect`, `[Gmail]/All Mail | \All`, `[Gmail]/Sent Mail | \Sent`,
				`[Gmail]/Starred | \Flagged`, `[Gmail]/Important | \Important`, `[Gmail]/Bin | \Trash`, "Kunden/Müller"),
			tree("/", "", smarter...), PlanOptions{},
			[]string{"INBOX > INBOX existing inbox", "[Gmail] >  skip", "[Gmail]/All Mail >  skip",
				"[Gmail]/Sent Mail > Sent Items existing sent", "[Gmail]/Starred >  skip", "[Gmail]/Important >  skip",
				"[Gmail]/Bin > Deleted Items existing trash", "Kunden/Müller > Kunden/Müller create"}},
		{"Gmail's view of all messages by override",
			tree("/", "", "INBOX", `[Gmail] | \Noselect`, `[Gmail]/All Mail | \All`, `[Gmail]/Sent Mail | \Sent`),
			tree("/", "", smarter...), PlanOptions{Overrides: overrides("[Gmail]/All Mail = custom")},
			[]string{"INBOX > INBOX existing inbox", "[Gmail] >  skip", "[Gmail]/All Mail > [Gmail]/All Mail create",
				"[Gmail]/Sent Mail > Sent Items existing sent"}},
		{"Gmail's view of all messages as the archive",
			tree("/", "", "INBOX", `[Gmail]/All Mail | \All`, "Archive"),
			tree("/", "", smarter...), PlanOptions{Overrides: overrides("[Gmail]/All Mail = archive", "Archive = custom")},
			[]string{"INBOX > INBOX existing inbox", "[Gmail]/All Mail > Archive create archive second", "Archive > Archive create archive"}},
		{"destination's prefix; missing roles are created",
			tree("/", "", "INBOX", "INBOX/x", "x", `s | \Sent`, `a | \Archive`), tree(".", "INBOX.", "INBOX"), PlanOptions{},
			[]string{"INBOX > INBOX existing inbox", "INBOX/x > INBOX/x (2) create escaped", "x > INBOX/x create",
				"s > INBOX/Sent Items create sent", "a > INBOX/Archive create archive"}},
		{"the separator in a name and empty segments",
			tree(".", "", "INBOX", "EMEA/Sales", "a=2Fb", "a..b", " lead "), tree("/", "", smarter...), PlanOptions{},
			[]string{"INBOX > INBOX existing inbox", "EMEA/Sales > EMEA=2FSales create escaped", "a=2Fb > a=3D2Fb create escaped",
				"a..b > a/=/b create escaped", " lead  >  lead  create"}},
		{"the doubled prefix of a bad migration",
			tree(".", "INBOX.", "INBOX", "INBOX.INBOX.x", "INBOX.INBOX"), tree("/", "", smarter...), PlanOptions{},
			[]string{"INBOX > INBOX existing inbox", "INBOX.INBOX.x > INBOX (old)/x create escaped",
				"INBOX.INBOX > INBOX (old) create escaped"}},
		{"case, kept apart", tree("/", "", "Work", "work"), tree("/", "", "INBOX"), PlanOptions{},
			[]string{"Work > Work create", "work > work create"}},
		{"case, one folder", tree("/", "", "work/a", "Work", "work"), tree("/", "", "INBOX", "Work"), PlanOptions{CaseInsensitive: true},
			[]string{"work/a > work (2)/a create escaped", "Work > Work existing", "work > work (2) create escaped"}},
		{"no hierarchy", tree("/", "", "a/b", `x/Out | \Sent`), Tree{Folders: []Node{{Name: "INBOX", Path: Path{"INBOX"}}}}, PlanOptions{},
			[]string{"a/b > a/b create", "x/Out > Sent Items create sent"}},
		{"a word of two meanings is an ordinary folder, but not created",
			tree("/", "", "INBOX", "Lixo"), tree("/", "", smarter...), PlanOptions{},
			[]string{"INBOX > INBOX existing inbox", "Lixo > Lixo (old) create escaped"}},
		{"a localised inbox by attribute (XLIST)",
			tree("/", "", `Posteingang | \Inbox`), tree("/", "", smarter...), PlanOptions{},
			[]string{"Posteingang > INBOX existing inbox"}},
		{"listed twice, and names that decode alike",
			Tree{Separator: "/", Folders: []Node{{Name: "R&D", Path: Path{"R&D"}}, {Name: "R&AC0-D", Path: Path{"R&D"}},
				{Name: "R&D", Path: Path{"R&D"}}, {}}},
			tree("/", "", "INBOX"), PlanOptions{},
			[]string{"R&D > R&D create", "R&AC0-D > R&D create second", "R&D >  skip", " >  skip"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := NewPlan(c.source, c.dest, c.opts)
			for i, d := range p.Decisions {
				if got := show(d); i >= len(c.want) || got != c.want[i] {
					t.Errorf("decision %d: got  %s\n\t(%s)\nwant %v", i, got, d.Why, c.want[min(i, len(c.want)-1)])
				}
			}
			if len(p.Decisions) != len(c.want) {
				t.Errorf("%d decisions, want %d", len(p.Decisions), len(c.want))
			}
		})
	}
}

// A no-hierarchy destination holds the whole path in one segment.
func TestPlanFlat(t *testing.T) {
	p := NewPlan(tree("/", "", "a/b"), tree("", "", "INBOX", "a/b"), PlanOptions{})
	if d := p.Decisions[0]; len(d.Dest) != 1 || d.Kind != Existing || d.DestName != "a/b" {
		t.Errorf("%+v", d)
	}
}

func BenchmarkPlan(b *testing.B) {
	var names []string
	for i := range 2000 {
		names = append(names, fmt.Sprintf("INBOX.Kunde %d.Jahr %d", i/10, i%10))
	}
	source, dest := tree(".", "INBOX.", names...), tree("/", "", "INBOX", `Sent Items | \Sent`)
	for b.Loop() {
		NewPlan(source, dest, PlanOptions{})
	}
}

// overrides reads lines of an overrides file.
func overrides(lines ...string) Overrides {
	o, err := ParseOverrides(strings.NewReader(strings.Join(lines, "\n")))
	if err != nil {
		panic(err) // a slip of the test
	}
	return o
}
