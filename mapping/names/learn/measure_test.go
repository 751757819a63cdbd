package learn

import (
	"os"
	"testing"

	"crossfade/mapping/names"
)

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// What is found does not fall unseen. The figures are a little below those reached; package evaluate prints all.
func TestMeasure(t *testing.T) {
	rows, err := Rows(read(t, "../names.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	if rows, err = Correct(rows, read(t, "../corrections.tsv")); err != nil {
		t.Fatal(err)
	}
	words, err := Words(read(t, "../words.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Measure(rows, words, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what         string
		got          Count
		recall, miss float64 // at least, and wrong at most
	}{
		{"names in the table, in their tree", r.TableInTree, 0.97, 0.0025},
		{"names in the table", r.Table, 0.95, 0.002},
		{"sources left out, names alone", r.Alone, 0.915, 0.004},
		{"sources left out, in their tree", r.InTree, 0.93, 0.005},
		{"Exchange-like lists left out", r.Exchange, 0.96, 0.005},
		{"drafts", *r.Roles[names.Drafts], 0.94, 0.006},
		{"sent", *r.Roles[names.Sent], 0.92, 0.0095},
		{"trash", *r.Roles[names.Trash], 0.87, 0.003},
		{"junk", *r.Roles[names.Junk], 0.84, 0.004},
		{"archive", *r.Roles[names.Archive], 0.91, 0.003},
		{"calendar", *r.Roles[names.Calendar], 0.85, 0.005},
		{"contacts", *r.Roles[names.Contacts], 0.79, 0.002},
		{"tasks", *r.Roles[names.Tasks], 0.76, 0.005},
		{"notes", *r.Roles[names.Notes], 0.58, 0.002},
		{"journal", *r.Roles[names.Journal], 0.81, 0.02},
		{"sync issues", *r.Roles[names.Sync], 0.77, 0.002},
	} {
		if c.got.All() < 50 {
			t.Errorf("%s: only %d names", c.what, c.got.All())
		}
		if c.got.Recall() < c.recall || c.got.WrongShare() > c.miss {
			t.Errorf("%s: %.3f right and %.4f wrong; was at least %.3f and at most %.4f", c.what, c.got.Recall(), c.got.WrongShare(), c.recall, c.miss)
		}
	}
}

// A source that is left out teaches nothing: without its only source a name is unknown.
func TestLeftOut(t *testing.T) {
	rows := []Row{{"one", "de", names.Sent, "Verdaddelt"}, {"two", "de", names.Trash, "Verklappt"}, {"three", "de", names.Trash, "Verklappt"}}
	r, err := Measure(rows, nil, nil, []string{"Verklappt", "Kunden"})
	if err != nil {
		t.Fatal(err)
	}
	if r.Table.Right != 3 || r.Alone.Right != 2 || r.Alone.Unknown != 1 {
		t.Errorf("in the table %+v, left out %+v", r.Table, r.Alone)
	}
	if len(r.Taken) != 1 || r.Custom != 2 {
		t.Errorf("ordinary folders taken: %q", r.Taken)
	}
}

func TestTable(t *testing.T) {
	row := func(role names.Role, name string, sources ...string) []Row {
		var out []Row
		for _, s := range sources {
			out = append(out, Row{s, "xx", role, name})
		}
		return out
	}
	ten := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}
	rows := append(row(names.Trash, "Korb", ten...), row(names.Junk, "Korb", "k")...) // a slip
	rows = append(rows, row(names.Trash, "Dings", "k")...)                            // one against ten
	got, err := Table(rows, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := "dings\ttrash? xx*1\nkorb\ttrash xx*10\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestVocabulary(t *testing.T) {
	rows := []Row{{"a", "xx", names.Sent, "Dinge gesandt"}, {"a", "xx", names.Trash, "Dinge entsorgt"}, {"b", "xx", names.Junk, "Ungewolltes"}}
	got := Vocabulary(rows, []Word{{"xx", names.MailFiller, []string{"post"}}})
	want := "xx\tfiller\tdinge\nxx\tjunk\tungewolltes\nxx\tmail\tpost\nxx\tsent?\tgesandt\nxx\ttrash?\tentsorgt\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTag(t *testing.T) {
	for found, want := range map[string]string{"de-AT": "de", "zh-HK": "zh-TW", "zh-Hant": "zh-TW", "zh": "zh-CN", "pt-BR": "pt-BR", "pt_PT": "pt",
		"no": "nb", "sr-Latn-ijekavsk": "sr", "und": "und", "es-419": "es"} {
		if got := Tag(found); got != want {
			t.Errorf("%s is kept as %s, want %s", found, got, want)
		}
	}
}

func TestRowsRefused(t *testing.T) {
	for _, text := range []string{"h\na\tb\tc", "h\na\tb\tc\t \u200b"} {
		if _, err := Rows("source\tlang\trole\tname\n" + text[2:] + "\n"); err == nil {
			t.Errorf("%q was read", text)
		}
	}
	if _, err := Words("source\tlanguage\tkind\twords\nx\tde\tsent\ta,,b\n"); err == nil {
		t.Error("an empty word was read")
	}
}
