package mapping

import (
	_ "embed"
	"strings"
	"sync"
)

//go:generate go run names/generate.go -in names/names.tsv -out names/table.txt

// tableText is one default name a line, folded, behind its role; see names/generate.go.
//
//go:embed names/table.txt
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

// RoleByName returns the role of which name is a default name on some server or in some client, in any of the
// table's languages. It knows inbox, drafts, sent, trash, junk and archive. A name that means different roles
// in different places ("Lixo" is trash here and junk there) has none: doubt is an ordinary folder. Only names
// at the top of a tree should be asked for.
func RoleByName(name string) (Role, bool) {
	role := lookupName(name)
	if role == "" || role == ambiguous {
		return "", false
	}
	return role, true
}

// DefaultName tells whether name is a default name in some language, of a clear role or of several. A folder
// must not be created under such a name unless it has the role: the server may not be able to change the
// mailbox's language any more, and clients take it for the wrong folder.
func DefaultName(name string) bool { return lookupName(name) != "" }

// lookupName folds name and finds it in the table.
func lookupName(name string) Role {
	var buf [64]byte
	if key, ok := foldASCII(buf[:0], name); ok {
		return nameTable()[string(key)]
	}
	return nameTable()[foldUnicode(name)]
}
