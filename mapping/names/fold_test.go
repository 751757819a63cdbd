package names

import "testing"

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
