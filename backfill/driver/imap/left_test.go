package imap

import (
	"reflect"
	"testing"

	"crossfade/internal/imapwire"
)

func TestParseACL(t *testing.T) {
	for text, want := range map[string][]right{
		`INBOX ann lrs bob lr`:          {{"ann", "lrs"}, {"bob", "lr"}},
		`"a b" "x y" "lr" -bob w`:       {{"x y", "lr"}, {"-bob", "w"}},
		`INBOX`:                         nil,
		`INBOX ann`:                     nil,
		``:                              nil,
		"{1}\r\nx {3}\r\nbob {2}\r\nlr": {{"bob", "lr"}},
	} {
		if got := parseACL(imapwire.NewScanner([]byte(text))); !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}

// TestRightOwn: what shares a folder with nobody.
func TestRightOwn(t *testing.T) {
	for _, c := range []struct {
		who, rights string
		own         bool
	}{
		{"Ann@x.example", "lrswipkxtea", true}, {"ann", "lr", true}, {"owner", "lr", true}, {"anyone", "p", true}, {"-bob", "lr", true}, {"bob", "", true},
		{"bob", "lr", false}, {"anyone", "lrp", false}, {"ann@y.example", "l", false},
	} {
		if got := (right{c.who, c.rights}).own("ann@x.example"); got != c.own {
			t.Errorf("%v: %v", c, got)
		}
	}
}

func TestParseMetadata(t *testing.T) {
	const common = "/shared" // where entries for everybody are
	for text, want := range map[string][]string{
		`INBOX (/private/comment "mine" ` + common + `/comment NIL)`:         {"/private/comment"},
		`"" (` + common + `/admin "mailto:x" /private/vendor/k/color "red")`: {"/private/vendor/k/color"},
		`INBOX (` + common + `/vendor/cmu/cyrus-imapd/lastupdate "x")`:       nil,
		"INBOX (/private/comment {3}\r\nx y)":                                {"/private/comment"},
		`INBOX /private/comment`:                                             nil,
		`INBOX`:                                                              nil,
	} {
		if got := parseMetadata(imapwire.NewScanner([]byte(text))); !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}

func TestParseMyRights(t *testing.T) {
	for text, want := range map[string]string{
		`INBOX lrswipkxtea`: "lrswipkxtea",
		`"a b" "lr"`:        "lr",
		`INBOX ""`:          "",
		"{1}\r\nx lr":       "lr",
		`INBOX`:             "none",
		``:                  "none",
	} {
		got, ok := parseMyRights(imapwire.NewScanner([]byte(text)))
		if !ok {
			got = "none"
		}
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// TestLacking: what a folder's rights keep the move from, by RFC 4314 and as servers of before it have them.
func TestLacking(t *testing.T) {
	for _, c := range []struct{ rights, below, above string }{
		{"lrswipkxtea", "", ""},
		{"lrswitea", "", ""},
		{"lrswipcda", "", ""}, // RFC 2086
		{"lr", "", "add mail, set flags, mark mail as read, delete mail, expunge"},
		{"lrswi", "", "delete mail, expunge"},
		{"lrswit", "", "expunge"},
		{"la", "read it", "read it, add mail, set flags, mark mail as read, delete mail, expunge"},
		{"", "read it", "read it, add mail, set flags, mark mail as read, delete mail, expunge"},
	} {
		if got := lacking(c.rights, false); got != c.below {
			t.Errorf("%q below: %q, want %q", c.rights, got, c.below)
		}
		if got := lacking(c.rights, true); got != c.above {
			t.Errorf("%q above: %q, want %q", c.rights, got, c.above)
		}
	}
}

func FuzzLeft(f *testing.F) {
	f.Add(`INBOX ann lrs`)
	f.Add(`INBOX (/private/comment "x")`)
	f.Fuzz(func(t *testing.T, text string) {
		if rights, _ := parseMyRights(imapwire.NewScanner([]byte(text))); len(rights) > 4*64 {
			t.Errorf("%d bytes of rights", len(rights))
		}
		if n := len(parseACL(imapwire.NewScanner([]byte(text)))); n > 100 {
			t.Errorf("%d rights", n)
		}
		if n := len(parseMetadata(imapwire.NewScanner([]byte(text)))); n > maxShared {
			t.Errorf("%d names", n)
		}
	})
}
