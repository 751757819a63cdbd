package mapping

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Overrides are what an admin says about folders of the source: which role they have, or that they are custom
// folders whatever their names look like. The zero value says nothing.
type Overrides struct {
	roles map[string]Role // by path as the source spells it, decoded; "" for a custom folder
	lines []string        // those paths in the file's order
}

// maxOverrides bounds an overrides file; an admin's list has dozens of lines.
const maxOverrides = 100_000

// ParseOverrides reads an overrides file: one folder a line, its path as the source spells it (UTF-8, with the
// source's separator), a tab or " = ", and a role or "custom". Empty lines and lines that begin with "#" are
// comments. A path that begins with "#" or holds " = " is written in double quotes.
//
//	# our old webmail kept sent mail here
//	INBOX.Ausgang = sent
//	"INBOX.# Archiv" = custom
func ParseOverrides(r io.Reader) (Overrides, error) {
	o := Overrides{roles: map[string]Role{}}
	sc := bufio.NewScanner(r)
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimPrefix(strings.TrimRight(sc.Text(), " \r"), "\ufeff")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		path, word, err := splitOverride(line)
		if err != nil {
			return Overrides{}, fmt.Errorf("line %d: %w", n, err)
		}
		role, err := overrideRole(word)
		if err != nil {
			return Overrides{}, fmt.Errorf("line %d: %w", n, err)
		}
		if old, ok := o.roles[path]; ok && old != role {
			return Overrides{}, fmt.Errorf("line %d: %q is said to be two things", n, path)
		}
		if len(o.lines) >= maxOverrides {
			return Overrides{}, fmt.Errorf("line %d: more than %d folders", n, maxOverrides)
		}
		o.roles[path] = role
		o.lines = append(o.lines, path)
	}
	return o, sc.Err()
}

// splitOverride takes a line apart.
func splitOverride(line string) (path, word string, err error) {
	if rest, ok := strings.CutPrefix(line, `"`); ok {
		path, rest, ok = strings.Cut(rest, `"`)
		if !ok {
			return "", "", fmt.Errorf("the closing quote is missing")
		}
		word = strings.TrimLeft(rest, " \t=")
	} else if path, word, ok = strings.Cut(line, "\t"); !ok {
		at := strings.LastIndex(line, " = ")
		if at < 0 {
			return "", "", fmt.Errorf("%q: write PATH = ROLE, such as INBOX.Ausgang = sent", line)
		}
		path, word = line[:at], line[at+len(" = "):]
	}
	if path == "" {
		return "", "", fmt.Errorf("the path is missing")
	}
	return path, strings.TrimSpace(word), nil
}

// overrideRole reads the role of a line.
func overrideRole(word string) (Role, error) {
	role := Role(strings.ToLower(word))
	switch {
	case role == "custom":
		return "", nil
	case role.Carried() || role == Outbox || role == Templates:
		return role, nil
	}
	return "", fmt.Errorf("%q is no role: write inbox, drafts, sent, trash, junk, archive, outbox, templates or custom", word)
}

// find returns what is said about a folder.
func (o Overrides) find(t *Tree, n *Node) (Role, bool) {
	if len(o.roles) == 0 {
		return "", false
	}
	if role, ok := o.roles[strings.Join(n.Path, t.Separator)]; ok {
		return role, true
	}
	role, ok := o.roles[n.Name]
	return role, ok
}

// Unused returns the paths that no folder of the tree has, in the file's order: a slip of the pen, or a folder of
// another account.
func (o Overrides) Unused(t Tree) []string {
	var out []string
	seen := map[string]bool{}
	for i := range t.Folders {
		n := &t.Folders[i]
		seen[n.Name], seen[strings.Join(n.Path, t.Separator)] = true, true
	}
	for _, p := range o.lines {
		if !seen[p] {
			out = append(out, p)
		}
	}
	return out
}
