package names

import (
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func TestFold(t *testing.T) {
	for _, c := range []struct{ a, b string }{
		{"Junk E-Mail", "junk\u00a0e\u2011mail"},                   // no-break space and hyphen
		{"Éléments envoyés", "E\u0301le\u0301ments_envoye\u0301s"}, // composed and decomposed
		{"Ｓｅｎｔ", "sent"},                                           // full width
		{"\u200fהודעות\u200e", "הודעות"},                           // bidi marks
		{"المرسـلة", "المرسلة"},                                    // tatweel
		{"می\u200cخواهم", "میخواهم"},                               // ZWNJ
		{"Straße", "STRASSE"},
		{"Boîte d’envoi", "boîte d'envoi"},
		{" Sent   Items. ", "sent items"},
	} {
		if Fold(c.a) != Fold(c.b) {
			t.Errorf("%q folds to %q, %q to %q", c.a, Fold(c.a), c.b, Fold(c.b))
		}
	}
	for _, c := range []struct{ a, b string }{
		{"ที่ส่ง", "ทสง"}, {"भेजे", "भज"}, {"Archiv", "Archív"}, // combining marks make words
	} {
		if Fold(c.a) == Fold(c.b) {
			t.Errorf("%q and %q both fold to %q", c.a, c.b, Fold(c.a))
		}
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"Sent Items", "Hộp thư đến", "E\u0301", "\u0390", "ﹱ", "a\xffb", "می\u200cخواهم", "\u00b4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		key := Fold(s)
		if again := Fold(key); again != key {
			t.Errorf("%q folds to %q and that to %q", s, key, again)
		}
		var buf [64]byte
		if ascii, ok := foldASCII(buf[:0], s); ok && string(ascii) != foldUnicode(s) {
			t.Errorf("%q folds to %q in the short way, %q in the long one", s, ascii, foldUnicode(s))
		}
		Senses(s)
	})
}

// The quick way folds as the general one does: every letter by itself, between others, and random names.
func TestFoldLetters(t *testing.T) {
	var buf [200]byte
	quick := 0
	for r := rune(0); r <= unicode.MaxRune; r++ {
		for _, name := range []string{string(r), "A " + string(r) + "Ж", string(r) + string(r), "ก\u0e49" + string(r)} {
			if got, ok := foldLetters(buf[:0], name); ok {
				quick++
				if want := foldUnicode(name); string(got) != want {
					t.Fatalf("%q is %q, want %q", name, got, want)
				}
			}
		}
	}
	if quick < 3*32_000 {
		t.Errorf("only %d names are folded the quick way", quick)
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringOf(rapid.Rune().Filter(func(r rune) bool { return r < 0x80 || standsAlone(r) || r == 'ς' || r == 'ำ' })).Draw(t, "name")
		if got, ok := foldLetters(buf[:0], name); ok && string(got) != foldUnicode(name) {
			t.Fatalf("%q is %q, want %q", name, got, foldUnicode(name))
		}
	})
}

// The quick way loosens Thai names as the general one does.
func TestLoosenThai(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := Fold(rapid.StringOf(rapid.OneOf(rapid.Just(' '), rapid.RuneFrom(nil, unicode.Thai))).Draw(t, "name"))
		key, marks := loosen(name)
		if k, m := loosenMarked(name); k != key || m != marks {
			t.Fatalf("%q is %q without %q, want %q without %q", name, key, marks, k, m)
		}
	})
}
