package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crossfade/mapping"
)

// TestPlanTrees plans whole mailboxes of real servers, as they are in mapping/testdata/trees (its README says what the
// files hold). No folder may be taken for what it is not; of the default folders for mail at most one in fifty may
// be left to its own name.
func TestPlanTrees(t *testing.T) {
	files, err := filepath.Glob("../../mapping/testdata/trees/*.txt")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d trees: %v", len(files), err)
	}
	mail, missed := 0, 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			tree, read := planOfFile(t, file)
			given := map[mapping.Role]string{}
			for i, want := range wantedRoles(t, strings.TrimSuffix(file, ".txt")+".want") {
				path := strings.Join(tree.Folders[i].Path, tree.Separator)
				if path != want.path {
					t.Fatalf("line %d is for %q, the folder is %q", i+1, want.path, path)
				}
				got := read[i].Role
				if got != "" && given[got] != "" {
					t.Errorf("%q and %q are both %s", given[got], path, got)
				}
				given[got] = path
				if want.role.Carried() && !want.maybe {
					mail++
				}
				switch {
				case got == want.role || got == "" && want.maybe:
				case got == "":
					missed++
					t.Logf("%q: not found to be %s (%s)", path, want.role, read[i].Doubt)
				default:
					t.Errorf("%q: %s by %s (%s), want %q", path, got, read[i].Evidence, read[i].Language, want.role)
				}
			}
		})
	}
	t.Logf("%d of %d default folders for mail are not found", missed, mail)
	if missed*50 > mail {
		t.Errorf("%d of %d default folders for mail are not found", missed, mail)
	}
}

// planOfFile plans one tree as the command does.
func planOfFile(t *testing.T, file string) (mapping.Tree, []planLine) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := parseList(f, false)
	if err != nil {
		t.Fatal(err)
	}
	tree, _ := treeOfLines(lines, "")
	p := &planned{source: tree, dest: smarterMail(), plan: mapping.NewPlan(tree, smarterMail(), mapping.PlanOptions{})}
	var out []planLine
	for i := range tree.Folders {
		out = append(out, p.line(i, false))
	}
	return tree, out
}

// wanted is a line of a .want file.
type wanted struct {
	path  string
	role  mapping.Role
	maybe bool // none is right, too
}

func wantedRoles(t *testing.T, file string) (out []wanted) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		path, role, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok {
			t.Fatalf("%s: no tab in %q", file, line)
		}
		role, maybe := strings.CutSuffix(role, "?")
		out = append(out, wanted{path, mapping.Role(role), maybe})
	}
	return out
}
