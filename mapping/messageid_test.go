package mapping

import (
	"bytes"
	"strings"
	"testing"
)

func TestNormalizeMessageID(t *testing.T) {
	want := NormalizeMessageID([]byte("<a.b@c.example>"))
	if want == 0 {
		t.Fatal("an id gives 0")
	}
	for _, same := range []string{
		" <a.b@c.example>\r\n", "\r\n <a.b@c.example>", "\n\t<a.b@c.example>\n", "<a.b@c.\r\n example>", "a.b@c.example",
		" (was (once) <x@y>) <a.b@c.example> (z)", "<a.b@c.example> <second@c.example>", "<a.b\x00@c.example>", "<a.b\x80@c.example>",
		"<a.b@c.example", "(\\)<x@y>)<a.b@c.example>",
	} {
		if got := NormalizeMessageID([]byte(same)); got != want {
			t.Errorf("%q: %x, want %x", same, got, want)
		}
	}
	for _, other := range []string{"<A.B@c.example>", "<a.b@c.examples>", "<second@c.example> <a.b@c.example>"} {
		if got := NormalizeMessageID([]byte(other)); got == want || got == 0 {
			t.Errorf("%q: %x", other, got)
		}
	}
	for _, none := range []string{"", " \r\n\t", "\x00"} {
		if got := NormalizeMessageID([]byte(none)); got != 0 {
			t.Errorf("%q: %x, want 0", none, got)
		}
	}
	if NormalizeMessageID([]byte("(only a comment")) == 0 || NormalizeMessageID([]byte("<> x@y")) == 0 {
		t.Error("something is taken for nothing")
	}
}

func TestMessageIDFromHeader(t *testing.T) {
	want := NormalizeMessageID([]byte("<a@b>"))
	for _, same := range []string{
		"Message-ID: <a@b>\r\n\r\n", "message-id:<a@b>", "MESSAGE-ID :\r\n <a@b>\r\n\r\n", "Message-Id: <a@b>\n\n",
		"Message-ID:\n\t<a@\n\tb>\n\n", "Message-ID: \r\nMessage-ID: <a@b>\r\n\r\n", "Resent-Message-ID: <x@y>\r\nMessage-ID: <a@b>\r\n",
		"\x00Message-ID: <a@b>\x00\r\n", "X: Message-ID: <x@y>\r\n Message-ID: <x@y>\r\nMessage-ID: <a@b>\r\n", "\r\nMessage-ID: <a@b>\r\n",
		"Message-ID: <a@b>\r\nMessage-ID: <second@b>\r\n",
	} {
		if got := MessageIDFromHeader([]byte(same)); got != want {
			t.Errorf("%q: %x, want %x", same, got, want)
		}
	}
	for _, none := range []string{"", "\r\n", "Message-ID:\r\n\r\n", "Message-ID", "X-Message-ID: <a@b>\r\n", "Message-IDs: <a@b>", "Message: <a@b>"} {
		if got := MessageIDFromHeader([]byte(none)); got != 0 {
			t.Errorf("%q: %x, want 0", none, got)
		}
	}
	block := []byte("Message-ID:\r\n <a@b>\r\n\r\n")
	if n := testing.AllocsPerRun(100, func() { MessageIDFromHeader(block) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzMessageIDFromHeader(f *testing.F) {
	for _, s := range []string{"Message-ID: <a@b>\r\n\r\n", "message-id :\n\t(x <y>) <a@\n b>", "\x00:\r\n", "Message-ID: (\\"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, block []byte) {
		got := MessageIDFromHeader(block)
		if !bytes.Contains(block, []byte(":")) && got != 0 {
			t.Errorf("%q has no field, but the id %x", block, got)
		}
		// CRLF or bare LF, it is the same header.
		if lf := bytes.ReplaceAll(block, []byte("\r\n"), []byte("\n")); MessageIDFromHeader(lf) != got {
			t.Errorf("%q: %x, with bare LF %x", block, got, MessageIDFromHeader(lf))
		}
		value := strings.ReplaceAll(string(block), "\n", "\r\n ")
		if a, b := NormalizeMessageID(block), NormalizeMessageID([]byte(value)); a != b && !bytes.Contains(block, []byte(`\`)) {
			t.Errorf("%q: %x, folded %x", block, a, b)
		}
	})
}

func BenchmarkMessageIDFromHeader(b *testing.B) {
	block := []byte("Message-ID:\r\n <CAFx3a9=bHk-3j0QmZb1xR8F0g@mail.example.com>\r\n\r\n")
	for b.Loop() {
		MessageIDFromHeader(block)
	}
}
