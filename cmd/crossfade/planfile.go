package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"crossfade/internal/imapwire"
	"crossfade/mapping"
)

// Bounds of a list of folders: more is no mailbox.
const (
	maxListed     = 1_000_000
	maxListedLine = 64 << 10
)

// fromFiles plans what the lists say, as one mailbox or each line by itself.
func (c *planCmd) fromFiles(opts mapping.PlanOptions, out std) error {
	if c.User != "" {
		return usagef("--user asks the servers and --folders a file: give one of them")
	}
	lines, err := c.readList("folders", c.Folders)
	if err != nil {
		return err
	}
	dest, destSep := smarterMail(), ""
	if c.DestinationFolders != "" {
		theirs, err := c.readList("destination-folders", c.DestinationFolders)
		if err != nil {
			return err
		}
		dest, destSep = treeOfLines(theirs, c.Separator)
	}
	if c.Each {
		return c.each(lines, dest, opts, out)
	}
	source, sep := treeOfLines(lines, c.Separator)
	p := &planned{source: source, dest: dest, plan: mapping.NewPlan(source, dest, opts)}
	if sep != "" {
		p.guessed = append(p.guessed, sep)
	}
	if destSep != "" {
		p.guessed = append(p.guessed, "new server: "+destSep)
	}
	p.unusedOverrides(opts)
	if c.JSON {
		fmt.Fprint(out.err, notes(p.guessed))
		return planJSON(out.out, p, false)
	}
	return planTable(out.out, p)
}

// each plans every line as a mailbox of its own, in which INBOX is besides. A name alone has no separator.
func (c *planCmd) each(lines []listed, dest mapping.Tree, opts mapping.PlanOptions, out std) error {
	w := bufio.NewWriter(out.out)
	table := newPlanPaper(w)
	for _, l := range lines {
		source := mapping.Tree{Separator: c.Separator, Folders: []mapping.Node{l.node(c.Separator)}}
		source.Prefix = prefixOf(source)
		if !source.Folders[0].Path.IsInbox() {
			source.Folders = append(source.Folders, mapping.Node{Name: "INBOX", Path: mapping.Path{"INBOX"}})
		}
		p := &planned{source: source, dest: dest, plan: mapping.NewPlan(source, dest, opts)}
		if c.JSON {
			if err := planJSON(w, p, true); err != nil {
				return err
			}
			continue
		}
		table.row(p, 0)
	}
	return w.Flush()
}

// listed is one line of a list of folders.
type listed struct {
	path  string
	attrs []string
}

// node takes the path apart.
func (l listed) node(sep string) mapping.Node {
	path := mapping.Path{l.path}
	if sep != "" {
		path = strings.Split(l.path, sep)
	}
	return mapping.Node{Name: l.path, Path: path, Attrs: l.attrs}
}

// readList reads a list of folders: a path a line, then perhaps a tab and attributes. Empty lines are left out.
func (c *planCmd) readList(flag, path string) ([]listed, error) {
	in := io.Reader(os.Stdin)
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, usagef("--%s %s: %v", flag, path, cause(err))
		}
		defer f.Close() // it was only read
		in = f
	}
	lines, err := parseList(in, c.MUTF7)
	switch {
	case err != nil:
		return nil, usagef("--%s %s: %v", flag, path, cause(err))
	case len(lines) == 0:
		return nil, usagef("--%s %s: no folder is in it: write one path a line", flag, path)
	}
	return lines, nil
}

func parseList(in io.Reader, mutf7 bool) ([]listed, error) {
	var out []listed
	sc := bufio.NewScanner(in)
	sc.Buffer(nil, maxListedLine)
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSuffix(sc.Text(), "\r")
		if n == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		path, attrs, _ := strings.Cut(line, "\t")
		switch {
		case path == "":
			continue
		case mutf7:
			path = imapwire.DecodeMailbox(path)
		case !utf8.ValidString(path):
			return nil, fmt.Errorf("line %d is not UTF-8: %q", n, path)
		}
		if len(out) == maxListed {
			return nil, fmt.Errorf("more than %d folders", maxListed)
		}
		out = append(out, listed{path, strings.Fields(strings.Trim(attrs, "()"))})
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("after line of folder %d: %w", len(out), err)
	}
	return out, nil
}

// treeOfLines makes a tree, and says what was guessed.
func treeOfLines(lines []listed, sep string) (t mapping.Tree, guessed string) {
	if sep == "" {
		sep, guessed = guessSeparator(lines)
	}
	t.Separator = sep
	for _, l := range lines {
		t.Folders = append(t.Folders, l.node(sep))
	}
	if t.Prefix = prefixOf(t); t.Prefix != "" {
		guessed += "; every folder lies below " + strconv.Quote(t.Prefix)
	}
	return t, strings.TrimPrefix(guessed, "; ")
}

// prefixOf guesses the personal namespace: "INBOX." where every folder but INBOX lies below it.
func prefixOf(t mapping.Tree) string {
	below := 0
	for _, n := range t.Folders {
		switch {
		case n.Path.IsInbox():
		case len(n.Path) > 1 && n.Path[:1].IsInbox():
			below++
		default:
			return ""
		}
	}
	if below == 0 {
		return ""
	}
	return "INBOX" + t.Separator
}

// guessSeparator finds the separator in the paths themselves: the one below whose left sides the most folders are.
func guessSeparator(lines []listed) (sep, told string) {
	known := make(map[string]bool, len(lines))
	for _, l := range lines {
		known[l.path] = true
	}
	best := 0
	for _, c := range []string{"/", ".", `\`, "^"} { // known servers use no other
		score, holds := 0, 0
		for _, l := range lines {
			at := strings.LastIndex(l.path, c)
			if at <= 0 {
				continue
			}
			holds++
			if parent := l.path[:at]; known[parent] || strings.HasPrefix(strings.ToUpper(parent+c), "INBOX"+c) || strings.HasPrefix(parent, "[G") {
				score++
			}
		}
		if score > best || best == 0 && sep == "" && c == "/" && holds > 0 {
			sep, best = c, score
		}
	}
	if sep == "" {
		return "", "no separator was found in the paths"
	}
	return sep, fmt.Sprintf("the separator is taken to be %q (--separator says otherwise)", sep)
}

// smarterMail is the tree of an empty mailbox on the new server, in English.
func smarterMail() mapping.Tree {
	return mapping.Tree{Separator: "/", Folders: []mapping.Node{
		{Name: "INBOX", Path: mapping.Path{"INBOX"}},
		{Name: "Drafts", Path: mapping.Path{"Drafts"}, Attrs: []string{`\Drafts`}},
		{Name: "Sent Items", Path: mapping.Path{"Sent Items"}, Attrs: []string{`\Sent`}},
		{Name: "Deleted Items", Path: mapping.Path{"Deleted Items"}, Attrs: []string{`\Trash`}},
		{Name: "Junk E-Mail", Path: mapping.Path{"Junk E-Mail"}, Attrs: []string{`\Junk`}},
	}}
}
