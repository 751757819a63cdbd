package mailsort

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// letter is a message to be threaded.
type letter struct {
	id, refs, subject string
	date              int64
}

// tableOf makes a table; the UIDs are 1, 2, 3 ...
func tableOf(letters []letter) *Table {
	g := NewGatherer(SetOf(Subject, Date, References))
	t := &Table{}
	var dates []int64
	for i, l := range letters {
		uid := uint32(i + 1)
		g.Add(uid, fmt.Appendf(nil, "Subject: %s\r\nMessage-ID: %s\r\nReferences: %s\r\n\r\n", l.subject, l.id, l.refs))
		t.UIDs = append(t.UIDs, uid)
		dates = append(dates, l.date)
	}
	subjects := g.Merge(Subject, NewColumn(Subject)).(*Texts)
	t.Values[Subject], t.Replies, t.Values[Date] = subjects.Values(t.UIDs), subjects.Replies(t.UIDs), dates
	t.Links = g.Merge(References, NewColumn(References)).(*Links)
	return t
}

func written(f *Threads) string {
	number := func(b []byte, place int32) []byte { return strconv.AppendInt(b, int64(place)+1, 10) }
	return string(f.Append(nil, number, func(b []byte) []byte { return b }))
}

// TestReferencesThreads: the steps of RFC 5256, REFERENCES, one by one.
func TestReferencesThreads(t *testing.T) {
	for _, c := range []struct {
		name, want string
		letters    []letter
	}{
		{"none", "", nil},
		{"a chain", "(1 2 3)", []letter{{"<a@x>", "", "s", 1}, {"<b@x>", "<a@x>", "Re: s", 2}, {"<c@x>", "<a@x> <b@x>", "Re: s", 3}}},
		{"a chain that comes backwards", "(3 2 1)", []letter{{"<c@x>", "<a@x> <b@x>", "", 3}, {"<b@x>", "<a@x>", "", 2}, {"<a@x>", "", "", 1}}},
		{"two answers", "(1 (2)(3))", []letter{{"<a@x>", "", "s", 1}, {"<b@x>", "<a@x>", "Re: s", 2}, {"<c@x>", "<a@x>", "Re: s", 3}}},
		{"siblings by date", "(1 (3)(2))", []letter{{"<a@x>", "", "s", 1}, {"<b@x>", "<a@x>", "Re: s", 9}, {"<c@x>", "<a@x>", "Re: s", 3}}},
		{"a parent that is missing", "((1)(2))", []letter{{"<b@x>", "<a@x>", "Re: s", 2}, {"<c@x>", "<a@x>", "Re: s", 3}}},
		{"a missing one with one answer", "(1)", []letter{{"<b@x>", "<a@x>", "Re: s", 2}}},
		{"a missing one in the middle", "(1 2)", []letter{{"<a@x>", "", "s", 1}, {"<c@x>", "<a@x> <b@x>", "Re: s", 2}}},
		{"missing ones above each other", "((1)(2))", []letter{{"<c@x>", "<r@x> <q@x> <a@x>", "", 2}, {"<d@x>", "<r@x> <q@x> <b@x>", "", 3}}},
		{"answers to each other", "(2 1)", []letter{{"<a@x>", "<b@x>", "", 1}, {"<b@x>", "<a@x>", "", 2}}},
		{"an answer to itself", "(1)", []letter{{"<a@x>", "<a@x>", "", 1}}},
		{"a circle in one field", "(1)(2)", []letter{{"<c@x>", "<a@x> <b@x> <a@x>", "", 1}, {"<d@x>", "", "", 2}}},
		{"an id used twice", "(1 3)(2)", []letter{{"<a@x>", "", "", 1}, {"<a@x>", "", "", 2}, {"<b@x>", "<a@x>", "", 3}}},
		{"no ids", "(1)(2)", []letter{{"", "", "", 1}, {"", "", "", 2}}},
		{"the last reference wins", "(1)(2 3)", []letter{{"<a@x>", "", "", 1}, {"<b@x>", "", "", 2}, {"<c@x>", "<b@x>", "", 3}}},
		{"a truncated field is mended", "(1 2 3)", []letter{{"<a@x>", "", "", 1}, {"<b@x>", "<a@x>", "", 2}, {"<c@x>", "<b@x>", "", 3}}},
		{"one subject: the answer goes below", "(1 2)", []letter{{"<a@x>", "", "s", 1}, {"<b@x>", "", "Re: S", 2}}},
		{"one subject: also if it came first", "(2 1)", []letter{{"<b@x>", "", "Re: S", 1}, {"<a@x>", "", "s", 2}}},
		{"one subject: strangers get a dummy", "((1)(2))", []letter{{"<a@x>", "", "s", 1}, {"<b@x>", "", "s", 2}}},
		{"one subject: three strangers", "((1)(2)(3))", []letter{{"<a@x>", "", "s", 1}, {"<b@x>", "", "s", 2}, {"<c@x>", "", "s", 3}}},
		{"one subject: two dummies", "((1)(2)(3)(4))", []letter{{"<c@x>", "<a@x>", "s", 1}, {"<d@x>", "<a@x>", "s", 2}, {"<e@x>", "<b@x>", "s", 3}, {"<f@x>", "<b@x>", "s", 4}}},
		{"one subject: below a dummy that comes later", "((1)(2)(3))", []letter{{"<c@x>", "", "s", 1}, {"<d@x>", "<a@x>", "s", 2}, {"<e@x>", "<a@x>", "s", 3}}},
		{"one subject: an answer below one that goes below a dummy", "((2 1)(3))", []letter{{"<a@x>", "", "Re: s", 1}, {"<b@x>", "", "s", 2}, {"<c@x>", "", "s", 3}}},
		{"one subject: none", "(1)(2)", []letter{{"<a@x>", "", "Re:", 1}, {"<b@x>", "", "", 2}}},
		{"equal dates keep the order", "(1)(2)(3)", []letter{{"<a@x>", "", "x", 5}, {"<b@x>", "", "y", 5}, {"<c@x>", "", "z", 5}}},
	} {
		if got := written(tableOf(c.letters).References()); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestOrderedSubject: RFC 5256, ORDEREDSUBJECT.
func TestOrderedSubject(t *testing.T) {
	letters := []letter{{"", "", "b", 5}, {"", "", "a", 9}, {"", "", "Re: b", 7}, {"", "", "RE: A", 3}, {"", "", "c", 8}, {"", "", "fwd: B", 6}}
	if got, want := written(tableOf(letters).OrderedSubject()), "(4 2)(1 (6)(3))(5)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// someLetters draws messages that refer to each other in every way.
func someLetters(t *rapid.T) []letter {
	id := rapid.Custom(func(t *rapid.T) string { return fmt.Sprintf("<%d@x>", rapid.IntRange(0, 12).Draw(t, "id")) })
	one := rapid.Custom(func(t *rapid.T) letter {
		return letter{
			id:      rapid.OneOf(id, rapid.Just("")).Draw(t, "own"),
			refs:    strings.Join(rapid.SliceOfN(id, 0, 5).Draw(t, "refs"), " "),
			subject: rapid.SampledFrom([]string{"", "s", "Re: s", "t", "Re: t", "Fwd: [x] t"}).Draw(t, "subject"),
			date:    rapid.Int64Range(0, 5).Draw(t, "date"),
		}
	})
	return rapid.SliceOfN(one, 0, 20).Draw(t, "letters")
}

// TestThreadsHoldAll: every message is in the threads exactly once, whatever refers to what, and asking again tells the
// same; dummies stand at the top only, and hold at least two.
func TestThreadsHoldAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		letters := someLetters(t)
		for name, thread := range map[string]func(*Table) *Threads{"REFERENCES": (*Table).References, "ORDEREDSUBJECT": (*Table).OrderedSubject} {
			f := thread(tableOf(letters))
			said := written(f)
			wantAll(t, name, said, len(letters))
			if again := written(thread(tableOf(letters))); again != said {
				t.Fatalf("%s: %s, and then %s", name, said, again)
			}
			if strings.Contains(said, " ((") || strings.Contains(said, "()") || strings.Contains(said, "(((") {
				t.Fatalf("%s: a dummy below others in %s", name, said)
			}
		}
	})
}

