package mapping

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"crossfade/mapping/names"
)

// segments are the names random trees are made of: default names, look-alikes, odd ones.
func segments() []string {
	return []string{
		"INBOX", "inbox", "Inbox", "Sent", "sent", "Sent Items", "sent items", "Gesendet", "Gesendete Elemente",
		"Trash", "Deleted Items", "Papierkorb", "Junk E-Mail", "Spam", "Drafts", "Entwürfe", "Archive", "Archiv",
		"Lixo", "Posteingang", "Sent (old)", "Sent (old) (old)", "Work", "work", "WORK", "work (2)", "work (3)",
		"a/b", "a=2Fb", "a.b", "a=2Eb", "=", "=3D", "", " lead", "trail ", "2019", "x\x01y", "raw\xfc", "Hộp thư đến",
		strings.Repeat("long ", 60), strings.Repeat("long ", 60) + "!", strings.Repeat("LONG ", 60), strings.Repeat("会議の資料", 20),
		strings.Repeat("👩‍👩‍👧", 12), strings.Repeat("\x01", 90), "a{b", "A{B", "a=7Bb", "100%", "a{ ", strings.Repeat("{", 120), "Projekt Müller & Söhne, Angebote und Rechnungen 2019",
	}
}

func attributes() []string {
	return []string{
		`\Sent`, `\Trash`, `\Junk`, `\Drafts`, `\Archive`, `\Inbox`, `\All`, `\Flagged`, `\Noselect`,
		`\HasChildren`, `\AllMail`, `\NonExistent`, `\Important`,
	}
}

// drawTree draws a random tree. Raw names are different from each other, except a few when doubles is true.
func drawTree(t *rapid.T, label string, doubles bool) Tree {
	tree := Tree{Separator: rapid.SampledFrom([]string{"/", ".", "\\", "", "//"}).Draw(t, label+" separator")}
	if tree.Separator != "" && rapid.Bool().Draw(t, label+" prefixed") {
		tree.Prefix = "INBOX" + tree.Separator
	}
	depth := 4
	if tree.Separator == "" {
		depth = 1
	}
	seg := rapid.SampledFrom(segments())
	attr := rapid.SampledFrom(attributes())
	seen := map[string]bool{}
	for range rapid.IntRange(0, 12).Draw(t, label+" folders") {
		path := Path(rapid.SliceOfN(seg, 1, depth).Draw(t, "path"))
		if tree.Prefix != "" && rapid.IntRange(0, 9).Draw(t, "inside") > 0 {
			path = join(Path{"INBOX"}, path...)
		}
		if tree.Separator != "" && strings.Contains(strings.Join(path, ""), tree.Separator[:1]) {
			continue // no such path can be listed
		}
		n := Node{Name: path.Key(), Path: path}
		if rapid.IntRange(0, 2).Draw(t, "has attribute") == 0 {
			n.Attrs = []string{attr.Draw(t, "attribute")}
		}
		if !doubles && seen[n.Name] {
			continue
		}
		seen[n.Name] = true
		tree.Folders = append(tree.Folders, n)
	}
	return tree
}

// carryOut does what a plan says: it returns the destination with the folders that are to be created.
func carryOut(dest Tree, p Plan) Tree {
	out := dest
	out.Folders = slices.Clone(dest.Folders)
	for _, d := range p.Decisions {
		if d.Kind != Create {
			continue
		}
		i := slices.IndexFunc(out.Folders, func(n Node) bool { return n.Path.Equal(d.Dest) })
		if i < 0 {
			out.Folders = append(out.Folders, Node{Name: d.Dest.Key(), Path: d.Dest})
			continue
		}
		if !out.Folders[i].selectable() { // CREATE makes a \Noselect name a folder
			out.Folders[i].Attrs = nil
		}
	}
	return out
}

func drawCase(t *rapid.T) (source, dest Tree, opts PlanOptions) {
	opts.CaseInsensitive = rapid.Bool().Draw(t, "case insensitive")
	opts.NameLimit = rapid.SampledFrom([]int{0, ShortestName, 64, 255}).Draw(t, "longest name")
	source, dest = drawTree(t, "source", true), drawTree(t, "dest", false)
	if opts.CaseInsensitive { // such a server has one spelling of each folder, in its children's paths too
		spelt := map[string]string{}
		dest.Folders = slices.DeleteFunc(dest.Folders, func(n Node) bool {
			for k := range n.Path {
				key := n.Path[:k+1].Key()
				if old, ok := spelt[foldCase(key)]; ok && old != key {
					return true
				}
				spelt[foldCase(key)] = key
			}
			return false
		})
	}
	return source, dest, opts
}

func TestPlanProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source, dest, opts := drawCase(t)
		p := NewPlan(source, dest, opts)
		if len(p.Decisions) != len(source.Folders) {
			t.Fatalf("%d decisions for %d folders", len(p.Decisions), len(source.Folders))
		}
		if again := NewPlan(source, dest, opts); !equalDecisions(p, again) {
			t.Fatalf("not deterministic:\n%+v\n%+v", p, again)
		}
		goesTo := map[string][]Decision{}
		for i, d := range p.Decisions {
			checkDecision(t, source, dest, i, d)
			checkLengths(t, dest, d, cmp.Or(opts.NameLimit, LongestName))
			if d.Kind != Skip {
				key := d.Dest.Key()
				if opts.CaseInsensitive {
					key = foldCase(key)
				}
				goesTo[key] = append(goesTo[key], d)
			}
		}
		for key, ds := range goesTo {
			checkTogether(t, source, key, ds)
		}
	})
}

// checkDecision checks what holds for each decision by itself.
func checkDecision(t *rapid.T, source, dest Tree, i int, d Decision) {
	n := source.Folders[i]
	switch {
	case d.Source != n.Name:
		t.Fatalf("decision %d is for %q, not %q", i, d.Source, n.Name)
	case d.Why == "":
		t.Fatalf("no reason: %+v", d)
	case d.Kind == Skip:
		if d.Dest != nil || d.DestName != "" || d.Primary || d.Escaped || d.Role != "" {
			t.Fatalf("skipped, but decided: %+v", d)
		}
		return
	case len(d.Dest) == 0:
		t.Fatalf("nowhere: %+v", d)
	case n.Path.IsInbox() != d.Dest.IsInbox() && d.Read.Role != Inbox:
		t.Fatalf("%v goes to %v", n.Path, d.Dest)
	case !n.selectable():
		t.Fatalf("moved, but holds nothing: %+v", d)
	}
	at := slices.IndexFunc(dest.Folders, func(n Node) bool { return n.Name == d.DestName && n.selectable() })
	if d.Kind == Existing && at < 0 && !d.Dest.IsInbox() {
		t.Fatalf("not there: %+v", d)
	}
	if d.Kind == Create {
		if d.DestName != "" {
			t.Fatalf("to be created, but there: %+v", d)
		}
		for _, seg := range d.Dest {
			if seg == "" || dest.Separator != "" && strings.Contains(seg, dest.Separator) {
				t.Fatalf("cannot be created: %+v", d)
			}
		}
		if rel, _ := dest.below(d.Dest); d.Role == "" && len(rel) == 1 && names.Default(rel[0]) {
			t.Fatalf("would be created under a default name: %+v", d)
		}
	}
}

// checkLengths checks that nothing is created under a name that is too long for the destination.
func checkLengths(t *rapid.T, dest Tree, d Decision, limit int) {
	if d.Kind != Create || dest.Separator == "" {
		return
	}
	for i, seg := range d.Dest {
		above := d.Dest[:i+1]
		there := slices.ContainsFunc(dest.Folders, func(n Node) bool {
			return len(n.Path) > i && foldCase(n.Path[:i+1].Key()) == foldCase(above.Key())
		})
		if NameLength(seg) > limit && !there && names.Judge(seg, nil).Role == "" {
			t.Fatalf("%q is %d bytes long: %+v", seg, NameLength(seg), d)
		}
	}
}

// checkTogether checks the folders that go to one destination folder.
func checkTogether(t *rapid.T, source Tree, key string, ds []Decision) {
	primary := 0
	merged := 0
	for _, d := range ds {
		if d.Primary {
			primary++
		}
		if strings.Contains(d.Why, "merged") {
			merged++
		}
		if d.Kind != ds[0].Kind || d.DestName != ds[0].DestName || d.Role != ds[0].Role {
			t.Fatalf("disagree about one folder: %+v", ds)
		}
	}
	if primary != 1 {
		t.Fatalf("%d primary folders for %q: %+v", primary, key, ds)
	}
	if len(ds) > 1 && merged != len(ds) {
		t.Fatalf("undeclared merge: %+v", ds)
	}
}

