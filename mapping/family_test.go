package mapping

import (
	"os"
	"strings"
	"testing"

	"crossfade/mapping/names"
)

// mailboxes are the folders that each family makes, as treeOf takes them.
var mailboxes = map[Family][]string{
	Exchange: {"INBOX", "Entwürfe", "Gesendete Elemente", "Gelöschte Elemente", "Junk-E-Mail", "Postausgang", "Kalender", "Kontakte",
		"Aufgaben", "Notizen", "Journal"},
	Zimbra:      {"INBOX", "Chats", "Contacts", "Drafts", "Emailed Contacts", "Junk", "Sent", "Trash"},
	OpenXchange: {"INBOX", "Entwürfe", "Gesendete Objekte", "Papierkorb", "Spam", "confirmed-ham", "confirmed-spam"},
	Gmail:       {"INBOX", "[Gmail]", "[Gmail]/Entwürfe", "[Gmail]/Gesendet", "[Gmail]/Papierkorb", "[Gmail]/Spam"},
	Yahoo:       {"Inbox", "Archive", "Bulk Mail", "Draft", "Sent", "Trash"},
	GMX:         {"INBOX", "Entwürfe", "Gesendet", "Gelöscht", "Spamverdacht", "OUTBOX", "Unbekannt"},
	QQ:          {"INBOX", "Sent Messages", "Drafts", "Deleted Messages", "Junk", "其他文件夹", "其他文件夹/发票"},
	NetEase:     {"INBOX", "草稿箱", "已发送", "已删除", "垃圾邮件", "病毒文件夹", "广告邮件", "订阅邮件"},
	Naver:       {"INBOX", "Sent Messages", "임시보관함", "스팸메일함", "Deleted Messages", "내게쓴메일함"},
	Daum:        {"INBOX", "Sent Messages", "Drafts", "스팸편지함", "Deleted Messages", "내게쓴편지함"},
	MailRu:      {"INBOX", "INBOX/Newsletters", "INBOX/Social", "Спам", "Отправленные", "Черновики", "Корзина"},
}

func familyOf(t Tree) Family { return NewPlan(t, treeOf("INBOX"), PlanOptions{}).Family }

func TestFamilyOfShape(t *testing.T) {
	for want, folders := range mailboxes {
		if got := familyOf(treeOf(folders...)); got != want {
			t.Errorf("%q is %q, want %q", folders, got, want)
		}
		if want.String() == "" || want.String() == string(want) {
			t.Errorf("%s has no name for people", want)
		}
	}
	yandex := []string{`INBOX | \Marked \NoInferiors`, "Drafts", "Outbox", "Sent", "Spam", "Trash"}
	if got := familyOf(tree("/", "", yandex...)); got != Yandex {
		t.Errorf("Yandex is %q", got)
	}
	rooted := []string{"INBOX", "INBOX.Sent", "INBOX.Trash", "INBOX.Kunden"}
	for _, prefix := range []string{"", "INBOX."} {
		if got := familyOf(tree(".", prefix, rooted...)); got != Rooted {
			t.Errorf("Courier is %q", got)
		}
	}
	for _, mark := range [][]string{ // what people make elsewhere is no mark
		{"INBOX", "Drafts", "Draft", "Sent", "Trash"},
		{"INBOX", "Bulk Mail", "Sent", "Drafts"},
		{"INBOX", "Calendar", "Contacts", "Notes", "Sent"},
		{"INBOX", "Chats", "Contacts", "Sent", "Trash"},
		{"INBOX", "Unbekannt", "Gesendet", "Papierkorb"},
		{"INBOX", "Drafts", "Outbox", "Sent", "Spam", "Trash"},
		{"INBOX", "Спам", "Отправленные", "Черновики", "Корзина"},
		{"INBOX", "INBOX/Kunden", "INBOX/Sent"},
		{"INBOX"}, {},
	} {
		if got := familyOf(treeOf(mark...)); got != "" {
			t.Errorf("%q is %q", mark, got)
		}
	}
	if got := familyOf(tree(".", "", "INBOX", "INBOX.Kunden", "INBOX.Sent")); got != "" {
		t.Errorf("a user who files below the inbox has %q", got)
	}
}

