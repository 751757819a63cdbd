package testbed

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// CompareOptions say what two sides may differ in. The zero value wants everything equal.
type CompareOptions struct {
	// Map gives the destination's folder for a source folder, both raw. Nil: DefaultMap.
	Map         func(string) string
	IgnoreFlags bool // flags and keywords
	ExtraOK     bool // the destination may hold more
}

// DefaultMap maps the raw names of Source to those of Dest.
func DefaultMap(name string) string {
	if strings.EqualFold(name, "INBOX") {
		return "INBOX"
	}
	path := strings.Split(strings.TrimPrefix(name, "INBOX."), ".")
	if renamed := map[string]string{"Sent": "Sent Items", "Trash": "Deleted Items", "Spam": "Junk E-Mail"}[path[0]]; renamed != "" {
		path[0] = renamed
	}
	for i := range path {
		path[i] = strings.ReplaceAll(path[i], "/", "=2F") // the separator cannot be part of a name
	}
	return strings.Join(path, "/")
}

// Compare tells, in words, what the destination lacks of the source or holds too much: every message as often
// as in the source, with equal bytes, INTERNALDATE and flags, in the mapped folder. Nil means that all is well.
func Compare(source, dest Snapshot, o CompareOptions) []string {
	if o.Map == nil {
		o.Map = DefaultMap
	}
	want := map[string][]Message{}
	for name, f := range source.Folders {
		to := o.Map(name)
		want[to] = slices.AppendSeq(want[to], maps.Values(f.Messages))
	}
	var bad []string
	for name, messages := range want {
		have, there := dest.Folders[name]
		if !there && len(messages) > 0 {
			bad = append(bad, fmt.Sprintf("%q is not there, %d messages missing", name, len(messages)))
			continue
		}
		got := slices.Collect(maps.Values(have.Messages))
		for _, aspect := range aspects(o) {
			bad = append(bad, differ(name, aspect, messages, got, o.ExtraOK)...)
		}
	}
	if !o.ExtraOK {
		for name, f := range dest.Folders {
			if _, ok := want[name]; !ok && len(f.Messages) > 0 {
				bad = append(bad, fmt.Sprintf("%q holds %d messages that belong nowhere", name, len(f.Messages)))
			}
		}
	}
	slices.Sort(bad)
	return bad
}

// aspect is a way to look at messages.
type aspect struct {
	name string
	of   func(Message) string
}

func aspects(o CompareOptions) []aspect {
	out := []aspect{
		{"bytes", func(m Message) string { return m.Sum }},
		{"INTERNALDATE", func(m Message) string { return fmt.Sprint(m.Sum, " ", m.Date) }},
	}
	if !o.IgnoreFlags {
		out = append(out, aspect{"flags", func(m Message) string { return m.Sum + " " + m.Flags }})
	}
	return out
}

// differ compares as multisets: twins count.
func differ(name string, a aspect, want, got []Message, extraOK bool) []string {
	count := map[string]int{}
	for _, m := range want {
		count[a.of(m)]++
	}
	for _, m := range got {
		count[a.of(m)]--
	}
	missing, extra, example := 0, 0, ""
	for k, n := range count {
		if n > 0 {
			missing, example = missing+n, k
		} else {
			extra -= n
		}
	}
	var bad []string
	if missing > 0 {
		bad = append(bad, fmt.Sprintf("%q: %s: %d of %d missing or different, such as %s", name, a.name, missing, len(want), example))
	}
	if extra > 0 && a.name == "bytes" && !extraOK {
		bad = append(bad, fmt.Sprintf("%q: %d messages doubled or foreign", name, extra))
	}
	return bad
}

// Diff tells, in words, what changed on one server between two snapshots: folders, attributes, subscriptions,
// UIDVALIDITY, UIDNEXT, UIDs, flags, dates, bytes. Nil means that nothing did.
func (s Snapshot) Diff(now Snapshot) []string {
	var bad []string
	if !slices.Equal(s.Subscribed, now.Subscribed) {
		bad = append(bad, fmt.Sprintf("subscriptions: %q, now %q", s.Subscribed, now.Subscribed))
	}
	for name, f := range s.Folders {
		g, there := now.Folders[name]
		switch {
		case !there:
			bad = append(bad, fmt.Sprintf("%q has gone", name))
		case f.UIDValidity != g.UIDValidity || f.UIDNext != g.UIDNext:
			bad = append(bad, fmt.Sprintf("%q: UIDVALIDITY %d UIDNEXT %d, now %d and %d", name, f.UIDValidity, f.UIDNext, g.UIDValidity, g.UIDNext))
		case !slices.Equal(f.Attrs, g.Attrs):
			bad = append(bad, fmt.Sprintf("%q: attributes %q, now %q", name, f.Attrs, g.Attrs))
		case !reflect.DeepEqual(f.Messages, g.Messages):
			bad = append(bad, fmt.Sprintf("%q: the messages differ", name))
		}
	}
	for name := range now.Folders {
		if _, there := s.Folders[name]; !there {
			bad = append(bad, fmt.Sprintf("%q is new", name))
		}
	}
	slices.Sort(bad)
	return bad
}
