package backfill

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// problem is why a folder does not go on, in words for the admin.
type problem struct {
	Text  string
	Since time.Time
}

// setProblem records why the folder does not go on, by kind; an empty text clears it.
func (f *folder) setProblem(kind, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case text == "":
		delete(f.problems, kind)
	case f.problems[kind].Text != text:
		f.problems[kind] = problem{Text: text, Since: time.Now()}
	}
}

// setNote records what the admin should know although the folder goes on, by kind; an empty text clears it.
func (f *folder) setNote(kind, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if text == "" {
		delete(f.notes, kind)
		return
	}
	f.notes[kind] = text
}

func (f *folder) hasNote(kind string) bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	_, ok := f.notes[kind]
	return ok
}

// note returns the folder's notes.
func (f *folder) note() string {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return strings.Join(slices.Sorted(maps.Values(f.notes)), "; ")
}

// hasProblem tells whether there is a problem of a kind.
func (f *folder) hasProblem(kind string) bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	_, ok := f.problems[kind]
	return ok
}

// problem returns one of the folder's problems, or none.
func (f *folder) problem() problem {
	f.mu.RLock()
	defer f.mu.RUnlock()
	kinds := []string{"destination", "create"}
	for b := range f.rec.Sources {
		kinds = append(kinds, sourceProblem(uint16(b)), lostFolder(uint16(b)))
	}
	for _, kind := range kinds {
		if p, ok := f.problems[kind]; ok {
			return p
		}
	}
	for _, p := range f.problems {
		return p
	}
	return problem{}
}

// sourceProblem is the kind of a problem with one source folder.
func sourceProblem(b uint16) string { return fmt.Sprintf("source %d", b) }

// lostFolder is the kind of the problem that a source folder is not there.
func lostFolder(b uint16) string { return fmt.Sprintf("no source %d", b) }
