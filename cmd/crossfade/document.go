package main

import (
	"bytes"
	"fmt"
	"html"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

// document is a text of headings, paragraphs and tables that can be written in several forms.
type document struct {
	title string
	parts []docPart
}

// docPart is a heading with what follows it.
type docPart struct {
	heading    string
	paragraphs []string
	head       []string // of the table
	rows       [][]string
}

func (d *document) add(p docPart) { d.parts = append(d.parts, p) }

// plain is for a terminal and for paper.
func (d *document) plain() []byte {
	var b bytes.Buffer
	under := func(s, line string) {
		fmt.Fprintf(&b, "%s\n%s\n\n", s, strings.Repeat(line, utf8.RuneCountInString(s)))
	}
	under(d.title, "=")
	for _, p := range d.parts {
		under(p.heading, "-")
		for _, t := range p.paragraphs {
			fmt.Fprintf(&b, "%s\n", t)
		}
		if len(p.rows) > 0 {
			if len(p.paragraphs) > 0 {
				b.WriteByte('\n')
			}
			w := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
			for _, row := range append([][]string{p.head}, p.rows...) {
				for i := range row {
					row[i] = oneLine(row[i])
				}
				fmt.Fprintln(w, strings.Join(row, "\t"))
			}
			_ = w.Flush() // into memory
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// markdown writes what GitHub and others render. Texts of servers stand in it, so what could be markup is escaped.
func (d *document) markdown() []byte {
	var b bytes.Buffer
	esc := func(s string) string {
		var out strings.Builder
		for _, r := range oneLine(s) {
			if strings.ContainsRune("\\`*_{}[]<>#|~&!", r) {
				out.WriteByte('\\')
			}
			out.WriteRune(r)
		}
		return out.String()
	}
	fmt.Fprintf(&b, "# %s\n\n", esc(d.title))
	for _, p := range d.parts {
		fmt.Fprintf(&b, "## %s\n\n", esc(p.heading))
		for _, t := range p.paragraphs {
			fmt.Fprintf(&b, "%s\n\n", esc(t))
		}
		if len(p.rows) == 0 {
			continue
		}
		line := func(cells []string) {
			for _, c := range cells {
				fmt.Fprintf(&b, "| %s ", esc(c))
			}
			b.WriteString("|\n")
		}
		line(p.head)
		b.WriteString(strings.Repeat("|---", len(p.head)) + "|\n")
		for _, row := range p.rows {
			line(row)
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// htmlStyle prints well.
const htmlStyle = `body{font-family:sans-serif;max-width:60em;margin:2em auto;padding:0 1em}table{border-collapse:collapse;font-size:90%}` +
	`td,th{border:1px solid #999;padding:.2em .5em;text-align:left;vertical-align:top;overflow-wrap:anywhere}th{background:#eee}`

func (d *document) html() []byte {
	var b bytes.Buffer
	esc := html.EscapeString
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>%s</title><style>%s</style></head><body>\n<h1>%s</h1>\n", esc(d.title), htmlStyle, esc(d.title))
	for _, p := range d.parts {
		fmt.Fprintf(&b, "<h2>%s</h2>\n", esc(p.heading))
		for _, t := range p.paragraphs {
			fmt.Fprintf(&b, "<p>%s</p>\n", esc(t))
		}
		if len(p.rows) == 0 {
			continue
		}
		b.WriteString("<table>\n<tr>")
		for _, c := range p.head {
			fmt.Fprintf(&b, "<th>%s</th>", esc(c))
		}
		b.WriteString("</tr>\n")
		for _, row := range p.rows {
			b.WriteString("<tr>")
			for _, c := range row {
				fmt.Fprintf(&b, "<td>%s</td>", esc(c))
			}
			b.WriteString("</tr>\n")
		}
		b.WriteString("</table>\n")
	}
	b.WriteString("</body></html>\n")
	return b.Bytes()
}
