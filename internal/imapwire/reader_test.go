package imapwire

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

var errEnd = io.EOF

func TestNext(t *testing.T) {
	r := NewReader(strings.NewReader("a LOGIN {4+}\r\nj}e\r ~{3}\r\nabc\nb NOOP\r\n"), Limits{})
	text, lit, err := r.Next()
	if err != nil || string(text) != "a LOGIN " || lit == nil || lit.Size != 4 || !lit.NonSync || lit.Binary {
		t.Fatalf("%q %+v %v", text, lit, err)
	}
	if b, err := io.ReadAll(lit); string(b) != "j}e\r" || err != nil {
		t.Fatalf("%q %v", b, err)
	}
	text, lit, err = r.Next()
	if err != nil || string(text) != " " || lit == nil || lit.Size != 3 || lit.NonSync || !lit.Binary {
		t.Fatalf("%q %+v %v", text, lit, err)
	}
	if text, lit, err = r.Next(); err != nil || len(text) != 0 || lit != nil { // abc is drained
		t.Fatalf("%q %+v %v", text, lit, err)
	}
	if text, lit, err = r.Next(); err != nil || string(text) != "b NOOP" || lit != nil {
		t.Fatalf("%q %+v %v", text, lit, err)
	}
	if _, _, err = r.Next(); err != io.EOF {
		t.Fatal(err)
	}
}

func TestCutStreams(t *testing.T) {
	for wire, want := range map[string]error{
		"":                     io.EOF,
		"a":                    io.ErrUnexpectedEOF,
		"a\r":                  io.ErrUnexpectedEOF,
		"a {5}\r\n":            io.ErrUnexpectedEOF,
		"a {5}\r\nabc":         io.ErrUnexpectedEOF,
		"a {5}\r\nabcde":       io.ErrUnexpectedEOF,
		"a {5}\r\nabcde x":     io.ErrUnexpectedEOF,
		"a {5}\r\nabcde x\r\n": nil,
		"a {99999999999999999999999}\r\nabcde x\r\n": io.ErrUnexpectedEOF,
	} {
		for _, step := range []int{1, 100} {
			r := NewReader(&slowReader{[]byte(wire), step}, Limits{})
			var err error
			lit := &Literal{}
			for err == nil && lit != nil {
				_, lit, err = r.Next()
			}
			if err != want {
				t.Errorf("%q: %v, want %v", wire, err, want)
			}
		}
	}
}

func TestStatusTextIsNoLiteral(t *testing.T) {
	for _, line := range []string{"* OK ready {5}", "* no x {5+}", "*  BAD {1}", "* BYE {3}", "* PREAUTH {3}", "+ {5}", "A1 OK done {5}", "junk {5}"} {
		r := NewResponseReader(strings.NewReader(line+"\r\n"), Limits{})
		if text, lit, err := r.Next(); string(text) != line || lit != nil || err != nil {
			t.Errorf("%q: %q %v %v", line, text, lit, err)
		}
	}
	r := NewResponseReader(strings.NewReader("* LIST () \"/\" {5}\r\nhello\r\n"), Limits{})
	if _, lit, err := r.Next(); lit == nil || err != nil {
		t.Error(lit, err)
	}
	if text, lit, err := r.Next(); len(text) != 0 || lit != nil || err != nil {
		t.Error(text, lit, err)
	}
}

func TestLongLine(t *testing.T) {
	long := strings.Repeat("x", 3000)
	for wire, sync := range map[string]bool{
		"a " + long + "\r\n":                                      false,
		"a " + long + " {12+}\r\nc CREATE x\r\n y\r\n":            false,
		"a " + long + " {12+}\r\nc CREATE x\r\n {2+}\r\nxx\r\n":   false,
		"a " + long + " {12}\r\n":                                 true,
		"a {3+}\r\nxxx" + long + " {12+}\r\nc CREATE x\r\n q\r\n": false,
		"a {3+}\r\nxxx" + long + "{2+}\r\nxx" + long + "\r\n":     false,
	} {
		for _, step := range []int{1, 7, 100000} {
			r := NewReader(&slowReader{[]byte(wire + "b NOOP\r\n"), step}, Limits{Line: 1000})
			_, lit, err := r.Next()
			for err == nil && lit != nil {
				_, lit, err = r.Next()
			}
			var le *LimitError
			if !errors.As(err, &le) || le.Sync != sync || !strings.HasPrefix(string(le.Head), "a ") && !strings.HasPrefix(string(le.Head), "xx") {
				t.Fatalf("%.20q: %v %+v", wire, err, le)
			}
			if text, _, err := r.Next(); string(text) != "b NOOP" || err != nil {
				t.Fatalf("%q step %d: then %.40q, %v", wire[len(wire)-20:], step, text, err)
			}
		}
	}
}

func TestRefuse(t *testing.T) {
	for name, wire := range map[string]string{
		"sync: the bytes never come":         "a APPEND x {26}\r\n",
		"non-sync: the bytes are read":       "a APPEND x {14+}\r\nc CREATE bad\r\n\r\n",
		"then a sync literal":                "a APPEND x {14+}\r\nc CREATE bad\r\n {5}\r\n",
		"then another non-sync literal":      "a APPEND x {14+}\r\nc CREATE bad\r\n {12+}\r\nd DELETE x\r\n\r\n",
		"the rest of the line is no command": "a APPEND x {2+}\r\nxxc CREATE bad\r\n",
	} {
		r := NewReader(strings.NewReader(wire+"b NOOP\r\n"), Limits{})
		_, lit, err := r.Next()
		if err != nil || lit == nil {
			t.Fatal(name, err)
		}
		if err := lit.Refuse(); err != nil {
			t.Fatal(name, err)
		}
		if text, _, err := r.Next(); string(text) != "b NOOP" || err != nil {
			t.Errorf("%s: %q %v", name, text, err)
		}
	}
}

