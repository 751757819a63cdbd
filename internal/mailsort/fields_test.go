package mailsort

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// TestBaseSubject: the rules of RFC 5256 2.1.
func TestBaseSubject(t *testing.T) {
	for _, c := range []struct {
		in, want string
		reply    bool
	}{
		{"hello", "hello", false},
		{"Re: hello", "hello", true},
		{"re : hello", "hello", true},
		{"RE[2]: hello", "hello", true},
		{"Re [x] : hello", "hello", true},
		{"Fwd: FW: Re: hello", "hello", true},
		{"Fw: hello (fwd) (FWD) ", "hello", true},
		{"hello(fwd)", "hello", true},
		{"[list] hello", "hello", false},
		{"[list] Re: [list] hello", "hello", true},
		{"Re: [a] [b] Re: [c] hello [d]", "hello [d]", true},
		{"[list]", "[list]", false},
		{"[a] [b]", "[b]", false},
		{"[a][b] c", "c", false},
		{"Re:", "", true},
		{"Re: [list]", "[list]", true},
		{"[Fwd: hello]", "hello", true},
		{"[fwd: Re: [list] hello] (fwd)", "hello", true},
		{"[Fwd: [Fwd: hello]]", "hello", true},
		{"[Fwd: ", "[Fwd:", false},
		{"Reply: hello", "Reply: hello", false},
		{"Aw: hello", "Aw: hello", false},
		{"re hello", "re hello", false},
		{"a\t  b\r\n c", "a b c", false},
		{" \t ", "", false},
		{"", "", false},
		{"[unclosed hello", "[unclosed hello", false},
		{"[[nested]] x", "[[nested]] x", false},
	} {
		if got, reply := BaseSubject(c.in); got != c.want || reply != c.reply {
			t.Errorf("BaseSubject(%q) = %q, %v, want %q, %v", c.in, got, reply, c.want, c.reply)
		}
	}
}

// TestBaseSubjectOfReplies: what mail programs put around a subject does not change its base.
func TestBaseSubjectOfReplies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := rapid.SampledFrom([]string{"hello", "Grüße aus Köln", "a (b) c", "x: y", "2 [3] 4"}).Draw(t, "base")
		s, reply := base, false
		for range rapid.IntRange(0, 6).Draw(t, "times") {
			switch around := rapid.SampledFrom([]string{"Re: ", "FW:", "fwd : ", "re[4]:", "[list] ", "[a][b]", " ", "trailer", "fwd"}).Draw(t, "around"); around {
			case "trailer":
				s, reply = s+" (Fwd)", true
			case "fwd":
				s, reply = "[fWd: "+s+"]", true
			case "[list] ", "[a][b]", " ":
				s = around + s
			default:
				s, reply = around+s, true
			}
		}
		if got, is := BaseSubject(s); got != base || is != reply {
			t.Fatalf("BaseSubject(%q) = %q, %v", s, got, is)
		}
	})
}

// FuzzBaseSubject: the base of a base is the base, whatever comes.
func FuzzBaseSubject(f *testing.F) {
	for _, s := range []string{"Re: [a] x (fwd)", "[Fwd: [Fwd: x]]", strings.Repeat("[a]", 50) + "re:", "[a] [", "=?utf-8?q?Re:_x?=", "=?", "\xff\xfe"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		base, _ := BaseSubject(Decode(s))
		if !utf8.ValidString(base) {
			t.Fatalf("%q is no UTF-8", base)
		}
		if again, reply := BaseSubject(base); again != base || reply {
			t.Fatalf("%q has the base %q, and that has %q, %v", s, base, again, reply)
		}
		if folded := Fold(base); Fold(folded) != folded && strings.ToValidUTF8(base, "") == base && isASCII(base) {
			t.Fatalf("%q is folded to %q and further", base, folded)
		}
	})
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// TestDecode: encoded words (RFC 2047) and what is sent instead of them.
func TestDecode(t *testing.T) {
	for _, c := range [][2]string{
		{"plain", "plain"},
		{"=?utf-8?q?Gr=C3=BC=C3=9Fe?= aus =?iso-8859-1?Q?K=F6ln?=", "Grüße aus Köln"},
		{"=?UTF-8?B?SGVs?= =?UTF-8?B?bG8=?=", "Hello"},
		{"=?windows-1251?Q?=CF=F0=E8=E2=E5=F2?=", "Привет"},
		{"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"},
		{"=?x-unknown?q?caf=C3=A9?=", "café"},
		{"=?utf-8?q?broken", "=?utf-8?q?broken"},
		{"caf\xe9", "café"},
		{"Grüße", "Grüße"},
		{"a \t b", "a b"},
	} {
		if got := Decode(c[0]); got != c[1] {
			t.Errorf("Decode(%q) = %q, want %q", c[0], got, c[1])
		}
	}
}

