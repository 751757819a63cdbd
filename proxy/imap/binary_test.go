package imap

import (
	"bytes"
	"encoding/base64"
	"io"
	"maps"
	"mime/quotedprintable"
	"strings"
	"testing"
)

func decodeAll(t testing.TB, encoding, text string) string {
	t.Helper()
	r, ok := decoder(encoding, strings.NewReader(text))
	if !ok {
		t.Fatalf("%s is not known", encoding)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestDecoders: what RFC 2045 allows, and what senders make of it.
func TestDecoders(t *testing.T) {
	for _, c := range []struct{ encoding, text, want string }{
		{"", "as it is\r\n", "as it is\r\n"},
		{"8bit", "\xfc\x00", "\xfc\x00"},
		{"base64", "aGVsbG8gd29ybGQ=\r\n", "hello world"},
		{"BASE64", "\r\n  aGVs    \r\n bG8g\t\r\n\r\n   d29y  \r\n bGQ= \r\n", "hello world"},
		{"base64", "aGVsbG8gd29ybGQ", "hello world"},
		{"base64", "AAEC=AAAA", "\x00\x01\x02"},
		{"base64", "a", ""},
		{"base64", "=", ""},
		{"quoted-printable", "hello  \r\nbar=\r\n\r\nfoo\t=\r\nbar\r\n", "hello\r\nbar\r\nfoo\tbar\r\n"},
		{"quoted-printable", "foo\t \t= \r\n=62\r\nfoo = \t\r\nbar\r\n", "foo\t \tb\r\nfoo bar\r\n"},
		{"Quoted-Printable", "Gr=C3=bc=\nn=3D =zz = =4", "Grün= =zz = =4"},
		{"quoted-printable", "last=", "last="},
		{"quoted-printable", strings.Repeat("x=3D", 5000) + "\r\n", strings.Repeat("x=", 5000) + "\r\n"},
	} {
		if got := decodeAll(t, c.encoding, c.text); got != c.want {
			t.Errorf("%s %.60q: %.60q, want %.60q", c.encoding, c.text, got, c.want)
		}
	}
	if _, ok := decoder("X-UUENCODE", nil); ok {
		t.Error("an unknown encoding is known")
	}
}

// TestEncodings reads structures as servers send them.
func TestEncodings(t *testing.T) {
	text := `("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "QUOTED-PRINTABLE" 30 2 NIL NIL NIL NIL)`
	data := `("application" "octet-stream" ("name" {3}` + "\r\na)b" + `) NIL NIL "base64" 8 NIL ("attachment" ("filename" "a.bin")) NIL NIL)`
	mail := func(inner string) string {
		return `("message" "rfc822" NIL NIL NIL "7bit" 300 ("Sat" "a)" NIL NIL NIL NIL NIL NIL NIL NIL) ` + inner + ` 9 NIL NIL NIL NIL)`
	}
	for structure, want := range map[string]map[string]string{
		text: {"1": "QUOTED-PRINTABLE"},
		`(` + text + data + ` "mixed" ("boundary" "b1") NIL NIL NIL)`: {"1": "QUOTED-PRINTABLE", "2": "BASE64"},
		`((` + text + text + ` "alternative")` + data + ` "mixed")`:   {"1.1": "QUOTED-PRINTABLE", "1.2": "QUOTED-PRINTABLE", "2": "BASE64"},
		`(` + text + mail(data) + ` "mixed")`:                         {"1": "QUOTED-PRINTABLE", "2": "7BIT", "2.1": "BASE64"},
		`(` + mail(`(`+text+data+` "mixed")`) + ` "digest")`:          {"1": "7BIT", "1.1": "QUOTED-PRINTABLE", "1.2": "BASE64"},
		`(` + text + `("broken"`:                                      {"1": "QUOTED-PRINTABLE"},
		strings.Repeat("(", 5000):                                     {},
		`NIL`:                                                         {},
	} {
		if got := parseEncodings([]byte(structure)); !maps.Equal(got, want) {
			t.Errorf("%.100s: %v, want %v", structure, got, want)
		}
	}
}

// TestEncodingOf: part 1 of a part that has none is the part itself, and nothing else is.
func TestEncodingOf(t *testing.T) {
	told := map[string]string{"1": "BASE64", "2.1": "QUOTED-PRINTABLE", "2.2": "BASE64", "3": "7BIT", "3.1": "BASE64"}
	for part, want := range map[string]string{
		"1": "BASE64", "1.1": "BASE64", "1.1.1": "BASE64", "2": "", "2.1.1": "QUOTED-PRINTABLE", "2.2.1": "BASE64", "3.1": "BASE64",
		"1.2": "", "2.2.2": "", "4": "", "4.1": "", "": "", "11": "", "10.1": "",
	} {
		if got := encodingOf(told, part); got != want {
			t.Errorf("%s is encoded as %q, want %q", part, got, want)
		}
	}
}

// FuzzBinary: anything is decoded without a fault, and what is encoded properly comes back.
func FuzzBinary(f *testing.F) {
	f.Add([]byte("foo = \t\r\n=62=\r\n"), []byte(`(("text" "plain" NIL NIL NIL "base64" 1 1) "mixed")`))
	f.Fuzz(func(t *testing.T, data, structure []byte) {
		parseEncodings(structure)
		for _, encoding := range []string{"base64", "quoted-printable"} {
			if got := decodeAll(t, encoding, string(data)); len(got) > len(data) {
				t.Fatalf("%s grew from %d to %d bytes", encoding, len(data), len(got))
			}
		}
		if got := decodeAll(t, "base64", base64.StdEncoding.EncodeToString(data)); got != string(data) {
			t.Fatalf("base64: %q", got)
		}
		var quoted bytes.Buffer
		w := quotedprintable.NewWriter(&quoted)
		w.Binary = true
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := decodeAll(t, "quoted-printable", quoted.String()); got != string(data) {
			t.Fatalf("quoted-printable: %q", got)
		}
	})
}
