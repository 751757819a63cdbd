package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"crossfade/backfill/probe"
)

// paper prints findings for people, each side under a heading, at most columns wide.
type paper struct {
	out    io.Writer
	colour bool
	side   probe.Side
	err    error
}

const (
	columns = 80
	indent  = 8 // behind the level
)

// newPaper uses colours on a terminal only.
func newPaper(out io.Writer) *paper {
	p := &paper{out: out}
	if f, ok := out.(*os.File); ok {
		info, err := f.Stat()
		p.colour = err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == ""
	}
	return p
}

func (p *paper) print(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format, args...)
	}
}

// finding prints one. Findings of one side come one after another.
func (p *paper) finding(f probe.Finding) {
	if f.Side != p.side {
		if p.side != "" {
			p.print("\n")
		}
		p.side = f.Side
		p.print("%s\n", heading(f.Side))
	}
	p.block(p.level(f.Level), strings.Repeat(" ", indent), f.Check+": "+f.Text)
	if f.Do != "" {
		p.block(strings.Repeat(" ", indent)+"-> ", strings.Repeat(" ", indent+3), f.Do)
	}
}

// block prints text behind first, its other lines behind rest. What does not fit, such as a pin to be copied, moves to
// the left.
func (p *paper) block(first, rest, text string) {
	for i, line := range wrap(printable(text), columns-len(rest)) {
		before := rest
		if i == 0 {
			before = first
		}
		if room := max(0, columns-utf8.RuneCountInString(line)); len(before) > room && i > 0 {
			before = before[:room]
		}
		p.print("%s%s\n", before, line)
	}
}

func heading(s probe.Side) string {
	return map[probe.Side]string{probe.Here: "This machine", probe.Source: "The source (old server)",
		probe.Destination: "The destination (new server)", sideAPI: "The new server's API", probe.Between: "Both together"}[s]
}

// level is the word at the start of a line, padded.
func (p *paper) level(l probe.Level) string {
	word := fmt.Sprintf("%-*s", indent, map[probe.Level]string{probe.Green: "green", probe.Yellow: "yellow", probe.Red: "RED"}[l])
	if !p.colour {
		return word
	}
	return map[probe.Level]string{probe.Green: "\x1b[32m", probe.Yellow: "\x1b[33m", probe.Red: "\x1b[31m"}[l] + word + "\x1b[0m"
}

func (p *paper) verdict(r *checkReport) {
	p.print("\n%d green, %d yellow, %d red: ", r.Green, r.Yellow, r.Red)
	switch {
	case r.Red > 0:
		p.print("do not start before what is red is mended.\n")
	case r.Yellow > 0:
		p.print("nothing stands in the way; know what is yellow.\n")
	default:
		p.print("nothing stands in the way.\n")
	}
}

// printable keeps a server's words from playing tricks with the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError {
			return '?'
		}
		return r
	}, s)
}

// wrap breaks text at blanks; a word that is too long has a line of its own.
func wrap(text string, width int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	return append(lines, line)
}
