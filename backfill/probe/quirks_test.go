package probe_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/backfill/probe"
	"crossfade/mapping"
)

// quirkCase is a quirk and the finding that tells of it.
type quirkCase struct {
	name  string
	q     quirks
	want  string // side and check
	level probe.Level
	words string
}

// attributeQuirks are about what goes with a message.
func attributeQuirks() []quirkCase {
	withoutKeywords := func(f mapping.Flags) mapping.Flags { return f.Remove(mapping.NewFlags("$Forwarded", "CrossfadeCheck")) }
	return []quirkCase{
		{"rewrites", quirks{append: func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
			return next(altered(items, func(b []byte) []byte { return append([]byte("X-Scanned: yes\r\n"), b...) }))
		}}, "destination bytes", probe.Red, "X-Scanned: yes"},
		{"drops keywords on APPEND", quirks{append: func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
			items = slices.Clone(items)
			for i := range items {
				items[i].Flags = withoutKeywords(items[i].Flags)
			}
			return next(items)
		}}, "destination keywords", probe.Green, "dropped by APPEND and kept by STORE"},
		{"keeps no keywords", quirks{store: true, entry: func(e *backfill.Entry) { e.Flags = withoutKeywords(e.Flags) }}, "destination keywords", probe.Yellow, "does not keep keywords: $Forwarded CrossfadeCheck"},
		{"loses flags", quirks{entry: func(e *backfill.Entry) { e.Flags = e.Flags.Remove(`\Answered`) }}, "destination flags", probe.Yellow, `\Answered`},
		{"dates are now", quirks{entry: func(e *backfill.Entry) { e.Date = time.Now() }}, "destination date-past", probe.Red, "becomes"},
		{"no future", quirks{entry: func(e *backfill.Entry) {
			if e.Date.After(time.Now()) {
				e.Date = time.Now()
			}
		}}, "destination date-future", probe.Yellow, "in the future becomes"},
		{"clock is slow", withClock(-6 * time.Minute), "destination clock", probe.Yellow, "6m0s behind"},
		{"clock is fast", withClock(2*time.Hour + 30*time.Minute), "destination clock", probe.Yellow, "ahead"},
		{"clock is a little slow", withClock(-4 * time.Minute), "destination clock", probe.Green, "4m0s behind"},
		{"takes the date from the header", quirks{append: datedNow(time.Date(2011, 10, 9, 8, 7, 0, 0, time.UTC))}, "destination clock", probe.Green, "from its header"},
		{"wants a date", quirks{append: func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
			if items[0].Date.IsZero() {
				return refusedItem("no date"), nil
			}
			return next(items)
		}}, "destination clock", probe.Yellow, "without a date: no date"},
	}
}

// withClock is a server whose clock is off: it shows in what comes without a date.
func withClock(by time.Duration) quirks {
	return quirks{append: func(next appendFunc, box string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
		return datedNow(time.Now().Add(by))(next, box, items)
	}}
}

// datedNow dates what comes without a date.
func datedNow(now time.Time) func(appendFunc, string, []backfill.AppendItem) ([]backfill.AppendResult, error) {
	return func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
		items = slices.Clone(items)
		for i := range items {
			if items[i].Date.IsZero() {
				items[i].Date = now.Truncate(time.Second)
			}
		}
		return next(items)
	}
}

// messageQuirks are about messages and their numbers.
func messageQuirks() []quirkCase {
	return []quirkCase{
		{"lies about UIDs", quirks{append: func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
			r, err := next(items)
			for i := range r {
				r[i].UID++
			}
			return r, err
		}}, "destination appenduid", probe.Red, "APPENDUID said"},
		{"tells no UIDs", quirks{append: func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
			r, err := next(items)
			for i := range r {
				r[i] = backfill.AppendResult{}
			}
			return r, err
		}}, "destination appenduid", probe.Yellow, "tells no APPENDUID"},
		{"no UIDVALIDITY", quirks{state: func(_ string, s *backfill.BoxState) { s.UIDValidity = 0 }}, "destination uidvalidity", probe.Red, "UIDVALIDITY 0"},
		{"one UIDVALIDITY", quirks{state: func(_ string, s *backfill.BoxState) { s.UIDValidity = 1 }}, "destination recreate", probe.Red, "same UIDVALIDITY 1"},
		{"refuses NUL", quirks{append: func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
			if strings.Contains(read(items[0]), "\x00") {
				return refusedItem("no NUL here"), nil
			}
			return next(items)
		}}, "destination odd-nul", probe.Yellow, "no NUL here"},
		{"mends line ends", quirks{append: func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
			return next(altered(items, func(b []byte) []byte {
				return bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
			}))
		}}, "destination odd-bare-lf", probe.Yellow, "other line ends"},
		{"removes duplicates", quirks{append: func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
			if len(items) == 3 {
				r, err := next(items[:1])
				return append(r, r[0], r[0]), err
			}
			return next(items)
		}}, "destination twins", probe.Red, "removes duplicates"},
		{"loses one in a row", quirks{append: func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
			r, err := next(items[:max(1, min(19, len(items)))])
			for len(r) < len(items) {
				r = append(r, r[0])
			}
			return r, err
		}}, "destination pipeline", probe.Red, "19 are there"},
		{"large mail is refused", quirks{append: func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
			if items[0].Size > 10e6 {
				return refusedItem("too large"), nil
			}
			return next(items)
		}}, "destination large", probe.Yellow, "of 10 MB and refuses one of 30 MB: too large"},
		{"breaks off", quirks{append: func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
			return nil, &backfill.Error{Op: "APPEND", Scope: backfill.AccountScope, Code: "OVERQUOTA", Text: "full"}
		}}, "destination writing", probe.Red, "[OVERQUOTA] full"},
	}
}

