package layers

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const module = "crossfade"

// rule says what the packages at or below dir may import. The entries of may are packages of this module with
// everything below them ("backfill/..."), alone ("backfill"), or third-party prefixes; std is always allowed.
type rule struct {
	dir string
	may []string
	any bool // third-party packages are free; in tests they always are

	tests []string // what tests inside the package may import besides
}

// rules are in order: the first whose dir is the package or one of its parents holds. A dir with a slash at its
// end speaks of the packages below alone.
func rules() []rule {
	return []rule{
		{dir: "mapping", may: []string{"mapping/...", "golang.org/x/text/..."}},
		{dir: "internal/imapwire", may: nil},
		{dir: "internal/faults", may: []string{"internal/imapwire"}, any: true},
		{dir: "internal/standin", may: []string{"internal/...", "mapping/..."}, any: true},
		{dir: "internal", may: []string{"internal/..."}, any: true},
		{dir: "store/powerloss", may: []string{"store", "store/memory"}},
		{dir: "store/", may: []string{"store", "store/internal/...", "mapping/...", "internal/..."}, any: true},
		{dir: "store", may: []string{"store/internal/...", "mapping/...", "internal/..."}, any: true},
		{dir: "backfill/pace", may: nil},
		{dir: "backfill/driver", may: []string{"backfill", "backfill/pace", "mapping/...", "internal/..."}, any: true},
		{dir: "backfill/export", may: []string{"store", "backfill/spool", "backfill/verify", "mapping/..."}, any: true},
		{dir: "backfill/gate", may: []string{"store"}},
		{dir: "backfill/lineage", may: []string{"store", "internal/..."}, tests: []string{"store/..."}},
		{dir: "backfill/metrics", may: []string{"backfill/pace", "backfill/strikes"}, any: true},
		{dir: "backfill/quarantine", may: []string{"store", "backfill/spool", "internal/..."}},
		{dir: "backfill/settling", may: []string{"backfill/pace"}},
		{dir: "backfill/spool", may: []string{"store", "mapping/...", "internal/..."}, any: true},
		{dir: "backfill/strikes", may: []string{"internal/..."}},
		{dir: "backfill/turns", may: []string{"store"}},
		{dir: "backfill/verify", may: []string{"store", "mapping/...", "internal/..."}, any: true},
		{dir: "backfill/probe", may: []string{"backfill", "mapping/...", "internal/..."}, any: true},
		{dir: "backfill", may: []string{"store", "backfill/export", "backfill/gate", "backfill/lineage", "backfill/metrics", "backfill/pace", "backfill/quarantine", "backfill/settling", "backfill/spool", "backfill/strikes", "backfill/turns", "backfill/verify", "mapping/...", "internal/..."}, any: true, tests: []string{"store/..."}},
		{dir: "proxy/", may: []string{"proxy", "backfill", "mapping/...", "internal/..."}, any: true},
		{dir: "proxy", may: []string{"backfill", "mapping/...", "internal/..."}, any: true},
		{dir: "cmd", may: []string{"..."}, any: true},
	}
}

// testOnly are helpers that no shipped package may import.
func testOnly() []string {
	return []string{"internal/testbed", "internal/faults", "internal/standin", "internal/durable/durabletest", "backfill/driver/drivertest", "store/storetest", "store/powerloss", "internal/syncwatch"}
}

