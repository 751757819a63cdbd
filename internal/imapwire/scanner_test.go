package imapwire

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestStrings(t *testing.T) {
	for in, want := range map[string]string{
		`"abc" x`:          "abc",
		`"a\"b\\c"`:        `a"b\c`,
		`"DOMAIN\user"`:    `DOMAIN\user`,
		"\"Gr\xfc\xdfe\"":  "Gr\xfc\xdfe",
		"{3}\r\na\"b tail": `a"b`,
		"~{3+}\r\na\x00b":  "a\x00b",
		"{3}\na)b":         "a)b",
		`R&D`:              "R&D",
		`\Seen`:            `\Seen`,
		`INBOX.Sent]x (`:   "INBOX.Sent]x",
	} {
		s := NewScanner([]byte(in))
		if got, ok := s.AString(); !ok || string(got) != want {
			t.Errorf("%q: %q %v", in, got, ok)
		}
	}
	for _, in := range []string{"", `"abc`, `"a\"`, "{5}\r\nabc", "{5}", "(", " a", "{99999999999999999999}\r\n", "\"a\nb\""} {
		s := NewScanner([]byte(in))
		if got, ok := s.AString(); ok || s.Pos() != 0 {
			t.Errorf("%q: %q, at %d", in, got, s.Pos())
		}
	}
	s := NewScanner([]byte(`nil "NIL"`))
	if _, isNil, ok := s.NString(); !isNil || !ok {
		t.Error("nil")
	}
	s.SP()
	if b, isNil, ok := s.NString(); isNil || !ok || string(b) != "NIL" {
		t.Error("quoted NIL")
	}
}

func TestNumbers(t *testing.T) {
	for in, want := range map[string]bool{"0": true, "4294967295": true, "4294967296": false, "-1": false, "": false, "99999999999999999999999": false} {
		if _, ok := NewScanner([]byte(in)).Uint32(); ok != want {
			t.Errorf("%q: %v", in, ok)
		}
	}
	if n, ok := NewScanner([]byte("5000000000")).Number(); n != 5000000000 || !ok {
		t.Error(n, ok)
	}
}

func TestRaw(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("(", n) + strings.Repeat(")", n) }
	for in, want := range map[string]string{
		`NIL x`:                             "NIL",
		"(a (b \"c)\") {3}\r\n)))) x":       "(a (b \"c)\") {3}\r\n))))",
		`"x)" y`:                            `"x)"`,
		`((a)(b)) c`:                        "((a)(b))",
		`BODY[HEADER.FIELDS (TO "X")]<0> 1`: `BODY[HEADER.FIELDS (TO "X")]<0>`,
		deep(maxDepth):                      deep(maxDepth),
		`( a  b ) c`:                        `( a  b )`,
		`(a[b c) d]`:                        `(a[b c)`,
	} {
		s := NewScanner([]byte(in))
		got, ok := s.Raw()
		if !ok || string(got) != want {
			t.Errorf("%q: %q %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "(", "(a", ")", `("a`, deep(maxDepth + 1), strings.Repeat("(", 100000)} {
		if got, ok := NewScanner([]byte(in)).Raw(); ok {
			t.Errorf("%.20q: %.20q", in, got)
		}
	}
}

func TestFlags(t *testing.T) {
	for in, want := range map[string][]string{
		`(\Seen  Label]x )`:      {`\Seen`, `Label]x`},
		"(\\Seen caf\xc3\xa9) x": {`\Seen`, "caf\xc3\xa9"},
		`NIL`:                    nil,
		`()`:                     nil,
		`( )`:                    nil,
		`(\Seen \*)`:             {`\Seen`, `\*`},
		`\Seen \Flagged `:        {`\Seen`, `\Flagged`},
	} {
		got, ok := NewScanner([]byte(in)).Flags(nil, true)
		if !ok || !slices.Equal(got, want) {
			t.Errorf("%q: %q %v", in, got, ok)
		}
	}
	for _, in := range []string{"(a", "", "(a (b))", "a)"} {
		if got, ok := NewScanner([]byte(in)).Flags(nil, true); ok {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestName(t *testing.T) {
	for in, want := range map[string]string{
		`Sent Items`:                "Sent Items",
		`a]b `:                      "a]b",
		`"a b"`:                     "a b",
		`"a b" ("CHILDINFO" ("X"))`: "a b",
		`""`:                        "",
		"{5}\r\nhello":              "hello",
		`"half`:                     `"half`,
	} {
		if got, ok := NewScanner([]byte(in)).Name(); !ok || string(got) != want {
			t.Errorf("%q: %q %v", in, got, ok)
		}
	}
}

func FuzzScanner(f *testing.F) {
	for _, s := range shapes(f) {
		f.Add([]byte(strings.TrimPrefix(s.wire, "* 1 FETCH ")))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := bytes.Clone(raw)
		methods := []func(*Scanner) bool{
			func(s *Scanner) bool { _, ok := s.AString(); return ok },
			func(s *Scanner) bool { _, _, ok := s.NString(); return ok },
			func(s *Scanner) bool { _, ok := s.Number(); return ok },
			func(s *Scanner) bool { _, ok := s.AttName(); return ok },
			func(s *Scanner) bool { _, ok := s.Flags(nil, false); return ok },
			func(s *Scanner) bool { _, ok := s.Flags(nil, true); return ok },
			func(s *Scanner) bool { _, ok := s.Name(); return ok },
			func(s *Scanner) bool { return s.List(func() bool { _, ok := s.Raw(); return ok }) },
			func(s *Scanner) bool {
				from := s.Pos()
				b, ok := s.Raw()
				if ok && !bytes.Equal(b, raw[from:s.Pos()]) {
					t.Fatalf("Raw %q is not what was passed", b)
				}
				return ok
			},
		}
		for at := range min(len(raw), 50) {
			for i, m := range methods {
				s := NewScanner(raw)
				s.Seek(at)
				ok := m(s)
				if !ok && s.Pos() != at && i != 5 { // bare flags may have passed some
					t.Fatalf("method %d failed and moved from %d to %d", i, at, s.Pos())
				}
				if s.Pos() < at || s.Pos() > len(raw) {
					t.Fatalf("method %d: at %d of %d", i, s.Pos(), len(raw))
				}
			}
		}
		if !bytes.Equal(raw, before) {
			t.Fatal("the frame was written to")
		}
	})
}