// accountQuirks are about folders, limits and what is offered.
func accountQuirks() []quirkCase {
	return []quirkCase{
		{"large mail has no room", quirks{append: func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
			if items[0].Size > 10e6 {
				return nil, &backfill.Error{Op: "APPEND", Scope: backfill.AccountScope, Code: "OVERQUOTA", Text: "full"}
			}
			return next(items)
		}}, "destination large", probe.Yellow, "of 10 MB; for one of 30 MB the account has no room"},
		{"no long names", quirks{create: func(box string) error {
			if len(box) > 200 {
				return said("name too long")
			}
			return nil
		}}, "destination name-long", probe.Yellow, "of 120 characters is taken, one of 200"},
		{"flat", quirks{create: func(box string) error {
			if strings.Count(box, "/") > 3 {
				return said("too deep")
			}
			return nil
		}}, "destination name-deep", probe.Yellow, "4 levels deep; one more is refused: too deep"},
		{"no case", quirks{create: func(box string) error {
			if strings.HasSuffix(box, "/case") {
				return said("already exists")
			}
			return nil
		}}, "destination name-case", probe.Yellow, "are one folder"},
		{"no wildcards in names", quirks{create: func(box string) error {
			if strings.Contains(box, "%") {
				return said("invalid name")
			}
			return nil
		}}, "destination name-wildcard", probe.Yellow, "invalid name"},
		{"trims names", quirks{folders: func(fs []backfill.Folder) []backfill.Folder {
			for i := range fs {
				last := len(fs[i].Path) - 1
				fs[i].Path = append(slices.Clone(fs[i].Path[:last]), strings.TrimSpace(fs[i].Path[last]))
			}
			return fs
		}}, "destination name-blanks", probe.Yellow, "comes back as another"},
		{"no folders at all", quirks{create: func(string) error { return said("permission denied") }}, "destination scratch", probe.Red, "permission denied"},
		{"too small a quota", quirks{quota: []backfill.Quota{{Resource: "STORAGE", Used: 1 << 20, Limit: 1<<20 + 100}}}, "destination quota", probe.Red, "leaves 100 bytes"},
		{"too few messages", quirks{quota: []backfill.Quota{{Resource: "MESSAGE", Limit: 9}}}, "destination quota", probe.Yellow, "9 messages"},
		{"too small a limit", quirks{limit: 500}, "destination append-limit", probe.Red, "up to 500 bytes"},
		{"few connections", quirks{connections: 2}, "destination connections", probe.Red, "only 2 of 4"},
		{"nearly enough connections", quirks{connections: 3}, "destination connections", probe.Yellow, "Too many connections"},
		{"refuses the login", quirks{login: &backfill.Error{Op: "login", Code: "AUTHENTICATIONFAILED", Text: "no"}}, "destination login", probe.Red, "[AUTHENTICATIONFAILED] no"},
		{"has next to nothing", quirks{caps: imap.CapSet{imap.CapIMAP4rev1: {}}}, "destination uidplus", probe.Yellow, "no UIDPLUS"},
		{"no role marks", quirks{caps: imap.CapSet{imap.CapIMAP4rev1: {}}}, "destination special-use", probe.Yellow, "told by their names"},
		{"leaves folders", quirks{folders: func(fs []backfill.Folder) []backfill.Folder {
			return append(fs, backfill.Folder{Name: "Crossfade check old", Path: mapping.Path{"Crossfade check old"}})
		}}, "destination leftover", probe.Yellow, "Crossfade check old"},
	}
}

// TestQuirks: each thing that a server may do wrong is found, under its name.
func TestQuirks(t *testing.T) {
	for _, c := range slices.Concat(attributeQuirks(), messageQuirks(), accountQuirks()) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			src, dst := newMemory(t, 10), newMemory(t, 50)
			got, _ := look(t, src.driver(t), quirky{dst.driver(t), c.q}, probe.Options{Connections: 4, Large: strings.HasSuffix(c.want, " large")})
			f, ok := got[c.want]
			if !ok || f.Level != c.level || !strings.Contains(f.Text, c.words) {
				t.Errorf("%s: %+v\nall: %v", c.want, f, got)
			}
			if c.name != "leaves folders" {
				for _, name := range folderNames(t, dst) {
					if strings.Contains(name, "Crossfade") {
						t.Errorf("%q is left behind", name)
					}
				}
			}
		})
	}
}
