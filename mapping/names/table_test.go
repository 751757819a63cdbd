package names

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The embedded files are what the generator makes of the names and words.
func TestTableIsFresh(t *testing.T) {
	out := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "go", "run", "./generate", "-out", out)
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	for file, embedded := range map[string]string{"table.txt": tableText, "vocabulary.txt": vocabularyText, "titles.txt": titlesText} {
		fresh, err := os.ReadFile(filepath.Join(out, file))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(fresh, []byte(embedded)) {
			t.Errorf("%s is not what names.tsv and words.tsv give; run go generate ./mapping/names", file)
		}
	}
}

// Every language for which the names have the five mail roles is told by the names of each role, alone or with the
// other names of that language; ambiguous ones by what the others leave to them.
func TestCoverage(t *testing.T) {
	five := []Role{Inbox, Drafts, Sent, Trash, Junk}
	tags := map[string]map[Role][]string{}
	text, err := os.ReadFile("names.tsv")
	if err != nil {
		t.Fatal(err)
	}
	slips, err := os.ReadFile("corrections.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(string(slips), strings.TrimSuffix(line, "\n")+"\t") {
			continue
		}
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if tag := f[1]; tag != "und" && tag != "lang" {
			if tags[tag] == nil {
				tags[tag] = map[Role][]string{}
			}
			tags[tag][Role(f[2])] = append(tags[tag][Role(f[2])], f[3])
		}
	}
	full, languages := 0, map[string]bool{}
	for tag, byRole := range tags {
		if slices.ContainsFunc(five, func(r Role) bool { return byRole[r] == nil }) {
			continue
		}
		full++
		languages[base(tag)] = true
		var all []string
		for _, list := range byRole {
			all = append(all, list...)
		}
		vote := Languages(all)
		for _, role := range five {
			if !slices.ContainsFunc(byRole[role], func(name string) bool { return may(name, role, vote) }) {
				t.Errorf("%s: none of %q is %s", tag, byRole[role], role)
			}
		}
	}
	t.Logf("%d tags, %d languages have the five mail roles", full, len(languages))
	if full < 165 || len(languages) < 92 {
		t.Errorf("only %d tags and %d languages have the five mail roles", full, len(languages))
	}
}

// may tells whether a name is judged to have a role, or to have it or another one.
func may(name string, role Role, vote []Vote) bool {
	v := Judge(name, vote)
	return v.Role == role || v.Role == "" && slices.ContainsFunc(Senses(name), func(s Sense) bool { return s.Role == role })
}

func BenchmarkSenses(b *testing.B) {
	Senses("") // reads the book
	for _, name := range []string{"Sent Items", "Kunden", "Gelöschte Elemente", "Hộp thư đến", "迷惑メール", "Verschickte Mails", "会議の資料", "Sent-1",
		"Projekt Müller & Söhne", "Πελάτες", "ลูกค้าประจำ", "می\u200cخواهم"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Senses(name)
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(tableText, vocabularyText); err != nil {
			b.Fatal(err)
		}
	}
}
