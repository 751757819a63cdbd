package mapping

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestPair(t *testing.T) {
	a, b := Key{Size: 1, ID: 2, Date: 3}, Key{Size: 1, ID: 2, Date: 4}
	below := []Keyed{{7, a}, {3, a}, {5, b}, {9, a}}
	above := []Keyed{{20, a}, {10, a}, {1, Key{Size: 1}}}
	want := []Match{{3, 10}, {7, 20}}
	if got := Pair(below, above); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if below[0].UID != 7 || above[0].UID != 20 {
		t.Error("the input was changed")
	}
	if got := Pair(nil, above); got != nil {
		t.Errorf("%v", got)
	}
}

func TestPairProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) []Keyed {
			var out []Keyed
			for _, uid := range rapid.SliceOfDistinct(rapid.Uint32Range(1, 50), rapid.ID).Draw(t, label) {
				out = append(out, Keyed{uid, Key{Size: rapid.Int64Range(0, 2).Draw(t, "size"), Date: rapid.Int64Range(0, 1).Draw(t, "date")}})
			}
			return out
		}
		below, above := draw("below"), draw("above")
		count := map[Key][2]int{}
		key := map[bool]map[uint32]Key{false: {}, true: {}}
		for i, side := range [][]Keyed{below, above} {
			for _, m := range side {
				c := count[m.Key]
				c[i]++
				count[m.Key] = c
				key[i == 1][m.UID] = m.Key
			}
		}
		last := map[Key]Match{}
		previous := uint32(0)
		for _, m := range Pair(below, above) {
			k := key[false][m.Below]
			if m.Below <= previous || key[true][m.Above] != k || m.Above <= last[k].Above {
				t.Fatalf("%v after %v", m, last[k])
			}
			previous, last[k] = m.Below, m
			c := count[k]
			count[k] = [2]int{c[0] - 1, c[1] - 1}
		}
		for k, left := range count {
			if left[0] < 0 || left[1] < 0 || left[0] > 0 && left[1] > 0 {
				t.Fatalf("%v: left over %v", k, left)
			}
		}
		if swapped := Pair(above, below); len(swapped) != len(Pair(below, above)) {
			t.Fatal("it matters which side is below")
		}
	})
}

func BenchmarkPair(b *testing.B) {
	var below, above []Keyed
	for i := range 200_000 {
		k := Key{Size: int64(i % 50_000), ID: MessageID(i)}
		below, above = append(below, Keyed{uint32(i + 1), k}), append(above, Keyed{uint32(i + 9), k})
	}
	b.ReportAllocs()
	for b.Loop() {
		Pair(below, above)
	}
}
