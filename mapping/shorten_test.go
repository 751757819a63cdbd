package mapping

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestShorten(t *testing.T) {
	for _, c := range []struct {
		name  string
		limit int
		want  string // what stands before the hash
	}{
		{strings.Repeat("x", 255), 255, ""},
		{strings.Repeat("x", 256), 255, strings.Repeat("x", 243)},
		{strings.Repeat("x", 256), 0, strings.Repeat("x", 28)},
		{strings.Repeat("é", 60), 60, strings.Repeat("é", 17)},            // 17 units are 48 bytes of modified UTF-7
		{strings.Repeat("e\u0301", 60), 60, strings.Repeat("e\u0301", 8)}, // a letter keeps its accent
		{strings.Repeat("👩‍👩‍👧", 12), 60, strings.Repeat("👩‍👩‍👧", 2)},
		{strings.Repeat("🇩🇪", 20), 70, strings.Repeat("🇩🇪", 5)},
		{strings.Repeat("=2F", 40), 60, strings.Repeat("=2F", 16)},
		{strings.Repeat("&", 60), 60, strings.Repeat("&", 24)},
	} {
		got := Shorten(c.name, c.limit)
		if c.want == "" && got == c.name {
			continue
		}
		if head, _, ok := strings.Cut(got, shortMark); !ok || head != c.want {
			t.Errorf("%.20q... in %d bytes is %q, want %q before the hash", c.name, c.limit, got, c.want)
		}
	}
}

// A short spelling fits, is always the same, is kept when it is shortened again, and no two names have one.
func TestShortenProperties(t *testing.T) {
	seen := map[string]string{}
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.SampledFrom([]string{"a", " ", "é", "e\u0301", "会", "👩‍👩‍👧", "🇩🇪", "=2F", "&", "\u0e01\u0e33", "한", "=~", "👍🏽"})
		name := EscapeSegment(strings.Join(rapid.SliceOfN(part, 0, 90).Draw(t, "name"), ""), "/")
		limit := rapid.IntRange(0, 300).Draw(t, "limit")
		got := Shorten(name, limit)
		switch {
		case NameLength(got) > max(limit, ShortestName):
			t.Fatalf("%q is longer than %d", got, limit)
		case Shorten(got, limit) != got:
			t.Fatalf("%q is %q when it is shortened again", got, Shorten(got, limit))
		case !utf8.ValidString(got) || got == "":
			t.Fatalf("%q", got)
		case got != name && NameLength(name) <= limit:
			t.Fatalf("%q fits, but is %q", name, got)
		}
		if old, ok := seen[got]; ok && old != name {
			t.Fatalf("%q and %q are both %q", old, name, got)
		}
		seen[got] = name
	})
}

func TestNameLength(t *testing.T) {
	for name, want := range map[string]int{"": 0, "abc": 3, "R&D": 4, "é": 5, "日本語": 10, "a日b": 7, "😀": 8, "e\u0301": 6} {
		if got := NameLength(name); got != want {
			t.Errorf("%q: %d bytes, want %d", name, got, want)
		}
	}
}
