package mapping

import (
	"slices"
	"strings"
	"testing"
)

func TestParseOverrides(t *testing.T) {
	o, err := ParseOverrides(strings.NewReader("\ufeff# ours\n\nINBOX.Out = sent\r\nINBOX.a = b = custom\nx\tTrash\n\"# y\" = junk\n"))
	if err != nil {
		t.Fatal(err)
	}
	src := tree(".", "INBOX.", "INBOX", "INBOX.Out", "INBOX.a = b", "x", "# y", "z")
	want := []Role{"", Sent, "", Trash, Junk, ""}
	for i := range src.Folders {
		role, ok := o.find(&src, &src.Folders[i])
		if role != want[i] || ok != (i > 0 && i < 5) {
			t.Errorf("%s: %q %v", src.Folders[i].Name, role, ok)
		}
	}
	src.Folders = src.Folders[2:]
	if got := o.Unused(src); !slices.Equal(got, []string{"INBOX.Out"}) {
		t.Errorf("unused: %q", got)
	}
	for _, bad := range []string{"no role", "a = bin", " = sent", "\"a = sent", "a = sent\na = trash", "a\tall"} {
		if _, err := ParseOverrides(strings.NewReader(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func FuzzParseOverrides(f *testing.F) {
	f.Add("# c\nINBOX.Out = sent\n\"a\" = custom\nx\ttrash")
	f.Fuzz(func(t *testing.T, text string) {
		if o, err := ParseOverrides(strings.NewReader(text)); err == nil && len(o.lines) != len(o.roles) && !strings.Contains(text, "\n") {
			t.Errorf("%d lines, %d roles", len(o.lines), len(o.roles))
		}
	})
}

// What is shared stays behind and is told, unless the admin says otherwise.
func TestPlanShared(t *testing.T) {
	source := tree("/", "", "INBOX", "Shared/Team", "Shared", "Other/joe/Sent | \\Sent", "Sharedness", "Other/joe/Mine")
	source.Foreign = []string{"Shared/", "Other/"}
	over, err := ParseOverrides(strings.NewReader("Other/joe/Mine = custom"))
	if err != nil {
		t.Fatal(err)
	}
	dest := tree("/", "", "INBOX", "Public/Sent | \\Sent")
	dest.Foreign = []string{"Public/"}
	var got []string
	for _, d := range NewPlan(source, dest, PlanOptions{Overrides: over}).Decisions {
		got = append(got, show(d))
	}
	want := []string{"INBOX > INBOX existing inbox", "Shared/Team >  skip", "Shared >  skip", "Other/joe/Sent >  skip", "Sharedness > Sharedness create",
		"Other/joe/Mine > Other/joe/Mine create"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name  string
		tree  Tree
		over  string
		roles string // by folder, in order; "-" for a custom one, with "?" when there is doubt
	}{
		{"below the prefix", tree(".", "INBOX.", "INBOX", "INBOX.Gesendet", "INBOX.Sent.Alt", "INBOX.Trash"), "", "inbox sent - trash"},
		{"elimination", tree("/", "", "INBOX", "Lixo", "Spam", "Sent"), "", "inbox trash junk sent"},
		{"no elimination without the others", tree("/", "", "INBOX", "Lixo", "Sent"), "", "inbox -? sent"},
		{"children of INBOX stand in where there is none at the top", tree("/", "", "INBOX", "INBOX/Sent", "INBOX/Drafts", "Drafts", "x"), "", "inbox sent -? drafts -"},
		{"Gmail without attributes", tree("/", "", "INBOX", "[Gmail] | \\Noselect", "[Gmail]/Sent Mail", "[Gmail]/Bin", "Important"), "", "inbox - sent trash -"},
		{"an attribute beats the name", tree("/", "", "INBOX", `Spam | \Trash`), "", "inbox trash"},
		{"the admin beats all", tree("/", "", "INBOX", `Spam | \Trash`, "Mine"), "Spam = custom\nMine = trash", "inbox - trash"},
		{"the doubled prefix is no inbox", tree(".", "INBOX.", "INBOX", "INBOX.INBOX"), "", "inbox -"},
		{"only a parent", tree("/", "", "INBOX", `Sent | \Noselect`), "", "inbox -"},
	} {
		t.Run(c.name, func(t *testing.T) {
			over, err := ParseOverrides(strings.NewReader(c.over))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			read, _ := c.tree.Read(over, "")
			for _, r := range read {
				word := string(r.Role)
				if word == "" {
					word = "-"
				}
				if r.Role == "" && r.Doubt != "" {
					word += "?"
				}
				got = append(got, word)
			}
			if s := strings.Join(got, " "); s != c.roles {
				t.Errorf("got %s, want %s", s, c.roles)
			}
		})
	}
}
