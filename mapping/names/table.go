package names

import (
	_ "embed"
	"strings"
	"sync"
)

//go:generate go run ./generate

// tableText is one default name a line, folded, behind its role; see package generate.
//
//go:embed table.txt
var tableText string

// ambiguous marks a name in the table that is a default name of more than one role.
const ambiguous Role = "?"

// nameTable is the table of default names by folded name, read once when it is first needed.
var nameTable = sync.OnceValue(func() map[string]Role {
	m := make(map[string]Role, strings.Count(tableText, "\n"))
	for line := range strings.Lines(tableText) {
		if role, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); ok {
			m[name] = Role(role)
		}
	}
	return m
})

// lookup folds name and finds it in the table.
func lookup(name string) Role {
	var buf [64]byte
	if key, ok := foldASCII(buf[:0], name); ok {
		return nameTable()[string(key)]
	}
	return nameTable()[foldUnicode(name)]
}
