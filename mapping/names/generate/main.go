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

	"crossfade/mapping/names"
)

// votes counts by role the sources that use a name for it.
type votes map[names.Role]map[string]bool

func main() {
	in := flag.String("in", "names.tsv", "names as found")
	out := flag.String("out", "table.txt", "table to write")
	flag.Parse()
	found, err := read(*in)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(*out, table(found), 0o644); err != nil {
		log.Fatal(err)
	}
}

func read(file string) (map[string]votes, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	found := map[string]votes{}
	sc := bufio.NewScanner(bytes.NewReader(data))
	sc.Scan() // the header
	for n := 2; sc.Scan(); n++ {
		f := strings.Split(sc.Text(), "\t")
		if len(f) != 4 {
			return nil, fmt.Errorf("%s:%d: %d columns, not 4", file, n, len(f))
		}
		source, role, name := f[0], names.Role(f[2]), names.Fold(f[3])
		if name == "" {
			return nil, fmt.Errorf("%s:%d: nothing left of the name", file, n)
		}
		if found[name] == nil {
			found[name] = votes{}
		}
		if found[name][role] == nil {
			found[name][role] = map[string]bool{}
		}
		found[name][role][source] = true
	}
	return found, sc.Err()
}

func table(found map[string]votes) []byte {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if role := decide(found[name]); role != "" {
			fmt.Fprintf(&b, "%s\t%s\n", role, name)
		}
	}
	return b.Bytes()
}

// decide returns the role of a name, "?" when it has several, "" when none of them is carried.
func decide(v votes) names.Role {
	var top names.Role
	most, all, mail := 0, 0, false
	for role, sources := range v {
		all += len(sources)
		if len(sources) > most {
			top, most = role, len(sources)
		}
		mail = mail || role.Carried()
	}
	switch {
	case !mail:
		return ""
	case len(v) > 1 && (most < 10 || all-most > 1):
		return "?"
	case !top.Carried():
		return "" // one slip among many sources that mean something else
	}
	return top
}