// What the server tells counts more than what its folders look like.
func TestFamilyOfServer(t *testing.T) {
	for capability, want := range map[string]Family{"X-GM-EXT-1": Gmail, "XYMHIGHESTMODSEQ": Yahoo, "CLIENTACCESSRULES": Exchange,
		"ACL2=UNION": Courier, "X-REPLICATION": Cyrus, "SNIPPET=FUZZY": Dovecot, "IDLE": ""} {
		if got := FamilyOf(func(c string) bool { return c == capability }); got != want {
			t.Errorf("%s tells of %q, want %q", capability, got, want)
		}
	}
	old := treeOf(mailboxes[Yahoo]...)
	old.Server = Dovecot // where the mailbox was copied to once
	plan := NewPlan(old, treeOf("INBOX"), PlanOptions{})
	if plan.Family != Dovecot || plan.Decisions[3].Read.Evidence != ByName {
		t.Errorf("a Dovecot server is %q and reads %+v", plan.Family, plan.Decisions[3].Read)
	}
}

// The names in the table are as they are compared.
func TestFamilyNamesAreFolded(t *testing.T) {
	folded := func(name string) {
		if strings.HasPrefix(name, "inbox") { // made by the reader
			return
		}
		if got := names.Fold(name); got != name {
			t.Errorf("%q is never found: it is folded to %q", name, got)
		}
	}
	for _, s := range shapes {
		for _, m := range append(s.all, s.some...) {
			folded(m)
		}
		for name, role := range s.own {
			folded(name)
			if v := names.Judge(name, nil); v.Role != role {
				t.Errorf("%s: %q is %s, elsewhere %s", s.family, name, role, v.Role)
			}
		}
	}
}

// Beside the folders that mail clients made, the server's own ones have the roles: the others are merged into them.
func TestFamilyOwnFoldersWin(t *testing.T) {
	for _, c := range []struct {
		family Family
		rival  string // with the destination's own name, or first in the list
		own    string
	}{
		{Yahoo, "Drafts", "Draft"}, {Yahoo, "Junk E-Mail", "Bulk Mail"}, {Yahoo, "Sent Items", "Sent"},
		{GMX, "Drafts", "Entwürfe"}, {GMX, "Junk E-Mail", "Spamverdacht"}, {GMX, "Deleted Items", "Gelöscht"},
		{Zimbra, "Sent Items", "Sent"}, {Zimbra, "Deleted Items", "Trash"}, {Zimbra, "Junk E-Mail", "Junk"},
		{QQ, "Sent Items", "Sent Messages"}, {QQ, "Deleted Items", "Deleted Messages"},
		{NetEase, "Sent Items", "已发送"}, {NetEase, "Junk E-Mail", "垃圾邮件"},
		{Naver, "Drafts", "임시보관함"}, {Daum, "Junk E-Mail", "스팸편지함"}, {MailRu, "Deleted Items", "Корзина"},
	} {
		dest := treeOf("INBOX", "Drafts", "Sent Items", "Deleted Items", "Junk E-Mail")
		source := append([]string{c.rival}, mailboxes[c.family]...)
		given := func(folders []string) (name string, evidence Evidence) {
			for _, d := range NewPlan(treeOf(folders...), dest, PlanOptions{}).Decisions {
				if d.Given && strings.Join(d.Dest, "/") == c.rival {
					return d.Source, d.Read.Evidence
				}
			}
			return "", ""
		}
		if name, evidence := given(source); name != c.own || evidence != ByFamily {
			t.Errorf("%s: %q has the role of %q by %s, not %q", c.family, name, c.rival, evidence, c.own)
		}
		if name, _ := given([]string{c.rival, "INBOX", c.own}); name != c.rival {
			t.Errorf("without the family %q has the role of %q", name, c.rival)
		}
	}
}

// On Exchange the folders that hold no mail come together: a name that would be doubted elsewhere is believed if it is
// in the language of the others and its role is free.
func TestExchangeMinorRoles(t *testing.T) {
	finnish := []string{"INBOX", "Luonnokset", "Lähetetyt", "Poistetut", "Roskaposti", "Kalenteri", "Tehtävät", "Muistiinpanot", "Päiväkirja"}
	role := func(name string, folders ...string) Reading {
		read, _ := treeOf(append([]string{name}, folders...)...).pointer().Read(Overrides{}, "")
		return read[0]
	}
	if r := role("Osoitteet", finnish...); r.Role != names.Contacts || r.Evidence != ByFamily || r.Doubt != "" {
		t.Errorf("on Exchange: %+v", r)
	}
	if r := role("Osoitteet", finnish[:5]...); r.Role != "" || r.Doubt == "" {
		t.Errorf("elsewhere: %+v", r)
	}
	if r := role("Osoitteet", append(finnish, "Yhteystiedot")...); r.Role != "" {
		t.Errorf("a second one: %+v", r)
	}
	if r := role("Uwagi", finnish...); r.Role != "" {
		t.Errorf("in another language: %+v", r)
	}
	if r := role("Osoitteet asiakkaat", finnish...); r.Role != "" {
		t.Errorf("with a word of one's own: %+v", r)
	}
}

func (t Tree) pointer() *Tree { return &t }

// Where every folder lies below INBOX and the server does not say so, names there are read as at the top: by their
// words, too. A user who files below the inbox has made those folders himself.
func TestRootedNames(t *testing.T) {
	for _, c := range []struct {
		lines []string
		want  Role
	}{
		{[]string{"INBOX.Entfernte Nachrichten", "INBOX", "INBOX.Gesendet", "INBOX.Entwürfe"}, Trash},
		{[]string{"INBOX.Entfernte Nachrichten", "INBOX", "Gesendet", "Entwürfe"}, ""},
		{[]string{"INBOX.Posteingang", "INBOX", "INBOX.Gesendet", "INBOX.Entwürfe"}, ""},
	} {
		read, _ := tree(".", "", c.lines...).pointer().Read(Overrides{}, "")
		if read[0].Role != c.want {
			t.Errorf("%q: %+v", c.lines, read[0])
		}
	}
}

// No family makes a default folder of a folder of one's own.
func TestFamilyLeavesOrdinaryFolders(t *testing.T) {
	text, err := os.ReadFile("names/testdata/custom.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var custom []string
	for line := range strings.Lines(string(text)) {
		if f := strings.Split(line, "\t"); !strings.Contains(f[1], "/") && !names.Default(f[1]) {
			custom = append(custom, f[1])
		}
	}
	if custom = custom[1:]; len(custom) < 1000 {
		t.Fatalf("only %d names", len(custom))
	}
	for family, folders := range mailboxes {
		before, _ := treeOf(folders...).pointer().Read(Overrides{}, "")
		for _, name := range custom {
			read, _ := treeOf(append([]string{name}, folders...)...).pointer().Read(Overrides{}, "")
			if r := read[0]; r.Evidence == ByFamily {
				t.Errorf("%s: %q is %s by the family", family, name, r.Role)
			}
			for i := range before {
				if read[i+1].Role != before[i].Role {
					t.Errorf("%s: beside %q %q is %q, was %q", family, name, folders[i], read[i+1].Role, before[i].Role)
				}
			}
		}
	}
}

// A destination does not become another server by what is created there: its folders are read without a family.
func TestFamilyOfDestination(t *testing.T) {
	source := treeOf("INBOX", "Sent", "Emailed Contacts", "Contacts")
	dest := treeOf("INBOX", "Sent Items", "Sent")
	first := NewPlan(source, dest, PlanOptions{})
	dest = treeOf("INBOX", "Sent Items", "Sent", "Emailed Contacts", "Contacts")
	for i, d := range NewPlan(source, dest, PlanOptions{}).Decisions {
		if !d.Dest.Equal(first.Decisions[i].Dest) {
			t.Errorf("%s goes to %q, then to %q", d.Source, first.Decisions[i].Dest, d.Dest)
		}
	}
}
