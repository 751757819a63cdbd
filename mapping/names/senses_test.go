package names

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestSensesByRule(t *testing.T) {
	for _, c := range []struct {
		role  Role
		rule  Rule
		names []string
	}{
		{Sent, ByName, []string{"Gesendet", "SENT ITEMS", "Éléments envoyés", "送信済みアイテム"}},
		{Sent, ByNumber, []string{"Sent-1", "Sent_2", "Sent (1)", "Gesendete Objekte (1)", "Gesendete Elemente1", "Skickat (٢)", "已发送（1）"}},
		{Sent, BySpelling, []string{"Elements envoyes", "Gönderilmis Ögeler", "Odeslana posta", "Odoslane spravy", "SentItems"}},
		{Sent, ByWords, []string{"Gesendete Mails", "Verschickte Mitteilungen", "Courriels expédiés", "Gesendete-Nachrichten-Ordner", "Wysłane e-maile",
			"Enviados (Sent)", "已寄出的信件", "送信したメッセージ", "Sendte beskeder", "Gesendet-Ordner", "Odoslané listy", "الرسائل المرسلة"}},
		{Trash, BySpelling, []string{"Geloeschte Objekte", "Geloeschte Elemente", "Cop Kutusu", "Kôš", "Удалённые", "Thung rac", "Éléments  supprimes", "Șterse", "Şterse"}},
		{Trash, ByWords, []string{"Geloeschte Mitteilungen", "Borrados", "Erased messages", "رسائل محذوفة", "Silinen postalar", "Elementos borrados", "ลบทิ้งแล้ว"}},
		{Junk, ByWords, []string{"Spam-Mails", "Correos no deseados", "Ongewenste berichten", "Niepożądane wiadomości", "스팸 메시지", "Ανεπιθύμητη ηλεκτρονική αλληλογραφία"}},
		{Drafts, ByWords, []string{"Entwürfe (Drafts)", "Entwurfsordner", "Dossier brouillons", "Черновики (Drafts)"}},
	} {
		for _, name := range c.names {
			s := Senses(name)
			if len(s) == 0 || s[0].Role != c.role {
				t.Errorf("%q means %v, not %s", name, s, c.role)
			} else if s[0].Rule != c.rule && s[0].Rule != ByName {
				t.Errorf("%q is %s by %s, not by %s", name, s[0].Role, s[0].Rule, c.rule)
			}
		}
	}
}

// Names that only look like those of default folders.
func TestCustom(t *testing.T) {
	for _, name := range []string{"", "  ", "Sent to clients", "Inbox 2019", "Vorlagen Müller", "Spam-Statistik", "Archiv 2019", "Sent 2020", "Sent-2019",
		"Sent (old)", "Sent (2019)", "Not sent", "Nicht gesendet Müller", "Trash talk", "Junkers", "Draft beer", "Sent/Items", "Deleted scenes", "Entwürfe Haus",
		"Posta Müller", "Mail", "E-Mails", "Nachrichten", "Elemente", "邮件", "メール", "受信料", "Mes messages", "Post", "Folder", "Sendung", "Papierkram",
		"Koster", "Sent-1-2", "Sent (1) (2)", "Sent 007", "Spam1999", "No enviados mañana", "Kosten", "Projekt Spam", "Spam Filter", "Gesendete Fotos",
		"Deleted accounts", "Archivo fotos", "送信済み請求書", "已发送合同", "Отправленные договоры", "Konzepte Müller", strings.Repeat("Sent ", 50_000)} {
		if v := Judge(name, nil); v.Role != "" {
			t.Errorf("%.40q is %s by %s", name, v.Role, v.Rule)
		}
		if Default(name) {
			t.Errorf("%.40q is a default name", name)
		}
	}
}

// A number behind a blank, and an archive with words around it, are doubted, whatever the mailbox speaks.
func TestDoubted(t *testing.T) {
	vote := Languages([]string{"Gesendet", "Papierkorb", "Entwürfe"})
	for _, name := range []string{"Gesendet 2", "E-Mail-Archiv", "Archiv-1"} {
		if v := Judge(name, vote); v.Role != "" || v.Doubt == "" {
			t.Errorf("%q: %+v", name, v)
		}
	}
}

