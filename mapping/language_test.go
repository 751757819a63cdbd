package mapping

import "testing"

// TestLanguageOfTree: a new mailbox is made in the language that the old one's folders speak for.
func TestLanguageOfTree(t *testing.T) {
	for _, c := range []struct {
		want  string
		names []string
	}{
		{"de", []string{"Gesendet", "Papierkorb", "Entwürfe", "Kunden"}},
		{"de", []string{"Gesendet"}},
		{"en", []string{"Sent", "Trash", "Drafts", "Junk"}},
		{"en", []string{"Sent Items", "Deleted Items"}},
		{"da", []string{"Sendt", "Papirkurv", "Kladder"}},
		{"", []string{"Sendt"}}, // Danish, or Norwegian
		{"es", []string{"Elementos enviados", "Borradores", "Papelera"}},
		{"fr", []string{"Éléments envoyés", "Corbeille", "Brouillons"}},
		{"pt-BR", []string{"Itens Enviados", "Lixeira", "Rascunhos"}},
		{"zh-CN", []string{"已发送", "草稿"}},
		{"", []string{"Sent", "Drafts", "Trash", "Gesendet"}},
		{"", []string{"Kunden"}},
		{"", nil},
	} {
		tree := Tree{Separator: "/", Folders: []Node{{Name: "INBOX", Path: Path{"INBOX"}}}}
		for _, n := range c.names {
			tree.Folders = append(tree.Folders, Node{Name: n, Path: Path{n}})
		}
		if got := tree.Language(Overrides{}); got != c.want {
			t.Errorf("%q: %q, want %q", c.names, got, c.want)
		}
	}
}
