package learn

import (
	"fmt"
	"strings"

	"crossfade/mapping/names"
)

// Row is one name as found.
type Row struct {
	Source, Tag string // Tag is as found; "und" when the source does not tell
	Role        names.Role
	Name        string
}

// Rows reads the text of names.tsv: a header, then source, language, role and name.
func Rows(text string) ([]Row, error) {
	var out []Row
	table, err := columns(text)
	for n, f := range table {
		if names.Fold(f[3]) == "" {
			return nil, fmt.Errorf("line %d: nothing left of the name", n+2)
		}
		out = append(out, Row{f[0], f[1], names.Role(f[2]), f[3]})
	}
	return out, err
}

// columns takes the lines behind the header apart, into four columns each.
func columns(text string) ([][]string, error) {
	var out [][]string
	for n, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		f := strings.Split(line, "\t")
		if len(f) != 4 {
			return nil, fmt.Errorf("line %d: %d columns, not 4", n+1, len(f))
		}
		if n > 0 {
			out = append(out, f)
		}
	}
	return out, nil
}

// Word is a row of words.tsv.
type Word struct {
	Language, Kind string // Kind is a role, with names.Weak behind it or not, a kind of filler, or never
	Words          []string
}

// never is the kind of words that must not be learned as fillers.
const never = "never"

// Words reads the text of words.tsv: a header, then source, language, kind and words with commas between them.
func Words(text string) ([]Word, error) {
	var out []Word
	table, err := columns(text)
	for n, f := range table {
		w := Word{Language: f[1], Kind: f[2]}
		for _, s := range strings.Split(f[3], ",") {
			if s = strings.Join(tokens(s), " "); s == "" {
				return nil, fmt.Errorf("line %d: an empty word", n+2)
			}
			w.Words = append(w.Words, s)
		}
		out = append(out, w)
	}
	return out, err
}

// Tag is the language under which a name is kept: without script and region, but for Chinese by script, and
// Portuguese of Brazil.
func Tag(found string) string {
	tag := strings.ToLower(strings.ReplaceAll(found, "_", "-"))
	base, rest, _ := strings.Cut(tag, "-")
	switch base {
	case "zh":
		if strings.Contains(rest, "hant") || strings.Contains(rest, "tw") || strings.Contains(rest, "hk") || strings.Contains(rest, "mo") {
			return "zh-TW"
		}
		return "zh-CN"
	case "pt":
		if rest == "br" {
			return "pt-BR"
		}
	case "no":
		return "nb"
	case "iw":
		return "he"
	case "tl":
		return "fil"
	}
	return base
}

// bare is the language of a kept tag alone, under which words are kept.
func bare(tag string) string {
	b, _, _ := strings.Cut(tag, "-")
	return b
}

// weight is how much a source counts: twice if it names folders that servers store.
func weight(source string) float64 {
	switch source {
	case "gromox", "gromox-2021", "imapflow", "imapsync", "stackoverflow-2185391":
		return 2
	}
	return 1
}

// tokens are the words of a name, folded.
func tokens(name string) []string {
	return strings.FieldsFunc(names.Fold(name), names.Between)
}