// TestFold: i;unicode-casemap (RFC 5051).
func TestFold(t *testing.T) {
	for _, c := range [][2]string{{"abc", "ABC"}, {"É", "é"}, {"E\u0301", "é"}, {"ａ", "A"}, {"ǆ", "ǅ"}, {"я", "Я"}} {
		if Fold(c[0]) != Fold(c[1]) {
			t.Errorf("%q and %q differ: %q, %q", c[0], c[1], Fold(c[0]), Fold(c[1]))
		}
	}
	if Fold("ß") == Fold("ss") || Fold("a") == Fold("b") || Fold("e") == Fold("é") {
		t.Error("different texts are one")
	}
}

// TestSentDate: the dates of RFC 5322, and of RFC 5256 2.2 what is to be made of wrong ones.
func TestSentDate(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"Mon, 1 Jan 2001 00:01:33 +0000", "2001-01-01T00:01:33Z"},
		{"31 Dec 2000 16:01:33 -0800", "2001-01-01T00:01:33Z"},
		{"Sun,31 Dec 2000 16:01:33 PST", "2001-01-01T00:01:33Z"},
		{"1 January 2001 10:00 GMT (a (nested) comment)", "2001-01-01T10:00:00Z"},
		{"1 (one) Jan 2001 1:02:60 +0130", "2000-12-31T23:32:59Z"},
		{"1 Jan 01 10:00:00 Z", "2001-01-01T10:00:00Z"},
		{"1 Jan 99 10:00:00", "1999-01-01T10:00:00Z"},
		{"1 Jan 102 10:00:00 A", "2002-01-01T10:00:00Z"},
		{"1 Jan 2001 10:00:00 +9999", "2001-01-01T10:00:00Z"},
		{"1 Jan 2001 25:00:00 +0100", "2001-01-01T00:00:00Z"},
		{"1 Jan 2001", "2001-01-01T00:00:00Z"},
		{"Thu, 29 Feb 2024 00:00:00 +0000", "2024-02-29T00:00:00Z"},
		{"29 Feb 2023 00:00:00 +0000", ""},
		{"32 Jan 2001 10:00:00 +0000", ""},
		{"1 Foo 2001 10:00:00 +0000", ""},
		{"yesterday", ""}, {"", ""}, {"Mon,", ""}, {"1 Jan", ""}, {"1 Jan 20011", ""},
	} {
		got := ""
		if seconds, ok := SentDate(c.in); ok {
			got = time.Unix(seconds, 0).UTC().Format(time.RFC3339)
		}
		if got != c.want {
			t.Errorf("SentDate(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

// TestSentDateReadsWhatIsWritten: any date in any zone comes back.
func TestSentDateReadsWhatIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.IntRange(-12*60, 14*60).Draw(t, "zone")
		when := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "when"), 0).In(time.FixedZone("", zone*60))
		for _, layout := range []string{time.RFC1123Z, "2 Jan 2006 15:04:05 -0700"} {
			if got, ok := SentDate(when.Format(layout)); !ok || got != when.Unix() {
				t.Fatalf("%s: %d, %v, want %d", when.Format(layout), got, ok, when.Unix())
			}
		}
	})
}

