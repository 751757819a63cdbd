package main

import (
	"slices"
	"strings"
)

// customNames returns the names of a file of ordinary folders: those of the column "name".
func customNames(text string) []string {
	var out []string
	column := 0
	for n, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		f := strings.Split(line, "\t")
		if n == 0 {
			column = max(0, slices.Index(f, "name"))
			continue
		}
		if column < len(f) && f[column] != "" {
			out = append(out, f[column])
		}
	}
	return out
}
