package drivertest

import (
	"errors"
	"slices"
	"testing"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/mapping"
)

// testGlance: what is told without opening mailboxes agrees with what opening them tells, before and after they change.
func testGlance(t *testing.T, f Factory) {
	s, m := login(t, f)
	g, ok := m.(backfill.Glancer)
	if !ok {
		return // a driver need not
	}
	var names []string
	for _, n := range []string{"Glance", "A b", "Three"} {
		names = append(names, box(m, n))
		s.Fill(t, names[len(names)-1], numbered(len(names))...)
	}
	names = append(names, "INBOX", box(m, "There is none"))
	if s.NoGlance {
		if told, err := g.Glance(t.Context(), names); !errors.Is(err, backfill.ErrNotOffered) {
			t.Errorf("it tells %v, %v", told, err)
		}
		return
	}
	look := func() map[string]backfill.BoxState {
		t.Helper()
		told, err := g.Glance(t.Context(), names)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names[:4] {
			real, err := m.Examine(t.Context(), n)
			if err != nil {
				t.Fatal(err)
			}
			want := backfill.BoxState{UIDValidity: real.UIDValidity, UIDNext: real.UIDNext, Exists: real.Exists, HighestModSeq: told[n].HighestModSeq}
			if told[n] != want {
				t.Errorf("of %q it tells %+v, EXAMINE %+v", n, told[n], real)
			}
			if m.Features().Caps.Has(imap.CapCondStore) && real.HighestModSeq != 0 && told[n].HighestModSeq == 0 {
				t.Errorf("of %q it tells no mod-sequence", n)
			}
		}
		if st, ok := told[names[4]]; ok {
			t.Errorf("a mailbox that is not there: %+v", st)
		}
		return told
	}
	before := look()
	if again := look(); again[names[0]] != before[names[0]] {
		t.Errorf("nothing happened: %+v and %+v", before[names[0]], again[names[0]])
	}
	s.Fill(t, names[0], numbered(1)...)
	if after := look(); after[names[0]].Exists != 2 || after[names[0]].HighestModSeq < before[names[0]].HighestModSeq {
		t.Errorf("a new message: %+v and %+v", before[names[0]], after[names[0]])
	}
	if few, err := g.Glance(t.Context(), names[:1]); err != nil || few[names[0]].Exists != 2 || len(few) != 1 {
		t.Errorf("of one: %+v %v", few, err)
	}
}

// testVanished: who asks what changed since is told what was deleted, too, where the server can.
func testVanished(t *testing.T, f Factory) {
	s, m := login(t, f)
	if s.Remove == nil || !m.Features().Caps.Has(imap.CapCondStore) {
		return // it has nothing to tell
	}
	s.Fill(t, "INBOX", numbered(20)...)
	all, state := scanAll(t, m, "INBOX")
	gone := []uint32{all[2].UID, all[3].UID, all[8].UID}
	s.Remove(t, "INBOX", gone...)
	s.Fill(t, "INBOX", Msg{Body: "Message-ID: <new@example.test>\r\n\r\nx\r\n", Flags: mapping.NewFlags(`\Seen`)})
	var told []uint32
	since := func() (listed []uint32, st backfill.BoxState) {
		t.Helper()
		told = nil
		what := backfill.Scan{UIDValidity: state.UIDValidity, Flags: true, ChangedSince: state.HighestModSeq, Vanished: func(from, to uint32) {
			for _, e := range all {
				if e.UID >= from && e.UID <= to {
					told = append(told, e.UID)
				}
			}
		}}
		st, err := m.Scan(t.Context(), "INBOX", what, func(e backfill.Entry) error { listed = append(listed, e.UID); return nil })
		if err != nil {
			t.Fatal(err)
		}
		return listed, st
	}
	listed, st := since()
	slices.Sort(told)
	switch offered := m.Features().Caps.Has(imap.CapQResync); {
	case offered && !slices.Equal(slices.Compact(told), gone):
		t.Errorf("told that %v are gone, not %v", told, gone)
	case !offered && told != nil:
		t.Errorf("told that %v are gone by a server that cannot", told)
	}
	if len(listed) == 0 || listed[len(listed)-1] <= all[19].UID || st.Exists != 18 {
		t.Errorf("listed %v, state %+v", listed, st)
	}
	// The connection goes on: what is deleted from now on counts.
	n, err := m.Poll(t.Context(), "INBOX", st)
	if err != nil || n.State.Exists != 18 {
		t.Errorf("%+v %v", n, err)
	}
	s.Remove(t, "INBOX", all[10].UID)
	if n, err = m.Poll(t.Context(), "INBOX", n.State); err != nil || !n.Gone || n.State.Exists != 17 {
		t.Errorf("one more deleted: %+v %v", n, err)
	}
	if got, _ := scanAll(t, m, "INBOX"); len(got) != 17 {
		t.Errorf("%d are listed, not 17", len(got))
	}
}