// TestFirstAddress: the addresses of RFC 5322 3.4 as ENVELOPE tells them.
func TestFirstAddress(t *testing.T) {
	for _, c := range []struct{ in, mailbox, host, display string }{
		{"joe@example.org", "joe", "example.org", "joe@example.org"},
		{"Joe Q. Public <john.q.public@example.com>, x@y", "john.q.public", "example.com", "Joe Q. Public"},
		{`"Giant; \"Big\" Box" <sysservices@example.net>`, "sysservices", "example.net", `Giant; "Big" Box`},
		{"joe@example.org (Joe (the) Plumber)", "joe", "example.org", "Joe (the) Plumber"},
		{"=?utf-8?q?J=C3=B6?= <joe@example.org>", "joe", "example.org", "Jö"},
		{`"joe q" @ example.org`, "joe q", "example.org", "joe q@example.org"},
		{"<@a,@b:joe@example.org>", "joe", "example.org", "joe@example.org"},
		{`"" <joe@example.org>`, "joe", "example.org", "joe@example.org"},
		{"A Group:Ed <ed@x>,joe@y;", "A Group", "", "A Group"},
		{"undisclosed-recipients:;", "undisclosed-recipients", "", "undisclosed-recipients"},
		{", , joe@x", "joe", "x", "joe@x"},
		{"joe", "joe", "", "joe"},
		{"<joe>", "joe", "", "joe"},
		{"<", "", "", ""}, {"", "", "", ""}, {"\"", "", "", ""}, {"(", "", "", ""}, {"@", "", "", ""},
	} {
		a := firstAddress(c.in)
		if a.mailbox != c.mailbox || a.host != c.host || a.display() != c.display {
			t.Errorf("%q: %q at %q, %q", c.in, a.mailbox, a.host, a.display())
		}
	}
}

// TestReferences: which ids a message refers to.
func TestReferences(t *testing.T) {
	id := func(s string) ID {
		got, _, ok := nextID("<" + s + ">")
		if !ok {
			t.Fatalf("%q is no id", s)
		}
		return got
	}
	for _, c := range []struct {
		refs, replyTo string
		want          []string
	}{
		{"<a@x> <b@x>", "<c@x>", []string{"a@x", "b@x"}},
		{"", "Your message of <c@x> and <d@x>", []string{"c@x"}},
		{"junk", "<c@x>", []string{"c@x"}},
		{"<a@x><b@x>,<\"c\"@x> (comment) <d @\tx>", "", []string{"a@x", "b@x", "c@x", "d@x"}},
		{"<noat> <@x> <a@> <> <a <b@x>", "", []string{"b@x"}},
		{"", "", nil},
	} {
		got := references(c.refs, c.replyTo)
		ok := len(got) == len(c.want)
		for i := range min(len(got), len(c.want)) {
			ok = ok && got[i] == id(c.want[i])
		}
		if !ok {
			t.Errorf("%q, %q: %d ids, want %q", c.refs, c.replyTo, len(got), c.want)
		}
	}
	var long strings.Builder
	for i := range 3 * maxReferences {
		long.WriteString("<" + strings.Repeat("i", i+1) + "@x> ")
	}
	got := references(long.String(), "")
	if len(got) != maxReferences || got[0] != id("i@x") || got[maxReferences-1] != id(strings.Repeat("i", 3*maxReferences)+"@x") {
		t.Errorf("of many references %d are kept", len(got))
	}
}

// FuzzGather: whatever header a message has, it becomes one row of every column.
func FuzzGather(f *testing.F) {
	for _, s := range []string{"Subject: a\r\n b\r\nFrom: x@y\r\n\r\n", "From: \"a\\\" <(b)>:;@,\r\n", "Date: 1 Jan 2001 1:1 +1\r\n", "References: <a@b> <\"c@d>\r\n", ":\n\n: \n", "subject:=?utf-8?b?/w==?=\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, block []byte) {
		g := NewGatherer(SetOf(Date, Subject, From, To, Cc, DisplayFrom, DisplayTo, References))
		g.Add(7, block)
		g.Add(3, nil)
		for k := Date; k < Keys; k++ {
			c := g.Merge(k, NewColumn(k))
			if uids := c.UIDs(); len(uids) != 2 || uids[0] != 3 || len(c.Values(uids)) != 2 {
				t.Fatalf("key %d: %v", k, uids)
			}
		}
	})
}
