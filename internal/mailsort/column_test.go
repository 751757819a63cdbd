package mailsort

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestColumnsGrow: messages that come in any parts and order make the same columns as all at once.
func TestColumnsGrow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		uids := rapid.SliceOfNDistinct(rapid.Uint32Range(1, 60), 0, 30, rapid.ID[uint32]).Draw(t, "uids")
		block := func(uid uint32) []byte {
			return fmt.Appendf(nil, "Subject: %s%d\r\nDate: %d Jan 2000\r\nMessage-ID: <%d@x>\r\nReferences: <%d@x> <%d@x>\r\n\r\n", []string{"", "Re: "}[uid%2], uid%7, uid%28+1, uid, uid%3, uid%5)
		}
		want := SetOf(Subject, Date, References)
		var grown [Keys]Column
		for k := range Keys {
			grown[k] = NewColumn(k)
		}
		for rest := uids; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "part")
			g := NewGatherer(want)
			for _, uid := range rest[:n] {
				g.Add(uid, block(uid))
			}
			if rapid.Bool().Draw(t, "again") { // what is known already is not changed
				g.Add(uids[0], []byte("Subject: other\r\n"))
			}
			for k := range Keys {
				if want.Has(k) {
					grown[k] = g.Merge(k, grown[k])
				}
			}
			rest = rest[n:]
		}
		slices.Sort(uids)
		g := NewGatherer(want)
		for _, uid := range uids {
			g.Add(uid, block(uid))
		}
		if len(uids) == 0 {
			return
		}
		date := g.Merge(Date, NewColumn(Date))
		if !slices.Equal(grown[Date].Values(uids), date.Values(uids)) || !slices.Equal(grown[Date].UIDs(), uids) {
			t.Fatal("the dates differ")
		}
		subject, other := g.Merge(Subject, NewColumn(Subject)).(*Texts), grown[Subject].(*Texts)
		if !slices.Equal(order(subject.Values(uids)), order(other.Values(uids))) || !slices.Equal(subject.Replies(uids), other.Replies(uids)) {
			t.Fatal("the subjects differ")
		}
		table := func(l Column) *Table {
			out := &Table{UIDs: uids, Replies: subject.Replies(uids), Links: l.(*Links)}
			out.Values[Subject], out.Values[Date] = subject.Values(uids), date.Values(uids)
			return out
		}
		if a, b := written(table(g.Merge(References, NewColumn(References))).References()), written(table(grown[References]).References()); a != b {
			t.Fatalf("the threads differ: %s, %s", a, b)
		}
	})
}

// order are the places of values in order.
func order(v []int64) []int {
	out := make([]int, len(v))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(a, b int) int { return cmp.Compare(v[a], v[b]) })
	return out
}

// TestSort: keys in their order, some of them reversed, and the sequence of the mailbox last (RFC 5256 3).
func TestSort(t *testing.T) {
	table := &Table{UIDs: []uint32{10, 20, 30, 40}}
	table.Values[Size], table.Values[Date] = []int64{5, 3, 5, 3}, []int64{1, 2, 0, 2}
	for _, c := range []struct {
		by   []Criterion
		want []uint32
	}{
		{[]Criterion{{Key: Size}}, []uint32{1, 3, 0, 2}},
		{[]Criterion{{Key: Size, Reverse: true}}, []uint32{0, 2, 1, 3}},
		{[]Criterion{{Key: Size, Reverse: true}, {Key: Date}}, []uint32{2, 0, 1, 3}},
		{[]Criterion{{Key: Date, Reverse: true}, {Key: Size}}, []uint32{1, 3, 0, 2}},
	} {
		if got := table.Sort(c.by); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.by, got, c.want)
		}
	}
}

// TestMissingIsEmpty: a message that a column does not have counts as one without the field.
func TestMissingIsEmpty(t *testing.T) {
	g := NewGatherer(SetOf(Subject, From, Date))
	g.Add(1, []byte("Subject: Re: b\r\n"))
	g.Add(3, []byte("Subject: a\r\nFrom: joe@x\r\nDate: 1 Jan 1970\r\n"))
	uids := []uint32{1, 2, 3}
	if got := g.Merge(Subject, NewColumn(Subject)).Values(uids); !(got[1] == 0 && got[2] > 0 && got[0] > got[2]) {
		t.Error(got)
	}
	if got := g.Merge(From, NewColumn(From)).Values(uids); !(got[0] == 0 && got[1] == 0 && got[2] > 0) {
		t.Error(got)
	}
	if got := g.Merge(Date, NewColumn(Date)).Values(uids); !slices.Equal(got, []int64{NoDate, NoDate, 0}) {
		t.Error(got)
	}
}