// TestArrowsPointDown reads the whole tree.
func TestArrowsPointDown(t *testing.T) {
	bad, seen, err := check(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	if seen < 4 {
		t.Fatalf("only %d packages were found: the tree was not read", seen)
	}
	for _, b := range bad {
		t.Error(b)
	}
}

// TestWrongArrowIsFound makes small trees with one fault each, so that the test above is known to see them.
func TestWrongArrowIsFound(t *testing.T) {
	file := func(pkg string, imports ...string) *fstest.MapFile {
		var b strings.Builder
		fmt.Fprintf(&b, "package %s\n", pkg)
		for _, i := range imports {
			fmt.Fprintf(&b, "import %q\n", i)
		}
		return &fstest.MapFile{Data: []byte(b.String())}
	}
	for _, c := range []struct {
		name, path string
		file       *fstest.MapFile
		want       string // part of the complaint; "" if all is well
	}{
		{"store asks up", "store/a.go", file("store", "crossfade/backfill"), "crossfade/backfill"},
		{"store names its engine", "store/a.go", file("store", "crossfade/store/badger"), "store/badger"},
		{"engine of the store", "store/badger/a.go", file("badger", "crossfade/store", "crossfade/store/internal/x"), ""},
		{"mapping uses go-imap", "mapping/a.go", file("mapping", "github.com/emersion/go-imap/v2"), "go-imap"},
		{"mapping uses x/text", "mapping/a.go", file("mapping", "golang.org/x/text/cases"), ""},
		{"proxy touches store", "proxy/a.go", file("proxy", "crossfade/store"), "crossfade/store"},
		{"proxy names a driver", "proxy/a.go", file("proxy", "crossfade/backfill/driver/imap"), "driver/imap"},
		{"front door beside another", "proxy/imap/a.go", file("imap", "crossfade/proxy/admin"), "proxy/admin"},
		{"front door to proxy", "proxy/imap/a.go", file("imap", "crossfade/proxy", "crossfade/backfill"), ""},
		{"driver touches store", "backfill/driver/imap/a.go", file("imap", "crossfade/store"), "crossfade/store"},
		{"driver uses another", "backfill/driver/dav/a.go", file("dav", "crossfade/backfill/driver/imap"), "driver/imap"},
		{"engine names a driver", "backfill/a.go", file("backfill", "crossfade/backfill/driver/imap"), "driver/imap"},
		{"probe names a driver", "backfill/probe/a.go", file("probe", "crossfade/backfill/driver/imap"), "driver/imap"},
		{"probe uses the engine's nouns", "backfill/probe/a.go", file("probe", "crossfade/backfill", "crossfade/mapping"), ""},
		{"the proof names the engine", "backfill/verify/a.go", file("verify", "crossfade/backfill"), "crossfade/backfill"},
		{"the gate names the proof", "backfill/gate/a.go", file("gate", "crossfade/backfill/verify"), "backfill/verify"},
		{"the spool names the engine", "backfill/spool/a.go", file("spool", "crossfade/backfill"), "crossfade/backfill"},
		{"the engine hands over to the proof", "backfill/a.go", file("backfill", "crossfade/backfill/verify"), ""},
		{"proxy reaches past the engine", "proxy/a.go", file("proxy", "crossfade/backfill/verify"), "backfill/verify"},
		{"engine names a store engine", "backfill/a.go", file("backfill", "crossfade/store/badger"), "store/badger"},
		{"wire with a dependency", "internal/imapwire/a.go", file("imapwire", "golang.org/x/text/cases"), "x/text"},
		{"leaf knows the chain", "internal/x/a.go", file("x", "crossfade/mapping"), "crossfade/mapping"},
		{"shipped code uses the testbed", "backfill/a.go", file("backfill", "crossfade/internal/testbed"), "testbed"},
		{"a test uses a library", "mapping/a_test.go", file("mapping", "pgregory.net/rapid"), ""},
		{"a test of the engine uses a store engine", "backfill/a_test.go", file("backfill", "crossfade/store/memory"), ""},
		{"a test uses the testbed", "backfill/a_test.go", file("backfill", "crossfade/internal/testbed"), ""},
		{"inner test asks up", "backfill/a_test.go", file("backfill", "crossfade/proxy"), "crossfade/proxy"},
		{"outer test asks up", "backfill/a_test.go", file("backfill_test", "crossfade/proxy"), ""},
		{"cmd uses all", "cmd/crossfade/a.go", file("main", "crossfade/store/badger", "crossfade/proxy/imap"), ""},
		{"a stranger", "extra/a.go", file("extra"), "extra"},
		{"init is wiring in the dark", "store/a.go", &fstest.MapFile{Data: []byte("package store\nfunc init() {}\n")}, "init"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tree := fstest.MapFS{c.path: c.file, path.Dir(c.path) + "/doc.go": file(packageOf(c.file))}
			bad, _, err := check(tree)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(bad, "\n")
			if c.want == "" && got != "" || c.want != "" && !strings.Contains(got, c.want) {
				t.Errorf("complaints %q, want one with %q", got, c.want)
			}
		})
	}
}

