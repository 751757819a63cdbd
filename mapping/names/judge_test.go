package names

import "testing"

func TestLanguages(t *testing.T) {
	for want, tree := range map[string][]string{
		"de": {"INBOX", "Gesendet", "Entwürfe", "Archiv", "Kunden"},
		"vi": {"INBOX", "Thư đã gửi", "Thùng rác", "Khách hàng"},
		"eu": {"INBOX", "Bidalitakoak", "Zirriborroak", "Sent"},
		"ar": {"INBOX", "العناصر المرسلة", "المسودات"},
		"tr": {"Gönderilmiş Öğeler", "Taslaklar", "Silinmiş Öğeler"},
		"ja": {"下書き", "ゴミ箱", "Projekt"},
		"en": {"INBOX", "Sent Items", "Deleted Items", "Drafts"},
	} {
		vote := Languages(tree)
		if len(vote) == 0 || vote[0].Language != want {
			t.Errorf("%q votes %v, not %s", tree, vote, want)
		}
	}
	if vote := Languages([]string{"INBOX", "Kunden", "2019", ""}); len(vote) != 0 {
		t.Errorf("nothing votes %v", vote)
	}
	one, two := Languages([]string{"Papierkorb"}), Languages([]string{"Papierkorb", "Papierkorb"})
	if len(one) != len(two) || one[0] != two[0] {
		t.Errorf("a name listed twice votes twice: %v, %v", one, two)
	}
}

// Words that are several roles stay in doubt without a mailbox that speaks for one.
func TestJudgeAmbiguous(t *testing.T) {
	for _, name := range []string{"Lixo", "Basura", "Skräp", "Søppel", "Smeće", "Sampah", "Отпад", "垃圾"} {
		v := Judge(name, nil)
		if v.Role != "" || v.Doubt == "" {
			t.Errorf("%q: %+v", name, v)
		}
		if !Default(name) {
			t.Errorf("%q is no default name", name)
		}
	}
	// "Basura" is the trash in Filipino sources' "Basurahan" only; "Kosz" is clear in Polish.
	for _, c := range []struct {
		name string
		tree []string
		role Role
		lang string
	}{
		{"Archiv", []string{"Gesendet", "Entwürfe"}, Archive, "de"},
		{"Archiv", []string{"Odeslaná pošta", "Koncepty", "Koš"}, Archive, "cs"},
		{"Koncepty", []string{"Odoslaná pošta", "Kôš"}, Drafts, "sk"},
		{"Kos", []string{"Odoslaná pošta", "Koncepty", "Nevyžiadaná pošta"}, Trash, "sk"},
		{"Trash", []string{"Trash", "Sent", "Drafts"}, Trash, "en"},
	} {
		v := Judge(c.name, Languages(append(c.tree, c.name)))
		if v.Role != c.role || v.Language != c.lang || v.Doubt != "" {
			t.Errorf("%q in %q: %+v", c.name, c.tree, v)
		}
	}
	if v := Judge("Kos", nil); v.Role != "" {
		t.Errorf("Kos alone: %+v", v)
	}
	if v := Judge("Projets", Languages([]string{"Corbeille", "Brouillons", "Projets"})); v.Role != "" {
		t.Errorf("a word of the language that one source took for Drafts: %+v", v)
	}
}

func TestDefault(t *testing.T) {
	for _, name := range []string{"Sent", "Papierkorb", "Lixo", "Postausgang", "ARCHIV", "Gesendete Mails", "Elements envoyes"} {
		if !Default(name) {
			t.Errorf("%q is no default name", name)
		}
	}
	for _, name := range []string{"Kunden", "Sent-1", "Notes", "Wichtig", "Favoriten", "E-Mail-Archiv", "Inbox 2019"} {
		if Default(name) {
			t.Errorf("%q is a default name", name)
		}
	}
}

func TestUnnumber(t *testing.T) {
	for name, want := range map[string]string{"Sent-1": "Sent", "Sent (1)": "Sent", "Sent(12)": "Sent", "Sent1": "Sent", "Sent 1": "Sent", "Sent_2": "Sent",
		"Sent 2019": "", "Sent (100)": "", "Sent": "", "1": "", "(1)": "", "Sent 0": "", "Sent 01": "", "Sent1)": "", "Gesendet）": "", "已发送（1）": "已发送"} {
		if base, _, ok := unnumber(name); ok != (want != "") || ok && base != want {
			t.Errorf("%q: %q %v, want %q", name, base, ok, want)
		}
	}
	if _, sure, _ := unnumber("Sent 1"); sure {
		t.Error("a number behind a blank may be somebody's own")
	}
}
