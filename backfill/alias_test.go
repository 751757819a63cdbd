package backfill

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"crossfade/mapping"
	"crossfade/store"
)

// aliasBed has a source of many old paths, and folders that only the destination has.
func aliasBed(t *testing.T) *bed {
	b := newBed(t)
	b.src.add("INBOX.Jahre.2024").put(message(1, "a"))
	b.src.add("INBOX.Lixo") // trash to some and junk to others: nothing is created under that name
	b.dst.add("Plain")
	b.dst.add("Sent Items/2023")
	return b
}

// TestAliases: what the source's old paths lead to, in the source's spelling and with real folders winning.
func TestAliases(t *testing.T) {
	b := aliasBed(t)
	b.dst.add("INBOX.Trash") // a real folder of that name
	b.start(false)
	s := b.login()
	b.wait()
	for name, want := range map[string]string{
		"INBOX": "INBOX", "inbox": "INBOX", "INBOX.": "INBOX", "Sent Items": "Sent Items",
		"INBOX.Sent": "Sent Items", "inbox.Sent": "Sent Items", "INBOX.Sent.": "Sent Items", "INBOX.Sent.2023": "Sent Items/2023",
		"INBOX.Kunden": "Kunden", "INBOX.Jahre.2024": "Jahre/2024", "INBOX.Lixo": "Lixo (old)",
		"INBOX.Plain": "Plain", "INBOX.Sent Items": "Sent Items", "INBOX.Trash": "INBOX.Trash",
		"Sent": "", "INBOX.nowhere": "", "INBOX.Sent.nowhere": "", "INBOX/Sent": "", "Kunden.A": "", "INBOX..Sent": "",
	} {
		m, err := s.Open(t.Context(), name, true)
		switch {
		case want == "" && !errors.Is(err, ErrNoFolder):
			t.Errorf("%s: %v", name, err)
		case want != "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case want != "" && m.Name() != want:
			t.Errorf("%s leads to %s, want %s", name, m.Name(), want)
		}
		if err == nil {
			m.Close()
		}
	}
}

// TestLongName: a name that the destination cannot hold is spelt shorter there, with all mail, below it too, and the old
// one leads to it.
func TestLongName(t *testing.T) {
	b := newBed(t)
	long := "INBOX." + strings.Repeat("Kunden und ", 30)
	b.src.add(long).put(message(1, "a"))
	b.src.add(long + "!").put(message(2, "b"))
	b.src.add(long + ".Neu").put(message(3, "c"))
	b.start(false)
	s := b.login()
	b.wait()
	seen := map[string]bool{}
	for _, name := range []string{long, long + "!", long + ".Neu"} {
		m, err := s.Open(t.Context(), name, true)
		if err != nil {
			t.Fatalf("%.30s...: %v", name, err)
		}
		shown := m.Name()
		if seen[shown] || !strings.HasPrefix(shown, "Kunden und ") || !strings.Contains(shown, "=~") || len(shown) > mapping.LongestName+len("/Neu") {
			t.Errorf("%d bytes are shown as %q", len(name), shown)
		}
		if box := b.dst.boxes[shown]; box == nil || len(box.msgs) != 1 {
			t.Errorf("the destination has no mail in %q", shown)
		}
		seen[shown] = true
		m.Close()
	}
}