// TestMissingDocIsFound: a package without a doc.go is named.
func TestMissingDocIsFound(t *testing.T) {
	bad, _, err := check(fstest.MapFS{"mapping/a.go": {Data: []byte("package mapping\n")}})
	if err != nil {
		t.Fatal(err)
	}
	if len(bad) != 1 || !strings.Contains(bad[0], "doc.go") {
		t.Errorf("complaints %q, want one about doc.go", bad)
	}
}

func packageOf(f *fstest.MapFile) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(string(f.Data), "package "), "\n")
	return strings.TrimSuffix(name, "_test")
}

// check reads every Go file below root and returns the complaints and the number of packages seen.
func check(root fs.FS) (bad []string, packages int, err error) {
	hasDoc := map[string]bool{}
	err = fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && (name == "testdata" || len(name) > 1 && name[0] == '.') {
			return fs.SkipDir
		}
		if d.IsDir() || path.Ext(p) != ".go" {
			return nil
		}
		if src, err := fs.ReadFile(root, p); err != nil || strings.HasPrefix(string(src), "//go:build ignore\n") {
			return err // a program of its own, run by go generate
		}
		dir := path.Dir(p)
		hasDoc[dir] = hasDoc[dir] || path.Base(p) == "doc.go"
		complaints, err := checkFile(root, p)
		bad = append(bad, complaints...)
		return err
	})
	for dir, ok := range hasDoc {
		if !ok {
			bad = append(bad, dir+": no doc.go")
		}
	}
	return bad, len(hasDoc), err
}

func checkFile(root fs.FS, p string) ([]string, error) {
	src, err := fs.ReadFile(root, p)
	if err != nil {
		return nil, err
	}
	f, err := parser.ParseFile(token.NewFileSet(), p, src, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(f.Name.Name, "_test") {
		return nil, nil
	}
	var bad []string
	if strings.Contains("\n"+string(src), "\nfunc init()") {
		bad = append(bad, p+": func init() wires things in the dark")
	}
	r, ok := ruleFor(path.Dir(p))
	if !ok {
		return append(bad, p+": the house has no room for "+path.Dir(p)), nil
	}
	for _, i := range f.Imports {
		imported, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return nil, err
		}
		if !r.allows(path.Dir(p), imported, strings.HasSuffix(p, "_test.go")) {
			bad = append(bad, fmt.Sprintf("%s: may not import %s", p, imported))
		}
	}
	return bad, nil
}

func ruleFor(dir string) (rule, bool) {
	for _, r := range rules() {
		if within(dir, r.dir) || strings.HasSuffix(r.dir, "/") && strings.HasPrefix(dir, r.dir) {
			return r, true
		}
	}
	return rule{}, false
}

// allows tells whether a file in dir may import a path. Test files may use the test helpers.
func (r rule) allows(dir, imported string, test bool) bool {
	own, ours := strings.CutPrefix(imported, module+"/")
	if !ours {
		first, _, _ := strings.Cut(imported, "/")
		return r.any || test || !strings.Contains(first, ".") || lists(r.may, imported)
	}
	for _, h := range testOnly() {
		if within(own, h) {
			return test || slices.ContainsFunc(testOnly(), func(h string) bool { return within(dir, h) })
		}
	}
	return lists(r.may, own) || test && lists(r.tests, own)
}

func lists(may []string, imported string) bool {
	for _, m := range may {
		below, all := strings.CutSuffix(m, "...")
		if m == imported || all && (below == "" || within(imported, strings.TrimSuffix(below, "/"))) {
			return true
		}
	}
	return false
}

func within(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }
