package logins

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseUsers(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"login\nalice\n", "2 alice>>:"},
		{"\ufeffLogin;Source-Login;destination-login\r\nalice;a;b\r\n\r\nbob;;\r\n", "2 alice>a>b:|4 bob>>:"},
		{"login,source-password\n\"a\",\" p\"\"w,\"\n", `2 a>>: p"w,`},
		{"login\tsource\na\told2\n", "2 a>>:@old2"},
		{"login,source-login\n\"a\",\"two\nlines\"\nb,c\n", "2 a>two\nlines>:|4 b>c>:"},
		{"login", ""},
	} {
		users, err := ParseUsers(strings.NewReader(c.in))
		if err != nil {
			t.Errorf("%q: %v", c.in, err)
		}
		var got []string
		for _, u := range users {
			s := fmt.Sprintf("%d %s>%s>%s:%s", u.Line, u.Login, u.SourceLogin, u.DestLogin, u.Password)
			if u.HasSource {
				s += "@" + u.Source
			}
			got = append(got, s)
		}
		if s := strings.Join(got, "|"); s != c.want {
			t.Errorf("%q: %q, want %q", c.in, s, c.want)
		}
	}
}

// TestUsersErrors: an error names the line, and no field: it may be a password.
func TestUsersErrors(t *testing.T) {
	for in, want := range map[string]string{
		"":                                    "empty",
		"alice\n":                             `line 1: there is no column "alice"`,
		"login,login\n":                       "line 1: the column \"login\" is there twice",
		"source\nx\n":                         `the column "login" is missing`,
		"login,source-password\na,secret,b\n": "line 2: there are more or fewer fields",
		"login,source-password\na,b\nc\n":     "line 3: there are more or fewer fields",
		"login,source-password\na,\"sec\"ret\"\n": "line 2: the quotes do not match",
		"login\na\n \n":      "line 3: the login name is empty",
		"login\na\n\xff\n":   "line 3: this is not UTF-8",
		"login\na\x00\n":     "line 2: there is a NUL",
		"\xff\xfel\x00o\x00": "UTF-16",
	} {
		_, err := ParseUsers(strings.NewReader(in))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "sec") {
			t.Errorf("%q: %v, want %q", in, err, want)
		}
	}
}

func TestParseSources(t *testing.T) {
	got, err := ParseSources(strings.NewReader("\ufeff# old ones\n\nExample.com = imaps://old.example.com?tls=pin:ab=\r\nbücher.example=imap://b\n"))
	if want := "[{3 example.com imaps://old.example.com?tls=pin:ab=} {4 xn--bcher-kva.example imap://b}]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("%v %v", got, err)
	}
	for in, want := range map[string]string{
		"a.example imaps://secret":                    "line 1: say domain = URL",
		"a.example =":                                 "line 1: say domain = URL",
		"\na b = imaps://secret":                      "line 2: the domain holds",
		"a.example = x://secret\nA.EXAMPLE=x://other": "line 2: a.example is in line 1 already",
	} {
		if _, err := ParseSources(strings.NewReader(in)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestParseWindows(t *testing.T) {
	got, err := ParseWindows(" ex=Example.com , FOO = foo.example,")
	if err != nil || fmt.Sprint(got) != "map[EX:example.com FOO:foo.example]" {
		t.Errorf("%v %v", got, err)
	}
	for in, want := range map[string]string{"EX": "NAME=domain", "=a": "NAME=domain", `E\X=a`: "NAME=domain", "EX=a,ex=b": "twice", "EX=": "empty"} {
		if _, err := ParseWindows(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", in, err)
		}
	}
}