func TestReadFrame(t *testing.T) {
	r := NewReader(strings.NewReader("a X {3}\r\nabc {0+}\r\n y\nb NOOP\r\n"), Limits{})
	var f Frame
	var asked []int64
	err := r.ReadFrame(&f, func(l *Literal) error { asked = append(asked, l.Size); return nil })
	if err != nil || string(f.Raw) != "a X {3}\r\nabc {0}\r\n y" || len(asked) != 2 {
		t.Fatalf("%q %v %v", f.Raw, asked, err)
	}
	if err := r.ReadFrame(&f, nil); err != nil || string(f.Raw) != "b NOOP" {
		t.Fatalf("%q %v", f.Raw, err)
	}
}

func TestReadFrameLimits(t *testing.T) {
	lim := Limits{Literal: 100, Frame: 200}
	body := strings.Repeat("z", 90)
	for wire, want := range map[string]LimitError{
		"a X {101}\r\n": {What: "literal", Sync: true},
		"a X {101+}\r\n" + strings.Repeat("z", 101) + "\r\n":                      {What: "literal"},
		"a X {90+}\r\n" + body + "{90+}\r\n" + body + "{90+}\r\n" + body + "\r\n": {What: "frame"},
		"a X {90+}\r\n" + body + strings.Repeat("y", 150) + "\r\n":                {What: "frame"},
		"a X {90+}\r\n" + body + strings.Repeat("y", 150) + "{5}\r\n":             {What: "frame", Sync: true},
	} {
		r := NewReader(strings.NewReader(wire+"b NOOP\r\n"), lim)
		var f Frame
		var le *LimitError
		if err := r.ReadFrame(&f, nil); !errors.As(err, &le) || le.What != want.What || le.Sync != want.Sync {
			t.Errorf("%.30q: %v %+v", wire, err, le)
		}
		if err := r.ReadFrame(&f, nil); err != nil || string(f.Raw) != "b NOOP" {
			t.Errorf("%.30q: then %q %v", wire, f.Raw, err)
		}
	}
}

func TestIdleReaderIsSmall(t *testing.T) {
	r := NewReader(strings.NewReader(strings.Repeat("a NOOP "+strings.Repeat("x", 1000)+"\r\n", 100)), Limits{})
	for {
		if _, _, err := r.Next(); err != nil {
			break
		}
	}
	if len(r.buf) <= idleBuffer {
		t.Fatal("the buffer never grew: the test shows nothing")
	}
	if r.Release(); len(r.buf) != 0 || r.Buffered() != 0 {
		t.Errorf("%d bytes held", len(r.buf))
	}
}

func FuzzReader(f *testing.F) {
	for _, s := range shapes(f) {
		f.Add([]byte(s.wire), true, uint8(3))
	}
	f.Add([]byte("a LOGIN {4+}\r\njoe1 {2}\r\nab\r\nb NOOP\r\n"), false, uint8(1))
	f.Fuzz(func(t *testing.T, wire []byte, responses bool, step uint8) {
		lim := Limits{Line: 64, Literal: 32, Frame: 128}
		read := func(step int) (frames []string) {
			src := &slowReader{bytes.Clone(wire), step}
			r := NewReader(src, lim)
			r.responses = responses
			var fr Frame
			for range len(wire) + 2 {
				err := r.ReadFrame(&fr, nil)
				var le *LimitError
				switch {
				case err == nil:
					frames = append(frames, string(fr.Raw))
				case errors.As(err, &le):
					frames = append(frames, le.Error())
				case err == io.EOF || err == io.ErrUnexpectedEOF:
					return append(frames, err.Error())
				default:
					t.Fatal(err)
				}
			}
			t.Fatal("never ended")
			return nil
		}
		whole, cut := read(len(wire)+1), read(int(step)+1)
		if strings.Join(whole, "\x00") != strings.Join(cut, "\x00") {
			t.Fatalf("%q differs from %q", whole, cut)
		}
	})
}

// BenchmarkFrameBodies frames FETCH answers with bodies of 4 KB.
func BenchmarkFrameBodies(b *testing.B) {
	one := []byte("* 1 FETCH (UID 5 FLAGS (\\Seen) BODY[] {4096}\r\n" + strings.Repeat("x", 4096) + ")\r\n")
	const n = 1000
	all := bytes.Repeat(one, n)
	b.SetBytes(int64(len(one)))
	b.ReportAllocs()
	src := bytes.NewReader(all)
	r := NewResponseReader(src, Limits{})
	for i := 0; b.Loop(); i++ {
		if i%n == 0 {
			src.Reset(all)
			r = NewResponseReader(src, Limits{})
		}
		_, lit, err := r.Next()
		if err != nil || lit == nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, lit); err != nil {
			b.Fatal(err)
		}
		if _, lit, err = r.Next(); err != nil || lit != nil {
			b.Fatal(err)
		}
	}
}
