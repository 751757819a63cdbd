//go:build ignore

// Generate makes table.txt, the table of default folder names that is embedded in the mapping package, out of
// names.tsv: source, language (und: not told), role and name as found, one a line, so that every name can be
// traced to where it was read. It reads nothing else.
//
// A line of the table is a role, a tab and a folded name (mapping.FoldName); lines are sorted by name. Of the
// roles in names.tsv only the six that are carried are in the table. A name that sources give to several roles
// gets the role "?", which is none, unless one lone source stands against at least ten that agree: that is a
// slip of a translation.
package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"slices"
	"strings"

	"crossfade/mapping"
)

// votes counts by role the sources that use a name for it.
type votes map[mapping.Role]map[string]bool

func main() {
	in := flag.String("in", "names.tsv", "names as found")
	out := flag.String("out", "table.txt", "table to write")
	flag.Parse()
	names, err := read(*in)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(*out, table(names), 0o644); err != nil {
		log.Fatal(err)
	}
}

func read(file string) (map[string]votes, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	names := map[string]votes{}
	sc := bufio.NewScanner(bytes.NewReader(data))
	sc.Scan() // the header
	for n := 2; sc.Scan(); n++ {
		f := strings.Split(sc.Text(), "\t")
		if len(f) != 4 {
			return nil, fmt.Errorf("%s:%d: %d columns, not 4", file, n, len(f))
		}
		source, role, name := f[0], mapping.Role(f[2]), mapping.FoldName(f[3])
		if name == "" {
			return nil, fmt.Errorf("%s:%d: nothing left of the name", file, n)
		}
		if names[name] == nil {
			names[name] = votes{}
		}
		if names[name][role] == nil {
			names[name][role] = map[string]bool{}
		}
		names[name][role][source] = true
	}
	return names, sc.Err()
}

func table(names map[string]votes) []byte {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if role := decide(names[name]); role != "" {
			fmt.Fprintf(&b, "%s\t%s\n", role, name)
		}
	}
	return b.Bytes()
}

// decide returns the role of a name, "?" when it has several, "" when none of them is carried.
func decide(v votes) mapping.Role {
	var top mapping.Role
	most, all, mail := 0, 0, false
	for role, sources := range v {
		all += len(sources)
		if len(sources) > most {
			top, most = role, len(sources)
		}
		mail = mail || carried(role)
	}
	switch {
	case !mail:
		return ""
	case len(v) > 1 && (most < 10 || all-most > 1):
		return "?"
	case !carried(top):
		return "" // one slip among many sources that mean something else
	}
	return top
}

func carried(r mapping.Role) bool {
	switch r {
	case mapping.Inbox, mapping.Drafts, mapping.Sent, mapping.Trash, mapping.Junk, mapping.Archive:
		return true
	}
	return false
}
