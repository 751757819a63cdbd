package mapping

import (
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
	for _, name := range []string{"", "  ", "Kunden", "Sent to Bob", "Sent (old)", "Sent/Items",
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
