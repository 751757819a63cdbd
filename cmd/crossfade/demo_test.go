package main

import (
	"reflect"
	"strings"
	"testing"
)

func TestDemoMailDependsOnSeed(t *testing.T) {
	t.Parallel()
	if a, b := makeDemoMail(3), makeDemoMail(3); !reflect.DeepEqual(a, b) {
		t.Error("one seed, two mailboxes")
	}
	if a, b := makeDemoMail(3), makeDemoMail(4); reflect.DeepEqual(a, b) {
		t.Error("two seeds, one mailbox")
	}
	count, largest := 0, 0
	for _, f := range makeDemoMail(1) {
		count += len(f.messages)
		for _, m := range f.messages {
			largest = max(largest, len(m.body))
			if strings.Contains(strings.ReplaceAll(string(m.body), "\r\n", ""), "\n") {
				t.Fatalf("%s: a bare line feed", f.name)
			}
		}
	}
	if count < 300 || count > 1000 || largest < 100_000 {
		t.Errorf("%d messages, the largest %d bytes", count, largest)
	}
}

// TestDemoSeesDifferences: what the demo calls equal is equal.
func TestDemoSeesDifferences(t *testing.T) {
	want := mailbox{"INBOX": {"a", "a", "b"}, "Sent Items": {"c"}, "Empty": nil}
	for _, c := range []struct {
		name string
		got  mailbox
		bad  int
	}{
		{"equal in another order", mailbox{"INBOX": {"b", "a", "a"}, "Sent Items": {"c"}, "Drafts": nil}, 0},
		{"a twin is missing", mailbox{"INBOX": {"b", "a"}, "Sent Items": {"c"}}, 1},
		{"doubled", mailbox{"INBOX": {"b", "a", "a", "a"}, "Sent Items": {"c"}}, 1},
		{"altered", mailbox{"INBOX": {"B", "a", "a"}, "Sent Items": {"c"}}, 2},
		{"in another folder", mailbox{"INBOX": {"b", "a", "a", "c"}}, 2},
	} {
		if bad := want.differences(c.got); len(bad) != c.bad {
			t.Errorf("%s: %q, want %d", c.name, bad, c.bad)
		}
	}
}

// TestDemoMovesEveryFolder: the expected places name all folders, and none twice.
func TestDemoMovesEveryFolder(t *testing.T) {
	all, seen := mailbox{}, map[string]bool{}
	for _, f := range demoFolders() {
		all[f.name] = []string{f.name}
		if seen[f.want] {
			t.Errorf("two folders belong in %s", f.want)
		}
		seen[f.want] = true
	}
	if got := all.moved(); len(got) != len(all) {
		t.Errorf("%d folders became %d", len(all), len(got))
	}
}
