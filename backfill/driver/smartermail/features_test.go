package smartermail

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"crossfade/backfill"
)

// features are all interfaces of package backfill, and of which half of the joined driver each is a part. One that nothing
// here has to do with has neither.
func features() map[string]struct{ of, face reflect.Type } {
	driver, mail := reflect.TypeFor[*Driver](), reflect.TypeFor[*mail]()
	return map[string]struct{ of, face reflect.Type }{
		"Driver":        {driver, reflect.TypeFor[backfill.Driver]()},
		"Paced":         {driver, reflect.TypeFor[backfill.Paced]()},
		"Piper":         {driver, reflect.TypeFor[backfill.Piper]()},
		"Inspector":     {driver, reflect.TypeFor[backfill.Inspector]()},
		"ActsFor":       {driver, reflect.TypeFor[backfill.ActsFor]()},
		"Greeter":       {driver, reflect.TypeFor[backfill.Greeter]()},
		"Provisioner":   {driver, reflect.TypeFor[backfill.Provisioner]()},
		"MailboxLister": {driver, reflect.TypeFor[backfill.MailboxLister]()},
		"OwnLogins":     {driver, reflect.TypeFor[backfill.OwnLogins]()},
		"Mail":          {mail, reflect.TypeFor[backfill.Mail]()},
		"Writer":        {mail, reflect.TypeFor[backfill.Writer]()},
		"Listener":      {mail, reflect.TypeFor[backfill.Listener]()},
		"Glancer":       {mail, reflect.TypeFor[backfill.Glancer]()},
		"Orphaned":      {mail, reflect.TypeFor[backfill.Orphaned]()},
		"UseCreator":    {mail, reflect.TypeFor[backfill.UseCreator]()},
		"Meter":         {mail, reflect.TypeFor[backfill.Meter]()},
		"LeftBehind":    {mail, reflect.TypeFor[backfill.LeftBehind]()},
		"Restricted":    {mail, reflect.TypeFor[backfill.Restricted]()},
		"Prover":        {mail, reflect.TypeFor[backfill.Prover]()},
		"Sighted":       {mail, reflect.TypeFor[backfill.Sighted]()},
		"AutoCleaner":   {mail, reflect.TypeFor[backfill.AutoCleaner]()},
	}
}

// TestEveryFeature reads package backfill: an interface that is new there must be passed through here, or be said to
// concern no driver. What the joined driver hid would be lost for SmarterMail and nobody would see it.
func TestEveryFeature(t *testing.T) {
	known := features()
	for _, name := range interfaces(t, "../..") {
		if !ast.IsExported(name) {
			continue
		}
		f, ok := known[name]
		if !ok {
			t.Errorf("backfill.%s is new: pass it through in driver.go, and name it in features()", name)
			continue
		}
		if f.of != nil && !f.of.Implements(f.face) {
			t.Errorf("%v is no backfill.%s: it is hidden", f.of, name)
		}
		delete(known, name)
	}
	for name := range known {
		t.Errorf("there is no backfill.%s any more", name)
	}
}

// TestAssertions reads what the program asks of drivers: each such interface has a name here.
func TestAssertions(t *testing.T) {
	known, asked := features(), 0
	for _, dir := range []string{"../..", "../../probe", "../../../cmd/crossfade"} {
		for _, name := range assertions(t, dir) {
			asked++
			if _, ok := known[name]; !ok && name != "measured" { // cmd's own: Collector, see full
				t.Errorf("%s asks something whether it is a %s: can a joined driver be one?", dir, name)
			}
		}
	}
	if asked < 10 {
		t.Errorf("only %d questions were found", asked)
	}
}

// files parses a package without its tests.
func files(t *testing.T, dir string) (out []*ast.File) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %d files, %v", dir, len(paths), err)
	}
	for _, p := range paths {
		if strings.HasSuffix(p, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(gotoken.NewFileSet(), p, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}

// interfaces are the interfaces of a package.
func interfaces(t *testing.T, dir string) (out []string) {
	t.Helper()
	for _, f := range files(t, dir) {
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.TypeSpec); ok {
				if _, ok := s.Type.(*ast.InterfaceType); ok {
					out = append(out, s.Name.Name)
				}
			}
			return true
		})
	}
	return out
}

// assertions are the interfaces, the package's own or those of backfill, that something is asserted to be.
func assertions(t *testing.T, dir string) (out []string) {
	t.Helper()
	own := interfaces(t, dir)
	for _, f := range files(t, dir) {
		ast.Inspect(f, func(n ast.Node) bool {
			a, ok := n.(*ast.TypeAssertExpr)
			if !ok || a.Type == nil {
				return true
			}
			switch x := a.Type.(type) {
			case *ast.Ident:
				if slices.Contains(own, x.Name) {
					out = append(out, x.Name)
				}
			case *ast.SelectorExpr:
				if p, ok := x.X.(*ast.Ident); ok && p.Name == "backfill" {
					out = append(out, x.Sel.Name)
				}
			}
			return true
		})
	}
	return out
}
