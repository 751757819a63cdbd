package standin

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestBehaviours reads the table in README.md: it has each of the 25 behaviours once, every switch is a field that is there,
// every test is there, and those that are told on the wire have a line in manners.
func TestBehaviours(t *testing.T) {
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := testsIn(t, ".", "../../backfill", "../../backfill/driver/smartermail", "../../cmd/crossfade")
	types := map[string]reflect.Type{
		"Options": reflect.TypeFor[Options](), "IMAPOptions": reflect.TypeFor[IMAPOptions](), "IDSOptions": reflect.TypeFor[IDSOptions](),
		"APIOptions": reflect.TypeFor[APIOptions](), "DAVOptions": reflect.TypeFor[DAVOptions](), "Domain": reflect.TypeFor[Domain](), "Mailbox": reflect.TypeFor[Mailbox](),
	}
	row := regexp.MustCompile(`(?m)^\| (\d+) \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$`)
	code := regexp.MustCompile("`([^`]+)`")
	var seen []string
	for _, m := range row.FindAllStringSubmatch(string(b), -1) {
		seen = append(seen, m[1])
		if m[3] == "none" {
			if m[4] != "not built yet" {
				t.Errorf("behaviour %s has no switch", m[1])
			}
			continue
		}
		for _, c := range code.FindAllStringSubmatch(m[3], -1) {
			of, field, _ := strings.Cut(c[1], ".")
			if types[of] == nil {
				t.Errorf("behaviour %s: there is no type %s", m[1], of)
			} else if _, ok := types[of].FieldByName(field); !ok {
				t.Errorf("behaviour %s: there is no switch %s", m[1], c[1])
			}
		}
		shown := code.FindAllStringSubmatch(m[5], -1)
		if len(shown) == 0 || !strings.Contains(m[4], "stated") && !strings.Contains(m[4], "defensive") {
			t.Errorf("behaviour %s: shown by %q, standing %q", m[1], m[5], m[4])
		}
		for _, c := range shown {
			if !slices.Contains(tests, c[1]) {
				t.Errorf("behaviour %s: there is no test %s", m[1], c[1])
			}
			if c[1] == "TestManners" && m[1] != "1" && !slices.ContainsFunc(manners(), func(x manner) bool { return m[1] == strconv.Itoa(x.behaviour) }) {
				t.Errorf("behaviour %s is not among the manners", m[1])
			}
			if c[1] == "TestDAVManners" && !slices.ContainsFunc(davManners(), func(x davManner) bool { return m[1] == strconv.Itoa(x.behaviour) }) {
				t.Errorf("behaviour %s is not among DAV's manners", m[1])
			}
		}
	}
	if len(seen) != 25 {
		t.Errorf("the table has the behaviours %v", seen)
	}
	for i, n := range seen {
		if n != strconv.Itoa(i+1) {
			t.Errorf("row %d is of behaviour %s", i+1, n)
		}
	}
}

// testsIn lists the tests of some directories, whatever their build tags.
func testsIn(t *testing.T, dirs ...string) (out []string) {
	t.Helper()
	name := regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing`)
	for _, d := range dirs {
		files, err := filepath.Glob(filepath.Join(d, "*_test.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", d, len(files), err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range name.FindAllSubmatch(b, -1) {
				out = append(out, string(m[1]))
			}
		}
	}
	return out
}
