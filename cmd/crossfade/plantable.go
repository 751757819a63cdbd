package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
	"golang.org/x/text/unicode/bidi"

	"crossfade/mapping"
)

// planPaper prints plans for people: three columns on 80, whatever the script.
type planPaper struct {
	out io.Writer
	err error
}

// Widths of the columns, with two blanks between them.
const (
	planOld = 28
	planNew = 24
	planWhy = columns - planOld - planNew - 4
)

func newPlanPaper(out io.Writer) *planPaper { return &planPaper{out: out} }

func (p *planPaper) print(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format, args...)
	}
}

// planTable prints a whole plan: what was guessed, a line for each folder, then what is doubtful.
func planTable(out io.Writer, p *planned) error {
	t := newPlanPaper(out)
	t.print("%s", notes(p.guessed))
	if len(p.plan.Languages) > 0 {
		v := p.plan.Languages[0]
		t.print("The default folders speak %s (%.0f %%).\n", v.Language, 100*v.Weight)
	}
	if p.plan.Family != "" {
		t.print("%s", hang("", "", fmt.Sprintf("The old server seems to be %s.", p.plan.Family)))
	}
	t.cells("OLD SERVER", "NEW SERVER", "WHY")
	counts := map[mapping.Kind]int{}
	var doubts []string
	for i, d := range p.plan.Decisions {
		t.row(p, i)
		counts[d.Kind]++
		if l := p.line(i, false); l.Doubt != "" {
			doubts = append(doubts, fmt.Sprintf("%s: %s", isolate(printable(l.Path)), l.Doubt))
		}
	}
	t.print("\n%s", hang("", "", fmt.Sprintf("%d folders: %d go to folders that are there, %d are to be created, %d are not moved.",
		len(p.plan.Decisions), counts[mapping.Existing], counts[mapping.Create], counts[mapping.Skip])))
	if len(doubts) > 0 {
		t.print("\nLook at these; an overrides file (--overrides) decides:\n")
		for _, d := range doubts {
			t.print("%s", hang("  ? ", "    ", d))
		}
	}
	return t.err
}

// row prints the line of folder i.
func (t *planPaper) row(p *planned, i int) {
	l := p.line(i, false)
	d := p.plan.Decisions[i]
	to := l.Destination
	switch {
	case d.Kind == mapping.Skip:
		to = "-"
	case d.Kind == mapping.Create:
		to = "+ " + to
	}
	why := d.Why
	if l.Language != "" && l.Role != mapping.Inbox {
		why += " (" + l.Language + ")"
	}
	if l.Doubt != "" {
		why = "? " + why
	}
	t.cells(l.Path, to, why)
}

// cells prints one row; what is too long for its column goes on below.
func (t *planPaper) cells(old, to, why string) {
	a, b, c := cell(old, planOld), cell(to, planNew), cell(why, planWhy)
	for i := range max(len(a), len(b), len(c)) {
		line := pad(at(a, i), planOld) + "  " + pad(at(b, i), planNew) + "  " + isolate(at(c, i))
		t.print("%s\n", strings.TrimRight(line, " "))
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// cell breaks text into lines of at most width columns: at blanks if it can, else anywhere.
func cell(text string, width int) []string {
	text = printable(text)
	var lines []string
	for runewidth.StringWidth(text) > width {
		head := runewidth.Truncate(text, width, "")
		if head == "" {
			break // a character wider than the column
		}
		if cut := strings.LastIndexByte(head, ' '); cut > len(head)/2 && !strings.HasPrefix(text[len(head):], " ") {
			head = head[:cut+1]
		}
		lines = append(lines, strings.TrimRight(head, " "))
		text = strings.TrimLeft(text[len(head):], " ")
	}
	return append(lines, text)
}

// pad fills a cell up to its width.
func pad(s string, width int) string {
	return isolate(s) + strings.Repeat(" ", max(0, width-runewidth.StringWidth(s)))
}

// isolate keeps a right-to-left name from turning the rest of its line around (UAX #9, FSI and PDI).
func isolate(s string) string {
	if !strings.ContainsFunc(s, rightToLeft) {
		return s
	}
	return "\u2068" + s + "\u2069"
}

func rightToLeft(r rune) bool {
	p, _ := bidi.LookupRune(r)
	return p.Class() == bidi.R || p.Class() == bidi.AL
}

// notes are lines above a plan.
func notes(list []string) string {
	var b strings.Builder
	for _, n := range list {
		b.WriteString(hang("", "", "Note: "+n))
	}
	return b.String()
}

// hang wraps text behind first; its other lines stand behind rest.
func hang(first, rest, text string) string {
	var b strings.Builder
	for i, line := range cell(text, columns-len(rest)) {
		if i > 0 {
			first = rest
		}
		b.WriteString(first + line + "\n")
	}
	return b.String()
}