func wantAll(t interface{ Fatalf(string, ...any) }, name, said string, n int) {
	seen := make([]int, n+1)
	for _, w := range strings.FieldsFunc(said, func(r rune) bool { return r < '0' || r > '9' }) {
		m, _ := strconv.Atoi(w)
		if m < 1 || m > n {
			t.Fatalf("%s: message %d in %s", name, m, said)
		}
		seen[m]++
	}
	for m := 1; m <= n; m++ {
		if seen[m] != 1 {
			t.Fatalf("%s: message %d is there %d times in %s", name, m, seen[m], said)
		}
	}
	if strings.Count(said, "(") != strings.Count(said, ")") {
		t.Fatalf("%s: %s", name, said)
	}
}

// TestTreeAsInTheRFC: the links are those that are found by asking all ancestors one by one.
func TestTreeAsInTheRFC(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "nodes")
		quick := &builder{parent: make([]int32, n+1), kids: make([]int32, n+1), tree: newLinkCut(n)}
		slow := make([]int32, n+1)
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			parent, child := int32(rapid.IntRange(1, n).Draw(t, "parent")), int32(rapid.IntRange(1, n).Draw(t, "child"))
			if rapid.Bool().Draw(t, "break") {
				quick.unlink(child)
				slow[child] = 0
			}
			if slow[child] != 0 {
				continue
			}
			quick.link(parent, child)
			loop := false
			for a := parent; a != 0; a = slow[a] {
				loop = loop || a == child
			}
			if !loop {
				slow[child] = parent
			}
			if !slices.Equal(quick.parent, slow) {
				t.Fatalf("%v, want %v", quick.parent, slow)
			}
		}
	})
}

