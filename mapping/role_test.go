package mapping

import "testing"

func TestRoleOf(t *testing.T) {
	for _, c := range []struct {
		attrs []string
		want  Role
	}{
		{nil, ""},
		{[]string{`\HasNoChildren`, `\Sent`}, Sent},
		{[]string{`\SPAM`}, Junk},
		{[]string{`\Junk`}, Junk},
		{[]string{"Trash"}, Trash},
		{[]string{`\AllMail`}, All},
		{[]string{`\Starred`}, Flagged},
		{[]string{`\Important`}, Important},
		{[]string{`\All`, `\Archive`}, Archive}, // a real folder before a view
		{[]string{`\Flagged`, `\HasChildren`, `\Drafts`}, Drafts},
		{[]string{`\Inbox`}, Inbox},
		{[]string{`\Sentry`, `\`, ""}, ""},
	} {
		if got := RoleOf(c.attrs); got != c.want {
			t.Errorf("%q: %q, want %q", c.attrs, got, c.want)
		}
	}
	for _, r := range []Role{Inbox, Sent, Archive, ""} {
		if r.View() {
			t.Errorf("%q shows other folders' messages", r)
		}
	}
}