// TestAliasCommands: every command takes an old path.
func TestAliasCommands(t *testing.T) {
	b := aliasBed(t)
	many(b.src.boxes["INBOX.Kunden"], 3)
	b.start(true)
	s := b.login()
	exists := func(name string) {
		t.Helper()
		var no *Refusal
		if err := s.Create(t.Context(), name); !errors.As(err, &no) || no.Code != "ALREADYEXISTS" {
			t.Errorf("CREATE %s: %v", name, err)
		}
	}
	for _, name := range []string{"INBOX.Kunden", "INBOX.Kunden.", "INBOX.", "Inbox.Kunden", "INBOX.Plain", "INBOX.Sent", "INBOX/"} {
		exists(name)
	}
	must(t, s.Create(t.Context(), "INBOX.Kunden.Neu"))
	must(t, s.Create(t.Context(), "INBOX.Sent.2022"))
	must(t, s.Create(t.Context(), "INBOX.Tief.er."))
	var no *Refusal
	if err := s.Create(t.Context(), "INBOX.a/b"); !errors.As(err, &no) || no.Code != "CANNOT" {
		t.Errorf("a name that cannot be spelt: %v", err)
	}
	b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Kunden", "Jahre/2024", "Lixo (old)", "Plain", "Sent Items/2023", "Kunden/Neu", "Sent Items/2022", "Tief/er")
	exists("INBOX.Tief.er")
	if _, _, err := s.Append(t.Context(), "INBOX.Kunden.Neu", []AppendItem{item(message(800, "mine"))}); err != nil {
		t.Error(err)
	}
	m := b.open(s, "INBOX.Kunden")
	uids := m.Changes(0).UIDs
	if r, err := m.Copy(t.Context(), uids[:1], "INBOX.Jahre.2024"); err != nil || len(r.To) != 1 {
		t.Error(r, err)
	}
	if r, err := m.Move(t.Context(), uids[1:2], "INBOX.Kunden.Neu"); err != nil || len(r.To) != 1 {
		t.Error(r, err)
	}
	if st, err := s.Status(t.Context(), "INBOX.Kunden.Neu", false); err != nil || st.Messages != 2 {
		t.Error(st, err)
	}
	must(t, s.Subscribe(t.Context(), "INBOX.Kunden.Neu", true))
	if !b.dst.boxes["Kunden/Neu"].sub {
		t.Error("not subscribed")
	}
	must(t, s.Subscribe(t.Context(), "INBOX.Kunden.Neu", false))
	must(t, s.Rename(t.Context(), "INBOX.Kunden", "INBOX.Jahre.Clients"))
	must(t, s.Delete(t.Context(), "INBOX.Tief.er"))
	must(t, s.Delete(t.Context(), "INBOX.Sent.2022"))
	b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Jahre/Clients", "Jahre/2024", "Lixo (old)", "Plain", "Sent Items/2023", "Jahre/Clients/Neu")
	for _, name := range []string{"INBOX.Kunden", "INBOX.Jahre.Clients", "INBOX.Kunden.Neu"} {
		b.open(s, name)
	}
	must(t, s.Delete(t.Context(), "INBOX.Kunden.Neu"))
	must(t, s.Delete(t.Context(), "INBOX.Kunden"))
	b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Jahre/2024", "Lixo (old)", "Plain", "Sent Items/2023")
	if _, err := s.Open(t.Context(), "INBOX.Kunden", true); !errors.Is(err, ErrNoFolder) {
		t.Errorf("an alias of a deleted folder: %v", err)
	}
	must(t, s.Create(t.Context(), "INBOX.Kunden"))
	b.shows(b.open(s, "INBOX.Kunden"))
	b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Jahre/Clients", "Jahre/2024", "Lixo (old)", "Plain", "Sent Items/2023")
	b.e.Release()
	b.wait()
	b.verified()
}

// TestAliasList: who asks under the source's prefix is told the whole tree in the source's spelling; nobody else is.
func TestAliasList(t *testing.T) {
	b := aliasBed(t)
	b.start(true)
	s := b.login()
	b.listed(s)
	must(t, s.Rename(t.Context(), "Kunden", "Clients"))
	b.listed(s)
	all := []string{"INBOX.Jahre.2024", "INBOX.Kunden", "INBOX.Lixo", "INBOX.Plain", "INBOX.Sent", "INBOX.Sent.2023", "INBOX.Trash"}
	for _, c := range []struct {
		reference, pattern string
		want               []string
	}{
		{"", "*", nil}, {"", "%", nil}, {"", "INBOX", nil}, {"", "INBOX*", nil}, {"", "Sent Items/%", nil}, {"", "x.*", nil}, {"Plain", "*", nil},
		{"INBOX.", "*", all}, {"", "INBOX.*", all}, {"", "INBOX.%", all}, {"inbox.", "%", all}, {"INBOX", "*", all}, {"", "INBOX.Sent", all},
	} {
		tree, err := s.Aliases(t.Context(), c.reference, []string{c.reference + c.pattern})
		must(t, err)
		var got []string
		for _, e := range tree.Entries {
			got = append(got, e.Name)
		}
		slices.Sort(got)
		if !slices.Equal(got, c.want) || got != nil && tree.Separator != "." {
			t.Errorf("LIST %q %q: %q", c.reference, c.pattern, got)
		}
	}
}

// TestAliasesWithoutPrefix: a source of another separator whose folders stand at the top.
func TestAliasesWithoutPrefix(t *testing.T) {
	b := newBed(t)
	b.src.prefix = ""
	b.src.set(func() {
		for _, name := range []string{"INBOX.Sent", "INBOX.Trash", "INBOX.Kunden"} {
			delete(b.src.boxes, name)
		}
		b.src.add("Gesendet", `\Sent`)
		b.src.add("Kunden")
		b.src.add("Kunden.A")
	})
	b.start(true)
	s := b.login()
	for name, want := range map[string]string{"Gesendet": "Sent Items", "Kunden": "Kunden", "Kunden.A": "Kunden/A", "Kunden/A": "Kunden/A"} {
		if m := b.open(s, name); m.Name() != want {
			t.Errorf("%s leads to %s", name, m.Name())
		}
	}
	must(t, s.Create(t.Context(), "Gesendet.2024"))
	must(t, s.Create(t.Context(), "Kunden.2024")) // a real name as the destination lists it, with a dot in it
	b.becomes(s, "INBOX", "Sent Items", "Deleted Items", "Kunden", "Kunden/A", "Sent Items/2024", "Kunden.2024")
	for pattern, n := range map[string]int{"*": 0, "Kunden*": 0, "Kunden.%": 3, "Gesendet.%": 3, "G.*": 0} {
		tree, err := s.Aliases(t.Context(), "", []string{pattern})
		must(t, err)
		if len(tree.Entries) != n {
			t.Errorf("LIST %q: %+v", pattern, tree.Entries)
		}
	}
}

// TestAliasUses: uses are counted, durably, and real names are no aliases.
func TestAliasUses(t *testing.T) {
	b := aliasBed(t)
	b.start(true)
	s := b.login()
	b.listed(s)
	b.open(s, "Kunden")
	b.open(s, "inbox")
	report := func() AccountReport { return b.e.Status().Accounts[0] }
	if r := report(); r.AliasUses != 0 || r.AliasUsed != nil {
		t.Errorf("%+v", r)
	}
	began := time.Now().Add(-time.Second)
	for range 3 {
		b.open(s, "INBOX.Kunden")
	}
	stored := func() (rec store.Account) {
		must(t, b.e.store.View(func(rx *store.Rx) (err error) {
			rec, err = rx.Account(s.a.id)
			return err
		}))
		return rec
	}
	if r := report(); r.AliasUses != 3 || r.AliasUsed.Before(began) {
		t.Errorf("%+v", r)
	}
	if rec := stored(); rec.AliasUses != 1 || rec.AliasUsed.Before(began) {
		t.Errorf("stored: %+v", rec)
	}
	b.end()
	b.start(true)
	s = b.login()
	if r, rec := report(), stored(); r.AliasUses != 3 || rec.AliasUses != 3 || r.AliasUsed == nil || !r.AliasUsed.Equal(rec.AliasUsed) {
		t.Errorf("%+v, stored %+v", r, rec)
	}
}
