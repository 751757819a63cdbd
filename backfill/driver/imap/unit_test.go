package imap

import (
	"slices"
	"testing"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"pgregory.net/rapid"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
)

func TestParseDate(t *testing.T) {
	utc := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for in, want := range map[string]string{
		"01-Jan-2020 00:00:00 +0000":      "2020-01-01T00:00:00Z",
		" 1-Jan-2020 00:00:00 -0330":      "2020-01-01T00:00:00-03:30",
		"1-Jan-2020 00:00:00 +0000":       "2020-01-01T00:00:00Z",
		"01-Jan-2020 00:00:00 GMT":        "2020-01-01T00:00:00Z",
		"Wed, 01 Jan 2020 00:00:00 +0000": "2020-01-01T00:00:00Z",
		"01-Jan-2020 00:00:00 +2400":      "2019-12-31T00:00:00Z",
		"31-Feb-2020 00:00:00 +0000":      "",
		"":                                "",
		"nonsense":                        "",
	} {
		got, ok := parseDate(in)
		if ok != (want != "") || ok && got.Format(time.RFC3339) != want {
			t.Errorf("%q: %v %v", in, got, ok)
		}
	}
	if got := sane(utc.In(time.FixedZone("", 1172))); !got.Equal(utc) || got.Format(dateLayout) != "01-Jan-2020 00:00:00 +0000" {
		t.Errorf("a zone with seconds: %v", got)
	}
}

func TestParseStatus(t *testing.T) {
	for in, want := range map[string]status{
		"OK":                                 {kind: "OK"},
		"ok done":                            {kind: "OK", text: "done"},
		"NO [OVERQUOTA] full":                {kind: "NO", code: "OVERQUOTA", text: "full"},
		"OK [X-INFO a[b]] x":                 {kind: "OK", code: "X-INFO", args: []byte("a[b]"), text: "x"},
		`OK [PERMANENTFLAGS (\Seen a]b)] ok`: {kind: "OK", code: "PERMANENTFLAGS", args: []byte(`(\Seen a]b)`), text: "ok"},
		"OK [PERMANENTFLAGS NIL] x":          {kind: "OK", code: "PERMANENTFLAGS", args: []byte("NIL"), text: "x"},
		"NO [unfinished":                     {kind: "NO", text: "[unfinished"},
		"BAD {5}":                            {kind: "BAD", text: "{5}"},
	} {
		got, ok := parseStatus(imapwire.NewScanner([]byte(in)))
		if !ok || got.kind != want.kind || got.code != want.code || string(got.args) != string(want.args) || got.text != want.text {
			t.Errorf("%q: %+v %v", in, got, ok)
		}
	}
	if _, ok := parseStatus(imapwire.NewScanner([]byte("HELLO world"))); ok {
		t.Error("no status")
	}
}

func TestRefusals(t *testing.T) {
	c := &conn{host: "h"}
	for in, want := range map[string]backfill.Error{
		"NO [THROTTLED] x":          {Scope: backfill.HostScope, Patience: backfill.Later},
		"NO Server is busy":         {Scope: backfill.HostScope, Patience: backfill.Later},
		"NO [OVERQUOTA] x":          {Scope: backfill.AccountScope, Patience: backfill.Later},
		"NO [TRYCREATE] x":          {Scope: backfill.FolderScope, Patience: backfill.Later},
		"NO [ALREADYEXISTS] x":      {Scope: backfill.Item, Patience: backfill.Never},
		"NO message contains a NUL": {Scope: backfill.Item, Patience: backfill.Later},
		"BAD syntax":                {Scope: backfill.Item, Patience: backfill.Never},
		"NO [TOOBIG] x":             {Scope: backfill.Item, Patience: backfill.Never},
		"NO [LIMIT] slow down":      {Scope: backfill.HostScope, Patience: backfill.Later},
		"NO [LIMIT] Mail size is larger than the maximum size allowed by server configuration": {Scope: backfill.Item, Patience: backfill.Never},
	} {
		st, _ := parseStatus(imapwire.NewScanner([]byte(in)))
		if e := c.refused("APPEND", st, backfill.Item); e.Scope != want.Scope || e.Patience != want.Patience {
			t.Errorf("%q: %+v", in, e)
		}
	}
}

func TestCopyUID(t *testing.T) {
	for in, want := range map[string]bool{
		"7 1:3 5:7": true, "7 1,3 5,9": true, "0 1 2": false, "7 1:3 5:6": false, "7": false, "7 1:4294967295 1:4294967295": false, "7 * 5": false, "x 1 2": false,
	} {
		out := backfill.Copied{UIDs: map[uint32]uint32{}}
		if got := learnCopies(&out, status{code: "COPYUID", args: []byte(in)}); got != want {
			t.Errorf("%q: %v %+v", in, got, out)
		}
	}
	got := learnAppended(status{code: "APPENDUID", args: []byte("9 1:2,7")}, 3)
	if got[2].UID != 7 || got[0].UIDValidity != 9 {
		t.Errorf("%+v", got)
	}
}

func TestSeparators(t *testing.T) {
	for in, want := range map[string]string{`"/" x`: "/", `"\\" x`: `\`, `"\" x`: `\`, `NIL x`: "", `nil x`: "", `"" x`: "", `"//" x`: "/"} {
		if got, ok := parseSeparator(imapwire.NewScanner([]byte(in))); !ok || got != want {
			t.Errorf("%q: %q %v", in, got, ok)
		}
	}
}