// TestLongThreads: chains and circles of 50,000 messages, forwards and backwards, take no deep stack.
func TestLongThreads(t *testing.T) {
	const n = 50_000
	for name, ref := range map[string]func(i int) int{
		"forwards":  func(i int) int { return i - 1 },
		"backwards": func(i int) int { return i + 1 },
		"a circle":  func(i int) int { return (i + 1) % n },
		"a star":    func(int) int { return 0 },
		"leaps":     func(i int) int { return i * 7919 % n },
	} {
		letters := make([]letter, n)
		for i := range letters {
			letters[i] = letter{id: fmt.Sprintf("<%d@x>", i), refs: fmt.Sprintf("<%d@x>", ref(i)), date: int64(i)}
		}
		table := tableOf(letters)
		wantAll(t, name, written(table.References()), n)
	}
}

// FuzzThread: any header fields of any messages are threaded, each exactly once.
func FuzzThread(f *testing.F) {
	f.Add([]byte("Message-ID: <a@x>\n\nMessage-ID: <b@x>\nReferences: <a@x> <b@x>\n\nIn-Reply-To: <b@x>\nSubject: Re: x\n\nSubject: x\n"))
	f.Add([]byte("References: <a@x> <a@x>\nMessage-ID: <a@x>\n\n\n\nDate: 1 Jan 2000\n\nMessage-ID: <a@x>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		g := NewGatherer(SetOf(Subject, Date, References))
		table := &Table{}
		for i, block := range bytes.Split(b, []byte("\n\n")) {
			g.Add(uint32(i+1), block)
			table.UIDs = append(table.UIDs, uint32(i+1))
		}
		subjects := g.Merge(Subject, NewColumn(Subject)).(*Texts)
		table.Values[Subject], table.Replies = subjects.Values(table.UIDs), subjects.Replies(table.UIDs)
		table.Values[Date], table.Links = g.Merge(Date, NewColumn(Date)).Values(table.UIDs), g.Merge(References, NewColumn(References)).(*Links)
		wantAll(t, "REFERENCES", written(table.References()), len(table.UIDs))
		wantAll(t, "ORDEREDSUBJECT", written(table.OrderedSubject()), len(table.UIDs))
	})
}
