package testbed

import (
	"strings"
	"testing"
)

func sides() (source, dest Snapshot) {
	m := func(sum, flags string) Message { return Message{Sum: sum, Flags: flags, Date: 1000, Size: 3} }
	source = Snapshot{Folders: map[string]Folder{
		"INBOX":      {UIDValidity: 7, UIDNext: 9, Messages: map[uint32]Message{1: m("a", `\seen`), 2: m("a", `\seen`), 8: m("b", "")}},
		"INBOX.Sent": {UIDValidity: 8, UIDNext: 2, Messages: map[uint32]Message{1: m("c", "")}},
	}}
	dest = Snapshot{Folders: map[string]Folder{
		"INBOX":      {UIDValidity: 1, Messages: map[uint32]Message{11: m("a", `\seen`), 12: m("b", ""), 13: m("a", `\seen`)}},
		"Sent Items": {UIDValidity: 2, Messages: map[uint32]Message{1: m("c", "")}},
	}}
	return source, dest
}

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(dest Snapshot)
		opts   CompareOptions
		want   string // "" if all is well
	}{
		{"equal", func(Snapshot) {}, CompareOptions{}, ""},
		{"a twin is missing", func(d Snapshot) { delete(d.Folders["INBOX"].Messages, 13) }, CompareOptions{}, "bytes: 1 of 3 missing"},
		{"one is doubled", func(d Snapshot) { d.Folders["INBOX"].Messages[14] = Message{Sum: "b", Date: 1000} }, CompareOptions{}, "1 messages doubled"},
		{"one is doubled, which is fine", func(d Snapshot) { d.Folders["INBOX"].Messages[14] = Message{Sum: "b", Date: 1000} }, CompareOptions{ExtraOK: true}, ""},
		{"another date", func(d Snapshot) { d.Folders["INBOX"].Messages[12] = Message{Sum: "b", Date: 1001} }, CompareOptions{}, "INTERNALDATE: 1 of 3"},
		{"another flag", func(d Snapshot) { d.Folders["INBOX"].Messages[12] = Message{Sum: "b", Date: 1000, Flags: `\seen`} }, CompareOptions{}, "flags: 1 of 3"},
		{"another flag, which is fine", func(d Snapshot) { d.Folders["INBOX"].Messages[12] = Message{Sum: "b", Date: 1000, Flags: `\seen`} }, CompareOptions{IgnoreFlags: true}, ""},
		{"no such folder", func(d Snapshot) { delete(d.Folders, "Sent Items") }, CompareOptions{}, `"Sent Items" is not there`},
		{"a stranger", func(d Snapshot) { d.Folders["Sent"] = Folder{Messages: map[uint32]Message{1: {}}} }, CompareOptions{}, "belong nowhere"},
	} {
		t.Run(c.name, func(t *testing.T) {
			source, dest := sides()
			c.change(dest)
			got := strings.Join(Compare(source, dest, c.opts), "\n")
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestDiff(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(s *Snapshot)
		want   string
	}{
		{"nothing", func(*Snapshot) {}, ""},
		{"subscription", func(s *Snapshot) { s.Subscribed = []string{"INBOX"} }, "subscriptions"},
		{"folder gone", func(s *Snapshot) { delete(s.Folders, "INBOX.Sent") }, "has gone"},
		{"folder new", func(s *Snapshot) { s.Folders["INBOX.New"] = Folder{} }, "is new"},
		{"UIDNEXT", func(s *Snapshot) { f := s.Folders["INBOX"]; f.UIDNext++; s.Folders["INBOX"] = f }, "UIDNEXT"},
		{"flag", func(s *Snapshot) {
			s.Folders["INBOX"].Messages[8] = Message{Sum: "b", Date: 1000, Size: 3, Flags: `\seen`}
		}, "messages differ"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, _ := sides()
			now, _ := sides()
			c.change(&now)
			got := strings.Join(before.Diff(now), "\n")
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestDefaultMap(t *testing.T) {
	for name, want := range map[string]string{
		"INBOX": "INBOX", "inbox": "INBOX", "INBOX.Sent": "Sent Items", "INBOX.Trash.Old": "Deleted Items/Old",
		"INBOX.Archive.2019": "Archive/2019", "INBOX.in/out": "in=2Fout", "INBOX.R&-D": "R&-D",
	} {
		if got := DefaultMap(name); got != want {
			t.Errorf("DefaultMap(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestMessage(t *testing.T) {
	uid, m, ok := message([]part{
		{text: `* 3 FETCH (FLAGS (\Seen \Recent Work) INTERNALDATE " 1-Feb-2003 04:05:06 +0200" BODY[] `, literal: []byte("ab")},
		{text: " UID 17)"},
	})
	if !ok || uid != 17 || m.Flags != `\seen work` || m.Date != 1044065106 || m.Size != 2 {
		t.Errorf("got %d %+v %v", uid, m, ok)
	}
	if _, _, ok := message([]part{{text: `* 3 FETCH (UID 17 FLAGS (\Seen))`}}); ok {
		t.Error("an answer without a body was taken")
	}
}
