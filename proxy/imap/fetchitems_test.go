package imap

import (
	"slices"
	"strings"
	"testing"

	"crossfade/internal/imapwire"
)

// TestAnswersKeepTheirNames: each answer to a FETCH goes to the client under the name of the item it belongs to, also if
// the server calls what was not asked for in part a part from 0.
func TestAnswersKeepTheirNames(t *testing.T) {
	for _, test := range []struct {
		items string
		want  []string
	}{
		{"RFC822.TEXT", []string{"RFC822.TEXT"}},
		{"(RFC822.TEXT BODY[TEXT])", []string{"RFC822.TEXT", "BODY[TEXT]"}},
		{"(RFC822.TEXT BODY.PEEK[TEXT]<0.1>)", []string{"RFC822.TEXT", "BODY[TEXT]<0>"}},
		{"(BODY.PEEK[TEXT]<0.1> RFC822.TEXT)", []string{"RFC822.TEXT", "BODY[TEXT]<0>"}},
		{"(RFC822 BODY.PEEK[]<0.10> BODY.PEEK[]<5.10>)", []string{"RFC822", "BODY[]<0>", "BODY[]<5>"}},
		{"(BODY.PEEK[HEADER]<0.10> RFC822.HEADER BODY[HEADER])", []string{"RFC822.HEADER", "BODY[HEADER]<0>", "BODY[HEADER]"}},
		{"(RFC822.HEADER RFC822.HEADER RFC822.TEXT)", []string{"RFC822.HEADER", "RFC822.TEXT"}},
		{"(BODY[]<0.1> BODY[]<0.2>)", []string{"BODY[]<0>", "BODY[]<0>"}},
	} {
		p, err := parseFetch(&command{args: imapwire.NewScanner([]byte(test.items))})
		if err != nil {
			t.Fatalf("%s: %v", test.items, err)
		}
		for _, adds := range []bool{false, true} {
			var got []string
			for _, q := range p.passes {
				for i, name := range q.names {
					if adds && q.as[i] != "" {
						name += "<0>"
					}
					got = append(got, q.rename(name))
				}
			}
			slices.Sort(got)
			if slices.Sort(test.want); !slices.Equal(got, test.want) {
				t.Errorf("%s, the server adds <0>: %v, is answered as\n%s, want\n%s", test.items, adds, strings.Join(got, " "), strings.Join(test.want, " "))
			}
		}
	}
}