func equalDecisions(a, b Plan) bool {
	return slices.EqualFunc(a.Decisions, b.Decisions, func(a, b Decision) bool {
		return a.Source == b.Source && a.Dest.Equal(b.Dest) && a.DestName == b.DestName && a.Role == b.Role &&
			a.Kind == b.Kind && a.Primary == b.Primary && a.Escaped == b.Escaped && a.Why == b.Why
	})
}

// A plan that was carried out and is made again decides the same, now with folders that exist.
func TestPlanAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source, dest, opts := drawCase(t)
		p := NewPlan(source, dest, opts)
		done := carryOut(dest, p)
		again := NewPlan(source, done, opts)
		for i, d := range p.Decisions {
			e := again.Decisions[i]
			if !d.Dest.Equal(e.Dest) || d.Role != e.Role || d.Primary != e.Primary || d.Escaped != e.Escaped {
				t.Fatalf("first\n%+v\nthen\n%+v", d, e)
			}
			if d.Kind == Skip && e.Kind != Skip || d.Kind != Skip && e.Kind != Existing {
				t.Fatalf("first %v, then %v: %+v", d.Kind, e.Kind, e)
			}
		}
	})
}

func TestEscapeIsReversible(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		odd := rapid.OneOf(rapid.String(), rapid.SampledFrom(segments()),
			rapid.Map(rapid.SliceOf(rapid.SampledFrom([]string{"=", "2", "F", "a", "/", ".", "\x00", "\xff"})),
				func(s []string) string { return strings.Join(s, "") }))
		sep := rapid.SampledFrom([]string{"/", ".", "\\", "//", "", "^"}).Draw(t, "separator")
		s := odd.Draw(t, "segment")
		e := EscapeSegment(s, sep)
		if got := UnescapeSegment(e); got != s {
			t.Fatalf("%q -> %q -> %q", s, e, got)
		}
		if strict := EscapeStrictly(s, sep); UnescapeSegment(strict) != s || strings.ContainsAny(strict, "\"%*<>\\^`{|};?#~!$:[]") {
			t.Fatalf("%q -> strictly %q -> %q", s, strict, UnescapeSegment(strict))
		}
		if e == "" || sep != "" && strings.Contains(e, sep) || strings.ContainsFunc(e, func(r rune) bool { return r < ' ' }) {
			t.Fatalf("%q -> %q with separator %q", s, e, sep)
		}
	})
}

// A destination planned against itself, as after a whole migration, moves nothing anywhere else.
func TestPlanOfItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source, dest, opts := drawCase(t)
		done := carryOut(dest, NewPlan(source, dest, opts))
		if slices.ContainsFunc(done.Folders, func(n Node) bool { return RoleOf(n.Attrs) == Inbox && !n.Path.IsInbox() }) {
			return // it and its children move to INBOX
		}
		decided := NewPlan(done, done, opts).Decisions
		var second []Path
		for i, d := range decided {
			if d.Read.Role != "" && !d.Given {
				second = append(second, done.Folders[i].Path)
			}
		}
		for i, d := range decided {
			path := done.Folders[i].Path
			_, inside := done.below(path)
			sep := cmp.Or(done.Separator, "/")
			plain := !slices.ContainsFunc(path, func(s string) bool { return EscapeSegment(s, sep) != s })
			if slices.ContainsFunc(second, func(p Path) bool { return len(p) <= len(path) && p.Equal(path[:len(p)]) }) {
				continue // it is put to the folder that has the role, with what lies below
			}
			if d.Kind == Skip || !plain || !path.IsInbox() && !inside {
				continue
			}
			if rel, _ := done.below(path); !path.IsInbox() && rel[:1].IsInbox() && len(done.prefix()) > 0 {
				continue // "INBOX.INBOX"
			}
			if d.Kind != Existing || !d.Dest.Equal(path) || d.Escaped {
				t.Fatalf("%v moves: %+v", path, d)
			}
		}
	})
}
