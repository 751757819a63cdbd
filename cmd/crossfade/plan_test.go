package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"

	"crossfade/mapping"
)

func TestGuessSeparator(t *testing.T) {
	for _, c := range []struct{ paths, want string }{
		{"INBOX INBOX.Sent INBOX.a.b", "."},
		{"INBOX a a/b 12.05.2019", "/"},
		{"INBOX 12.05.2019 v1.2", ""},
		{"INBOX a/b", "/"},
		{"INBOX a/b a a.c a.d", "."},
		{`INBOX a a\b`, `\`},
		{"INBOX [Gmail]/Sent a.b", "/"},
		{"INBOX Sent", ""},
		{".hidden", ""},
	} {
		var lines []listed
		for p := range strings.FieldsSeq(c.paths) {
			lines = append(lines, listed{path: p})
		}
		if got, _ := guessSeparator(lines); got != c.want {
			t.Errorf("%s: %q, want %q", c.paths, got, c.want)
		}
	}
}

func TestPrefixOf(t *testing.T) {
	for _, c := range []struct{ paths, want string }{
		{"INBOX INBOX.Sent INBOX.a.b", "INBOX."},
		{"INBOX INBOX.Sent Other", ""},
		{"INBOX", ""},
		{"INBOX.Sent", "INBOX."},
	} {
		tree := mapping.Tree{Separator: "."}
		for p := range strings.FieldsSeq(c.paths) {
			tree.Folders = append(tree.Folders, listed{path: p}.node("."))
		}
		if got := prefixOf(tree); got != c.want {
			t.Errorf("%s: %q, want %q", c.paths, got, c.want)
		}
	}
}

// No line of the table is wider than the terminal, and nothing of a name is lost.
func TestPlanTableFits(t *testing.T) {
	names := []string{
		"Vorgänge der Abteilung für außerordentlich lange Ordnernamen und Verwandtes",
		strings.Repeat("仕事の大事な", 12), strings.Repeat("שלום ", 14), "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen",
		"\u0e17\u0e35\u0e48\u0e2a\u0e48\u0e07\u0e41\u0e25\u0e49\u0e27", "e\u0301te\u0301", "👩‍👩‍👧 family", "tab\there", "فارسی‌ها",
	}
	source := mapping.Tree{Separator: "/"}
	for _, n := range names {
		source.Folders = append(source.Folders, listed{path: n}.node("/"))
	}
	p := &planned{source: source, dest: smarterMail(), plan: mapping.NewPlan(source, smarterMail(), mapping.PlanOptions{})}
	var out strings.Builder
	if err := planTable(&out, p); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		line = strings.NewReplacer("\u2068", "", "\u2069", "", "\n", "").Replace(line)
		if w := runewidth.StringWidth(line); w > columns {
			t.Errorf("%d columns: %q", w, line)
		}
	}
	for _, n := range names {
		joined := strings.Join(cell(n, planOld), "")
		if strip(joined) != strip(printable(n)) {
			t.Errorf("%q became %q", n, joined)
		}
	}
}

func strip(s string) string { return strings.ReplaceAll(s, " ", "") }

func FuzzParseList(f *testing.F) {
	f.Add("INBOX\nSent\t\\Sent\n", false)
	f.Add("Entw&APw-rfe\r\n\n\xff", true)
	f.Fuzz(func(t *testing.T, text string, mutf7 bool) {
		lines, err := parseList(strings.NewReader(text), mutf7)
		if err != nil {
			return
		}
		tree, _ := treeOfLines(lines, "")
		p := &planned{source: tree, dest: smarterMail(), plan: mapping.NewPlan(tree, smarterMail(), mapping.PlanOptions{})}
		if err := planTable(new(strings.Builder), p); err != nil {
			t.Fatal(err)
		}
		if len(p.plan.Decisions) != len(lines) {
			t.Fatal(fmt.Sprintf("%d decisions for %d folders", len(p.plan.Decisions), len(lines)))
		}
	})
}