func TestNamespaces(t *testing.T) {
	for in, want := range map[string]struct {
		prefix, sep string
		foreign     []string
	}{
		`(("INBOX." "." "X-PARAM" ("a" "b"))("#x" "/")) (("~" "/")) NIL`:          {"INBOX.", ".", []string{"~"}},
		`(("" "/")) (("Other Users/" "/")) (("Shared Folders/" "/"))`:             {"", "/", []string{"Other Users/", "Shared Folders/"}},
		`(("INBOX." ".")) NIL (("#shared." ".")("shared." "."))`:                  {"INBOX.", ".", []string{"#shared.", "shared."}},
		`(("" "/")) (("/home/" "/")) (("" "/"))`:                                  {"", "/", []string{"/home/"}},
		`(("INBOX." ".")) (("INBOX." ".")) (("INBOX" ".") ("inb" ".") ("x" "."))`: {"INBOX.", ".", []string{"x"}},
		`(("" NIL)) NIL`: {"", "", nil},
	} {
		n, ok := parseNamespaces(imapwire.NewScanner([]byte(in)))
		if !ok || n.personal[0] != (namespace{want.prefix, want.sep}) || !slices.Equal(n.foreign(), want.foreign) {
			t.Errorf("%s: %+v %q %v", in, n, n.foreign(), ok)
		}
	}
	if _, ok := parseNamespaces(imapwire.NewScanner([]byte("NIL NIL NIL"))); ok {
		t.Error("no personal namespace")
	}
}

func TestPages(t *testing.T) {
	for _, state := range []backfill.BoxState{{Exists: 100, UIDNext: 4e9}, {Exists: 100_000, UIDNext: 100_001}, {Exists: 100_000, UIDNext: 4294967295}, {Exists: 50_000}} {
		s := newScan(&conn{state: state}, backfill.Scan{})
		pages := s.pages()
		if len(pages) > 10 {
			t.Errorf("%+v: %d pages", state, len(pages))
		}
		next := uint64(1)
		for i, p := range pages {
			sc := imapwire.NewScanner([]byte(p))
			from, _ := sc.Number()
			sc.Byte(':')
			to, ok := sc.Number()
			if from != next || ok == (i == len(pages)-1) {
				t.Errorf("%+v: %v", state, pages)
			}
			next = to + 1
		}
	}
}

func TestSets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := sortedUIDs(rapid.SliceOfN(rapid.Uint32Range(1, 200), 0, 50).Draw(t, "all"))
		some := sortedUIDs(rapid.SliceOfN(rapid.Uint32Range(1, 200), 0, 50).Draw(t, "some"))
		set := backfill.SetOf(all)
		if got := expand(set, 1000); !slices.Equal(got, all) {
			t.Fatalf("%v expands to %v", all, got)
		}
		var want []uint32
		for u := uint32(1); u <= 200; u++ {
			in, out := slices.Contains(all, u), slices.Contains(some, u)
			if contains(set, u) != in {
				t.Fatalf("contains(%v, %d) = %v", set, u, !in)
			}
			if in && !out {
				want = append(want, u)
			}
		}
		if got := expand(without(set, some), 1000); !slices.Equal(got, want) {
			t.Fatalf("%v without %v is %v", all, some, got)
		}
		var back goimap.UIDSet
		for _, c := range chunks(set) {
			back = append(back, parseSet([]byte(c))...)
		}
		if got := expand(back, 1000); !slices.Equal(got, all) {
			t.Fatalf("%v is sent as %v", all, got)
		}
	})
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`(UID 5 FLAGS (\Seen a]b) RFC822.SIZE 7 INTERNALDATE "01-Jan-2020 00:00:00 +0000" BODY[HEADER.FIELDS (MESSAGE-ID)] "x")`))
	f.Add([]byte(`(\HasChildren) "/" "a b"`))
	f.Add([]byte(`(EARLIER) 1:4294967295,7`))
	f.Add([]byte(`INBOX (MESSAGES 231 UIDNEXT 44292 UIDVALIDITY 1 HIGHESTMODSEQ 7)`))
	f.Add([]byte(`OK [COPYUID 7 1:3 5:7] x`))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, _ := parseEntry(imapwire.NewScanner(b), flagCache{})
		if e.got&gotUID != 0 && e.UID == 0 {
			t.Fatal("UID 0")
		}
		if fo, ok := parseFolder(imapwire.NewScanner(b)); ok && len(fo.Path) == 0 {
			t.Fatal("a folder without a path")
		}
		st, ok := parseStatus(imapwire.NewScanner(b))
		c := &conn{}
		if ok {
			c.statusCode(st)
			c.refused("x", st, backfill.Item)
			learnAppended(st, 3)
		}
		_ = c.data(handler{}, "VANISHED", 0, imapwire.NewScanner(b))
		_ = c.data(handler{vanished: func(from, to uint32) {
			if from == 0 || from > to {
				t.Fatalf("%d:%d vanished", from, to)
			}
		}}, "VANISHED", 0, imapwire.NewScanner(b))
		(&glance{out: map[string]backfill.BoxState{}}).data("STATUS", 0, imapwire.NewScanner(b))
		parseNamespaces(imapwire.NewScanner(b))
	})
}

// TestNoDeflateNearby: a server in the same house, or one that does not offer it, is not asked to compress.
func TestNoDeflateNearby(t *testing.T) {
	for _, c := range []*conn{
		{caps: goimap.CapSet{capDeflate: {}}, trip: deflateFrom - 1},
		{caps: goimap.CapSet{}, trip: time.Second},
	} {
		if err := c.compress(); err != nil { // a command would end in a panic: there is no wire
			t.Error(err)
		}
	}
}
