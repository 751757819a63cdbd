package maildir

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func letter(uid uint32, body string, flags ...string) Message {
	return Message{UIDValidity: 7, UID: uid, Size: int64(len(body)), Date: time.Unix(1500000000, 0), Flags: flags}
}

func put(t *testing.T, f *Folder, m Message, body string) string {
	t.Helper()
	name, err := f.Put(m, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func open(t *testing.T, dir string) *Folder {
	t.Helper()
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestPut: bytes, time, flags and keywords are in the file and its name; a second time makes no second file.
func TestPut(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	f := open(t, dir)
	const body = "Subject: x\r\n\r\nFrom me\r\n"
	put(t, f, letter(1, body, `\Seen`, "Work", `\Answered`, "$Forwarded"), body)
	name := put(t, f, letter(1, body, `\Seen`, "Work", `\Answered`, "$Forwarded"), body)
	if want := "cur/1500000000.V7U1.crossfade,S=23:2,PRSab"; name != want {
		t.Errorf("%s, want %s", name, want)
	}
	got, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil || string(got) != body {
		t.Errorf("%q: %v", got, err)
	}
	if info, err := os.Stat(filepath.Join(dir, name)); err != nil || !info.ModTime().Equal(time.Unix(1500000000, 0)) {
		t.Errorf("%v: %v", info, err)
	}
	if words, err := os.ReadFile(filepath.Join(dir, keywordsFile)); err != nil || string(words) != "0 Work\n1 $Forwarded\n" {
		t.Errorf("%q: %v", words, err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	g := open(t, dir)
	if has := g.Has(7); !slices.Equal(has, []uint32{1}) || g.Has(8) != nil {
		t.Errorf("has %v", has)
	}
	name, err = g.Mark(letter(1, body, "Other", "work"))
	if want := "cur/1500000000.V7U1.crossfade,S=23:2,ac"; err != nil || name != want {
		t.Errorf("%s, want %s: %v", name, want, err)
	}
	if files, err := os.ReadDir(filepath.Join(dir, "cur")); err != nil || len(files) != 1 {
		t.Errorf("%v %v", files, err)
	}
}

// TestCutShort: a message that is cut off leaves nothing, and a file that is too short is written again.
func TestCutShort(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir)
	if _, err := f.Put(letter(1, "1234"), strings.NewReader("123")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v", err)
	}
	for _, sub := range []string{"cur", "tmp"} {
		if files, err := os.ReadDir(filepath.Join(dir, sub)); err != nil || len(files) != 0 {
			t.Errorf("%s has %v %v", sub, files, err)
		}
	}
	name := put(t, f, letter(2, "1234"), "1234")
	if err := os.Truncate(filepath.Join(dir, name), 2); err != nil {
		t.Fatal(err)
	}
	g := open(t, dir)
	if has := g.Has(7); has != nil {
		t.Errorf("a damaged file counts: %v", has)
	}
	put(t, g, letter(2, "1234"), "1234")
	if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != "1234" {
		t.Errorf("%q %v", got, err)
	}
}

// TestManyKeywords: there are 26 letters; the 27th keyword has none and harms nobody.
func TestManyKeywords(t *testing.T) {
	f := open(t, t.TempDir())
	for i := range 30 {
		if _, err := f.Put(letter(uint32(i+1), "x", "k"+strings.Repeat("x", i)), strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := f.letters([]string{"kxxxxxxxxxxxxxxxxxxxxxxxxxxx", "kx"}); got != "b" || err != nil {
		t.Errorf("%q %v", got, err)
	}
}

// TestDir: no two folders share a directory, and none escapes.
func TestDir(t *testing.T) {
	if a, b := Dir([]string{"A", ""}), Dir([]string{"A", "%"}); a != "A/%" || b != "A/%25" {
		t.Errorf("%q and %q", a, b)
	}
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.SliceOfN(rapid.StringMatching(`[a.%/2Ecurnewtmp.mbox]{0,6}`), 1, 3)
		a, b := name.Draw(rt, "a"), name.Draw(rt, "b")
		da, db := Dir(a), Dir(b)
		if (da == db) != slices.Equal(a, b) {
			rt.Fatalf("%q and %q are %q and %q", a, b, da, db)
		}
		if !filepath.IsLocal(da) || strings.Count(da, "/") != len(a)-1 {
			rt.Fatalf("%q is %q", a, da)
		}
		for _, s := range strings.Split(da, "/") {
			if s == "cur" || s == "new" || s == "tmp" || s[0] == '.' || strings.HasSuffix(s, ".mbox") {
				rt.Fatalf("%q is %q", a, da)
			}
		}
	})
}
