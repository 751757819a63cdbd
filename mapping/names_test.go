package mapping

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestRoleByName(t *testing.T) {
	for role, names := range map[Role][]string{
		Inbox: {"INBOX", "Inbox", "Posteingang", "Boîte de réception", "Bandeja de entrada", "Hộp thư đến", "受信トレイ",
			"收件箱", "Входящие", "Postvak IN", "Skrzynka odbiorcza", "Posta in arrivo", "Gelen Kutusu", "Caixa de entrada", "Beérkezett üzenetek"},
		Sent: {"Sent", "SENT", "Sent Items", "sent-items", "Gesendet", "Gesendete Elemente", "Gesendete Objekte", "Éléments envoyés",
			"Elementos enviados", "Posta inviata", "Thư đã gửi", "Отправленные", "送信済みアイテム", "已发送邮件", "Verzonden items", "Skickat",
			"Elementy wysłane", "Gönderilmiş Öğeler", "Itens Enviados", "Elküldött elemek"},
		Trash: {"Trash", "Deleted Items", "Deleted Messages", "Papierkorb", "Gelöschte Elemente", "Corbeille", "Éléments supprimés",
			"Elementos eliminados", "Cestino", "Thùng rác", "Удаленные", "ごみ箱", "已删除邮件", "Verwijderde items", "Elementy usunięte", "Kosz"},
		Junk: {"Junk", "Junk E-Mail", "Junk Email", "Spam", "Bulk Mail", "Courrier indésirable", "Correo no deseado",
			"Posta indesiderata", "Thư rác", "Спам", "迷惑メール", "垃圾邮件", "Ongewenste e-mail", "Wiadomości-śmieci", "Gereksiz"},
		Drafts: {"Drafts", "Entwürfe", "Brouillons", "Borradores", "Bozze", "Thư nháp", "Черновики", "下書き", "草稿",
			"Concepten", "Kopie robocze", "Utkast", "Taslaklar", "Rascunhos", "Piszkozatok"},
		Archive: {"Archive", "Archiv", "Archives", "Архив", "アーカイブ", "Archivio"},
	} {
		for _, name := range names {
			if got, ok := RoleByName(name); got != role || !ok {
				t.Errorf("%q: %q, want %q", name, got, role)
			}
		}
	}
}

func TestRoleByNameDoubts(t *testing.T) {
	for _, name := range []string{"Lixo", "Basura", "Skräp", "垃圾", "Søppel"} { // here one role, there another
		if role, ok := RoleByName(name); ok || !DefaultName(name) {
			t.Errorf("%q is %q; a default name: %v", name, role, DefaultName(name))
		}
	}
	for _, name := range []string{"", "  ", "Kunden", "Sent to Bob", "Outbox", "Calendar", "Templates", "Sent (old)", "Sent/Items",
		strings.Repeat("Sent ", 50_000)} {
		if role, ok := RoleByName(name); ok || DefaultName(name) {
			t.Errorf("%.40q is %q; a default name: %v", name, role, DefaultName(name))
		}
	}
	// A lone slip of one source does not make a well known name doubtful.
	if role, _ := RoleByName("Cestino"); role != Trash {
		t.Errorf("Cestino is %q", role)
	}
}

func TestFoldName(t *testing.T) {
	for _, c := range []struct{ a, b string }{
		{"Junk E-Mail", "junk\u00a0e\u2011mail"},                   // no-break space and hyphen
		{"Éléments envoyés", "E\u0301le\u0301ments_envoye\u0301s"}, // composed and decomposed
		{"Ｓｅｎｔ", "sent"},                                           // full width
		{"\u200fהודעות\u200e", "הודעות"},                           // bidi marks
		{"المرسـلة", "المرسلة"},                                    // tatweel
		{"می\u200cخواهم", "میخواهم"},                               // ZWNJ
		{"Straße", "STRASSE"},
		{"Boîte d’envoi", "boîte d'envoi"},
		{" Sent   Items. ", "sent items"},
	} {
		if FoldName(c.a) != FoldName(c.b) {
			t.Errorf("%q folds to %q, %q to %q", c.a, FoldName(c.a), c.b, FoldName(c.b))
		}
	}
	for _, c := range []struct{ a, b string }{
		{"ที่ส่ง", "ทสง"}, {"भेजे", "भज"}, {"Archiv", "Archív"}, // combining marks make words
	} {
		if FoldName(c.a) == FoldName(c.b) {
			t.Errorf("%q and %q both fold to %q", c.a, c.b, FoldName(c.a))
		}
	}
}

// The embedded table is what the generator makes of the names.
func TestTableIsFresh(t *testing.T) {
	out := filepath.Join(t.TempDir(), "table.txt")
	cmd := exec.CommandContext(t.Context(), "go", "run", "names/generate.go", "-in", "names/names.tsv", "-out", out)
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	fresh, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(fresh, []byte(tableText)) {
		t.Error("names/table.txt is not what names/names.tsv gives; run go generate ./mapping")
	}
}

func FuzzFoldName(f *testing.F) {
	for _, s := range []string{"Sent Items", "Hộp thư đến", "E\u0301", "\u0390", "ﹱ", "a\xffb", "می\u200cخواهم", "\u00b4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		key := FoldName(s)
		if again := FoldName(key); again != key {
			t.Errorf("%q folds to %q and that to %q", s, key, again)
		}
		var buf [64]byte
		if ascii, ok := foldASCII(buf[:0], s); ok && string(ascii) != foldUnicode(s) {
			t.Errorf("%q folds to %q in the short way, %q in the long one", s, ascii, foldUnicode(s))
		}
		RoleByName(s)
	})
}

func BenchmarkRoleByName(b *testing.B) {
	RoleByName("") // reads the table
	for _, name := range []string{"Sent Items", "Kunden", "Gelöschte Elemente", "Hộp thư đến", "迷惑メール", "میخواهم"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				RoleByName(name)
			}
		})
	}
}
