package names

import (
	_ "embed"
	"strings"
	"sync"
)

// titlesText is a language, a role and the name under which its folder is created, a line.
//
//go:embed titles.txt
var titlesText string

var titles = sync.OnceValue(func() map[string]string {
	m := make(map[string]string, strings.Count(titlesText, "\n"))
	for line := range strings.Lines(titlesText) {
		at := strings.LastIndexByte(line, '\t')
		m[line[:at]] = strings.TrimSuffix(line[at+1:], "\n")
	}
	return m
})

// Title is the name under which the folder of a role is made in a language, a BCP 47 tag: the one that most sources
// give, if it means that role alone in every language. "" where none is sure.
func Title(role Role, language string) string {
	for _, tag := range []string{language, base(language)} {
		if name := titles()[tag+"\t"+string(role)]; name != "" {
			return name
		}
	}
	return ""
}