// Case, normalisation, width and marks that nobody sees do not change what a name means.
func TestSameMeaning(t *testing.T) {
	var all []string
	for _, line := range strings.Split(strings.TrimSpace(tableText), "\n") {
		name, _, _ := strings.Cut(line, "\t")
		all = append(all, name)
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(all).Draw(t, "name")
		want := Judge(name, nil)
		for how, other := range map[string]string{
			"NFC": norm.NFC.String(name), "NFD": norm.NFD.String(name), "upper case": strings.ToUpper(name), "title case": strings.ToTitle(name),
			"bidi mark": "\u200f" + name + "\u200e", "blanks": " " + strings.ReplaceAll(name, " ", "\u00a0 ") + " ", "dashes": strings.ReplaceAll(name, " ", "-"),
			"zero width": strings.ReplaceAll(name, " ", " \u200b"), "full width": wide(name),
		} {
			if got := Judge(other, nil); got != want {
				t.Errorf("%q (%s) is %+v, %q is %+v", other, how, got, name, want)
			}
		}
	})
}

// wide puts full-width forms for printable ASCII but digits and brackets, which are not letters of a name.
func wide(s string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'ａ'
		}
		return r
	}, s)
}

func FuzzSenses(f *testing.F) {
	for _, s := range []string{"Sent Items", "Gesendete Objekte (1)", "Hộp thư đến", "E\u0301", "送信済みメール", "a\xffb", "می\u200cخواهم", "Entwürfe (Drafts)", "Spam-", "(1)", "ک", "ക്"} {
		f.Add(s, "Papierkorb")
	}
	f.Fuzz(func(t *testing.T, s, other string) {
		for _, sense := range Senses(s) {
			if sense.Role == "" || sense.Confidence < 0 || sense.Confidence > 1 || len(sense.Languages) == 0 {
				t.Errorf("%q: %+v", s, sense)
			}
		}
		vote := Languages([]string{s, other})
		sum := 0.0
		for _, v := range vote {
			sum += v.Weight
		}
		if sum > 1.0001 {
			t.Errorf("the votes of %q and %q are %v", s, other, vote)
		}
		v := Judge(s, vote)
		if (v.Role != "" && v.Doubt != "") || v.Confidence < 0 || v.Confidence > 1 {
			t.Errorf("%q: %+v", s, v)
		}
		if again := Judge(Fold(s), vote); again.Role != v.Role && v.Rule != ByNumber && again.Rule != ByNumber {
			t.Errorf("%q is %+v, folded %+v", s, v, again)
		}
		loose, _ := loosen(Fold(s))
		if twice, _ := loosen(loose); twice != loose {
			t.Errorf("%q is loosened to %q and that to %q", s, loose, twice)
		}
	})
}

// Names are long enough to be worth a look only up to a bound, so that nobody can make one costly.
func TestLongNames(t *testing.T) {
	for _, part := range []string{"mail ", "spam", "ที่", "메일", "\u0301", "邮件", "(1)"} {
		if s := Senses(strings.Repeat(part, 100)); len(s) != 0 {
			t.Errorf("%q a hundred times means %v", part, s)
		}
	}
}

// What a word needs words around it for does not stand alone: "Received" may be anything.
func TestWeakWords(t *testing.T) {
	for alone, with := range map[string]string{"Received": "Received messages", "Unwanted": "Unwanted mail", "Unfinished": "Unfinished mails"} {
		if v := Judge(alone, nil); v.Role != "" {
			t.Errorf("%q: %+v", alone, v)
		}
		if v := Judge(with, nil); v.Role == "" {
			t.Errorf("%q: %+v", with, v)
		}
	}
}

// Rubbish beside a word for mail is junk mail, beside a word for a box it is the trash or either.
func TestRubbish(t *testing.T) {
	for _, name := range []string{"Correo basura", "E-mail de Lixo", "Correu brossa", "จดหมายขยะ", "Barua taka"} {
		if v := Judge(name, nil); v.Role != Junk {
			t.Errorf("%q: %+v", name, v)
		}
	}
}
