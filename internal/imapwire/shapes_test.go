package imapwire

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// shape is one odd answer seen from real servers; TAG stands for the tag of the command that waits.
type shape struct{ kind, name, wire string }

// cannotBeFramed: the announced size is wrong, so nobody can know where the answer ends.
const cannotBeFramed = "literal size 1 short of truth (server bug)"

func shapes(t testing.TB) []shape {
	t.Helper()
	b, err := os.ReadFile("testdata/responses.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var out []shape
	for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n")[1:] {
		f := strings.Split(line, "\t")
		if len(f) != 3 {
			t.Fatalf("%q has %d fields", line, len(f))
		}
		wire, err := strconv.Unquote(`"` + strings.ReplaceAll(f[2], `"`, `\"`) + `"`)
		if err != nil {
			t.Fatalf("%s: %v", f[1], err)
		}
		out = append(out, shape{f[0], f[1], wire})
	}
	if len(out) < 100 {
		t.Fatalf("only %d shapes", len(out))
	}
	return out
}

// TestShapesKeepTheConnection reads each shape in one write and byte by byte; the next command's answer must
// still be found.
func TestShapesKeepTheConnection(t *testing.T) {
	for _, s := range shapes(t) {
		if s.name == cannotBeFramed {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			wire := strings.ReplaceAll(s.wire, "TAG", "A1") + "A2 OK NOOP done\r\n"
			for _, step := range []int{1, 3, len(wire)} {
				r := NewResponseReader(&slowReader{[]byte(wire), step}, Limits{})
				var f Frame
				for {
					if err := r.ReadFrame(&f, nil); err != nil {
						t.Fatalf("step %d: %v", step, err)
					}
					if string(f.Raw) == "A2 OK NOOP done" {
						break
					}
				}
			}
		})
	}
}

// TestShapesScan walks over each FETCH shape's attributes: every one of them can be told apart, except where
// quotes do not pair.
func TestShapesScan(t *testing.T) {
	for _, s := range shapes(t) {
		if s.kind != "fetch" || s.name == cannotBeFramed || s.name == "extra CRLF after literal" {
			continue
		}
		r := NewResponseReader(strings.NewReader(s.wire), Limits{})
		var f Frame
		if err := r.ReadFrame(&f, nil); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		if len(f.Raw) == 0 {
			continue
		}
		sc := f.Scanner()
		sc.Byte('*')
		sc.SP()
		if n, ok := sc.Uint32(); !ok || n != 1 {
			t.Errorf("%s: number %d %v", s.name, n, ok)
		}
		if sc.SP(); !sc.Fold("FETCH") {
			t.Errorf("%s: no FETCH", s.name)
		}
		sc.SP()
		uid := uint32(0)
		ok := sc.List(func() bool {
			name, ok := sc.AttName()
			sc.SP()
			if strings.EqualFold(string(name), "UID") {
				uid, ok = sc.Uint32()
				return ok
			}
			_, ok2 := sc.Raw()
			return ok && ok2
		})
		if !ok || !sc.End() || uid != 5 {
			t.Errorf("%s: list %v, rest %q, UID %d", s.name, ok, sc.Rest(), uid)
		}
	}
}

// slowReader gives at most step bytes at a time.
type slowReader struct {
	b    []byte
	step int
}

func (s *slowReader) Read(p []byte) (int, error) {
	if len(s.b) == 0 {
		return 0, errEnd
	}
	n := copy(p, s.b[:min(s.step, len(s.b))])
	s.b = s.b[n:]
	return n, nil
}
