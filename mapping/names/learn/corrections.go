package learn

import (
	"fmt"
	"slices"
	"strings"

	"crossfade/mapping/names"
)

// Correct takes out of rows what corrections.tsv says is a slip of the source: a header, then source, language, role and
// name as in names.tsv, and why. Names that were found stay as they were found; what is known to be wrong in them
// stands beside. A correction of a row that is not there is an error.
func Correct(rows []Row, text string) ([]Row, error) {
	slips := map[Row]bool{} // true: found
	for n, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		f := strings.Split(line, "\t")
		if len(f) != 5 || n > 0 && f[4] == "" {
			return nil, fmt.Errorf("line %d: not five columns", n+1)
		}
		if n > 0 {
			slips[Row{f[0], f[1], names.Role(f[2]), f[3]}] = false
		}
	}
	out := slices.DeleteFunc(slices.Clone(rows), func(r Row) bool {
		_, slip := slips[r]
		if slip {
			slips[r] = true
		}
		return slip
	})
	for r, found := range slips {
		if !found {
			return nil, fmt.Errorf("no name %q of %s in %s by %s is there to be corrected", r.Name, r.Role, r.Tag, r.Source)
		}
	}
	return out, nil
}
