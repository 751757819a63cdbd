package imapwire

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMailboxNames(t *testing.T) {
	for name, wire := range map[string]string{
		"INBOX":              "INBOX",
		"Entwürfe":           "Entw&APw-rfe",
		"R&D":                "R&-D",
		"台北/日本語":             "&U,BTFw-/&ZeVnLIqe-",
		"~peter/mail/台北/日本語": "~peter/mail/&U,BTFw-/&ZeVnLIqe-",
		"💷":                  "&2D3ctw-",
		"a\tb":               "a&AAk-b",
		"":                   "",
	} {
		if got := EncodeMailbox(name); got != wire {
			t.Errorf("%q encodes as %q, want %q", name, got, wire)
		}
		if got := DecodeMailbox(wire); got != name {
			t.Errorf("%q decodes as %q, want %q", wire, got, name)
		}
	}
}

func TestOddMailboxNames(t *testing.T) {
	for wire, want := range map[string]string{
		"Entw\xc3\xbcrfe": "Entwürfe", // raw UTF-8
		"Entw\xfcrfe":     "Entwürfe", // Latin-1
		"R&D":             "R&D",      // bare ampersand
		"R&ACY-D":         "R&D",      // not canonical
		"&AOk-&AOk-":      "éé",       // null shift
		"&2D0-":           "&2D0-",    // lone surrogate
		"&2D3eAA-":        "\U0001f600",
		"&AAA-":           "&AAA-", // NUL
		"&AOk":            "&AOk",
		"&!!-":            "&!!-",
		"&AO\r\nk-":       "&AO\r\nk-",
		"a\tb":            "a\tb",
		"&":               "&",
	} {
		if got := DecodeMailbox(wire); got != want {
			t.Errorf("%q decodes as %q, want %q", wire, got, want)
		}
	}
}

func FuzzMailbox(f *testing.F) {
	for _, s := range []string{"INBOX", "R&D", "Entw&APw-rfe", "&2D0-", "Entw\xfcrfe", "日本語", "&-&AOk-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d := DecodeMailbox(s)
		if !utf8.ValidString(d) {
			t.Fatalf("%q decodes as %q", s, d)
		}
		e := EncodeMailbox(s)
		if strings.ContainsFunc(e, func(r rune) bool { return r < 0x20 || r > 0x7e }) {
			t.Fatalf("%q encodes as %q", s, e)
		}
		if utf8.ValidString(s) && !strings.Contains(s, "\x00") && DecodeMailbox(e) != s {
			t.Fatalf("%q encodes as %q and decodes as %q", s, e, DecodeMailbox(e))
		}
	})
}
