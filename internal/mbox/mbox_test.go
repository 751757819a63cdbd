package mbox

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// split reads an mbox file as any program does that knows mboxrd.
func split(text []byte) (out [][]byte) {
	for line := range bytes.Lines(text) {
		if bytes.HasPrefix(line, []byte("From ")) {
			out = append(out, nil)
			continue
		}
		if bare := bytes.TrimLeft(line, ">"); len(bare) < len(line) && bytes.HasPrefix(bare, []byte("From ")) {
			line = line[1:]
		}
		out[len(out)-1] = append(out[len(out)-1], line...)
	}
	for i := range out {
		out[i] = bytes.TrimSuffix(out[i], []byte("\n")) // the blank line behind it
	}
	return out
}

// plain is what a message is but for its line ends.
func plain(body []byte) []byte {
	body = bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n"))
	if len(body) > 0 && body[len(body)-1] != '\n' {
		body = append(body, '\n')
	}
	return body
}

func put(t interface{ Fatal(...any) }, f *File, uid uint32, body []byte) {
	if err := f.Put(Message{UIDValidity: 1, UID: uid, Size: int64(len(body)), Date: time.Unix(1e9, 0)}, bytes.NewReader(body)); err != nil {
		t.Fatal(err)
	}
}

// FuzzQuote: whatever a message is, a reader of mboxrd has it back, and finds no message more.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "From ", "From me\r\n>From you\r\n>>From all\nFrom", ">", ">>From  \r\r\n", "a\r\n\r\nFrom x", "\rFrom \r\n.\r\n", strings.Repeat(">", 70000) + "From "} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var out bytes.Buffer
		w := bufio.NewWriter(&out)
		if err := quote(w, bufio.NewReaderSize(bytes.NewReader(body), 16)); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		text := append([]byte("From x\n"), out.Bytes()...)
		got := split(append(text, '\n'))
		if len(got) != 1 || !bytes.Equal(got[0], plain(bytes.Clone(body))) {
			t.Fatalf("%q was written as %q and read as %q", body, out.Bytes(), got)
		}
	})
}

// TestFile: any messages, any cut: what is written again makes the same file.
func TestFile(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		path := filepath.Join(dir, "a", "b.mbox")
		bodies := rapid.SliceOfN(rapid.SliceOf(rapid.SampledFrom([]byte("From >\r\n."))), 1, 6).Draw(rt, "bodies")
		write := func() []byte {
			f, err := Open(path)
			if err != nil {
				rt.Fatal(err)
			}
			for i, b := range bodies {
				put(rt, f, uint32(i+1), b)
			}
			if has := f.Has(1); len(has) != len(bodies) || f.Has(2) != nil {
				rt.Fatalf("has %v", has)
			}
			if err := f.Close(); err != nil {
				rt.Fatal(err)
			}
			text, err := os.ReadFile(path)
			if err != nil {
				rt.Fatal(err)
			}
			return text
		}
		first := write()
		got := split(first)
		for i, b := range bodies {
			if len(got) != len(bodies) || !bytes.Equal(got[i], plain(bytes.Clone(b))) {
				rt.Fatalf("%q was read as %q", bodies, got)
			}
		}
		for _, name := range []string{path, path + ".index"} { // a power cut
			info, err := os.Stat(name)
			if err != nil {
				rt.Fatal(err)
			}
			if err := os.Truncate(name, rapid.Int64Range(0, info.Size()).Draw(rt, "cut")); err != nil {
				rt.Fatal(err)
			}
		}
		if again := write(); !bytes.Equal(first, again) {
			rt.Fatalf("first %q, then %q", first, again)
		}
	})
}

// TestCutMessage: a message that is cut off leaves no trace.
func TestCutMessage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.mbox")
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	put(t, f, 1, []byte("a\r\n"))
	if err := f.Put(Message{UIDValidity: 1, UID: 2, Size: 10}, strings.NewReader("short")); err == nil {
		t.Error("a message of five bytes passed for one of ten")
	}
	put(t, f, 3, []byte("b"))
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if want := "From MAILER-DAEMON Sun Sep  9 01:46:40 2001\na\n\nFrom MAILER-DAEMON Sun Sep  9 01:46:40 2001\nb\n\n"; err != nil || string(text) != want {
		t.Errorf("%q, want %q: %v", text, want, err)
	}
	if has := f.Has(1); !slices.Equal(has, []uint32{1, 3}) {
		t.Errorf("has %v", has)
	}
}
