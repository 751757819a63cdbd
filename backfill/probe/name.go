package probe

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"crossfade/mapping"
)

// naming is a folder name of a kind that old mailboxes hold.
type naming struct {
	check, what, name string
}

func namings(sep string) []naming {
	all := []naming{
		{"name-unicode", "letters of other scripts", "Đã xử lý 日本語"},
		{"name-emoji", "emoji", "box 😀"},
		{"name-decomposed", "decomposed letters", "decompose\u0301"},
		{"name-ampersand", "&", "R&D"},
		{"name-quote", `quotes and backslashes`, `we"ird\name`},
		{"name-wildcard", "% and *", "100% * all"},
		{"name-blanks", "blanks at the ends", " blanks "},
		{"name-signs", "# ~ ( ) { }", "#~(a){b}"},
		{"name-dot", "a dot", "either.or"},
		{"name-slash", "a slash", "either/or"},
		{"name-control", "control characters", "a\tb\x01"},
	}
	return slices.DeleteFunc(all, func(n naming) bool { return sep == `\` && strings.Contains(n.name, sep) })
}

// limits are what the destination has proven not to take; zero where it took all that was tried.
type limits struct {
	nameLength int   // bytes of one name
	depth      int   // levels of folders
	oneCase    bool  // names that differ in case only are one
	size       int64 // of a message
}

// names tries folder names: what is refused, and what comes back otherwise.
func names(ctx context.Context, n notes, s *scratch) error {
	var kept []string
	made := map[naming]string{}
	for _, c := range namings(s.sep) {
		name := mapping.EscapeSegment(c.name, s.sep)
		if err := s.make(ctx, name); err != nil {
			if fatal(err) {
				return err
			}
			refused := words(err)
			if strict := mapping.Strict(name, s.sep, 0); strict != name && s.make(ctx, strict) == nil {
				n.yellow(c.check, "rename such folders on the old server before the move, if users would mind", "it refuses a folder name with %s: %s; %q is made as %q", c.what, refused, c.name, strict)
				continue
			}
			n.yellow(c.check, "rename such folders on the old server before the move", "it refuses a folder name with %s: %s", c.what, refused)
			continue
		}
		made[c] = name
	}
	paths, err := s.listed(ctx)
	if err != nil {
		return err
	}
	for _, c := range namings(s.sep) {
		name, ok := made[c]
		want := append(slices.Clone(s.path), name)
		switch {
		case !ok:
		case !slices.ContainsFunc(paths, want.Equal):
			n.yellow(c.check, "look at such folders after the move", "a folder name with %s comes back as another", c.what)
		case name != c.name:
			kept = append(kept, c.what+" (as "+name+")")
		default:
			kept = append(kept, c.what)
		}
	}
	if len(kept) > 0 {
		n.green("names", "folder names may hold: %s", strings.Join(kept, "; "))
	}
	for _, part := range []func(context.Context, notes, *scratch) error{caseClash, longNames, deepNames} {
		if err := part(ctx, n, s); err != nil {
			return err
		}
	}
	return nil
}

// make creates a folder below.
func (s *scratch) make(ctx context.Context, names ...string) error {
	_, err := step(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.Create(ctx, s.child(names...)) })
	return err
}

func (s *scratch) listed(ctx context.Context) (paths []mapping.Path, err error) {
	folders, err := step(ctx, s.Folders)
	for _, f := range folders {
		paths = append(paths, f.Path)
	}
	return paths, err
}

// caseClash tells whether names that differ in case only are two folders.
func caseClash(ctx context.Context, n notes, s *scratch) error {
	if err := s.make(ctx, "Case"); err != nil {
		return err
	}
	err := s.make(ctx, "case")
	if err != nil && fatal(err) {
		return err
	}
	paths, listErr := s.listed(ctx)
	if listErr != nil {
		return listErr
	}
	both := 0
	for _, name := range []string{"Case", "case"} {
		if slices.ContainsFunc(paths, append(slices.Clone(s.path), name).Equal) {
			both++
		}
	}
	if both < 2 {
		s.oneCase = true
		n.yellow("name-case", "rename folders of the old server that differ in case only", "%q and %q are one folder to it", "Case", "case")
	} else {
		n.green("name-case", "names that differ in case only are two folders")
	}
	return nil
}

// longNames tries names of growing length.
func longNames(ctx context.Context, n notes, s *scratch) error {
	taken := 0
	for _, length := range []int{60, 120, 200, 250} {
		if err := s.make(ctx, strings.Repeat("x", length)); err != nil {
			if !fatal(err) {
				s.nameLength = taken
				n.yellow("name-long", "see whether the plan below has longer ones",
					"a folder name of %d characters is taken, one of %d is refused: %s", taken, length, words(err))
			}
			return onlyFatal(err)
		}
		taken = length
	}
	n.green("name-long", "folder names of %d characters are taken", taken)
	return nil
}

// deepNames tries how deep folders may lie in folders.
func deepNames(ctx context.Context, n notes, s *scratch) error {
	if s.sep == "" {
		return nil
	}
	const want = 12
	var path []string
	for len(path) < want {
		path = append(path, fmt.Sprintf("level %d", len(path)+2))
		if err := s.make(ctx, path...); err != nil {
			if !fatal(err) {
				s.depth = len(path)
				n.yellow("name-deep", "see that no folder of the old server lies deeper", "folders may lie %d levels deep; one more is refused: %s", len(path), words(err))
			}
			return onlyFatal(err)
		}
	}
	n.green("name-deep", "folders may lie %d levels deep", want+1)
	return nil
}
