package export

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"crossfade/store"
)

// TestSinceLosesNothing: whatever comes when and with whichever date, what came after a time is always told, however the
// folder was looked at; what came a good day before it, with a date of before, is not.
func TestSinceLosesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		type message struct{ came, date time.Time }
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		var notes []store.Arrival
		var all []message
		var looks []time.Time
		for range rapid.IntRange(1, 200).Draw(rt, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(1, 40*3600).Draw(rt, "later")) * time.Second)
			switch rapid.IntRange(0, 2).Draw(rt, "what") {
			case 0:
				all = append(all, message{now, now})
			case 1: // an old letter that a user dragged in
				all = append(all, message{now, now.AddDate(-rapid.IntRange(1, 20).Draw(rt, "years"), 0, 0)})
			default:
				notes = NoteArrival(notes, uint32(len(all))+1, now)
				looks = append(looks, now)
			}
		}
		if len(notes) > arrivalsKept+1 {
			rt.Fatalf("%d notes", len(notes))
		}
		if len(looks) == 0 {
			return
		}
		since := looks[0].Add(time.Duration(rapid.IntRange(0, int(now.Sub(looks[0])/time.Second)).Draw(rt, "since")) * time.Second)
		rule := newSince(notes, since)
		for i, m := range all {
			if told := rule.came(uint32(i)+1, m.date); !told && m.came.After(since) {
				rt.Fatalf("message %d came at %v, after %v, and is left out", i+1, m.came, since)
			}
		}
	})
}

// TestSince: by the notes to a day, before the first note by the date.
func TestSince(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 3, n, 12, 0, 0, 0, time.UTC) }
	old := day(1).AddDate(-9, 0, 0)
	var notes []store.Arrival
	notes = NoteArrival(notes, 5, day(2))
	notes = NoteArrival(notes, 7, day(2).Add(time.Hour)) // the same day
	notes = NoteArrival(notes, 9, day(4))
	notes = NoteArrival(notes, 9, day(9)) // nothing new
	if len(notes) != 2 || notes[1].UIDNext != 9 {
		t.Fatalf("%+v", notes)
	}
	for _, c := range []struct {
		name  string
		since time.Time
		uid   uint32
		date  time.Time
		want  bool
	}{
		{"everything", time.Time{}, 1, old, true},
		{"was there at first, old", day(3), 4, old, false},
		{"was there at first, new", day(1), 4, day(2), true},
		{"old, came after the first look", day(3), 5, old, true},
		{"old, came before the second note", day(5), 8, old, false},
		{"old, came after it", day(5), 9, old, true},
		{"since before we looked", day(1), 4, old, false},
		{"since before we looked, came later", day(1), 5, old, true},
	} {
		if got := newSince(notes, c.since).came(c.uid, c.date); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}
