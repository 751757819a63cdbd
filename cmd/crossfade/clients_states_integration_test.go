//go:build integration

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"crossfade/backfill"
	"crossfade/internal/testbed"
)

// The states that an account is in while a mail program works in it. direct is an account like the others whose clients talk
// to the destination itself: what a program does and is told there is what it must be everywhere.
const (
	isDirect  = iota
	isBlended // nothing is copied
	isHalf    // of every folder the newer half is on the source alone
	isSettled // shown under the destination's numbers
	isSpliced // a plain pipe
	states
)

var stateNames = [states]string{"direct", "blended", "half copied", "settled", "spliced"}

// sitting is what one program did in one state.
type sitting struct {
	said   string           // by the program
	wrong  []string         // what it was answered but OK
	end    testbed.Snapshot // as clients see it
	lasted time.Duration
}

// TestClientPrograms: programs that people and helpdesks use work in a mailbox in each of its states as on the destination
// itself: what they say, what they are refused and what is there at the end is the same, the source is as it was, and when
// everything has moved, the destination holds it once.
func TestClientPrograms(t *testing.T) {
	t.Parallel()
	w := newWorlds(t, imapflow, offlineimap, neomutt)
	w.workBlended(t)
	w.readAnew(t)
	w.workElsewhere(t)
}

// TestThunderbird: the same with Thunderbird, driven from within.
func TestThunderbird(t *testing.T) {
	t.Parallel()
	w := newWorlds(t, thunderbird)
	w.workBlended(t)
	w.workElsewhere(t)
}

// workBlended lets the programs work while nothing is copied, and has everything move.
func (w *worlds) workBlended(t *testing.T) {
	t.Helper()
	w.work(t, isBlended)
	crossfade(t, w.p, "release")
	w.copied(t, w.users(isDirect, isBlended, isHalf, isSettled, isSpliced)...)
	w.wantOnDestination(t, isBlended)
}

// workElsewhere lets them work in all other states, and compares.
func (w *worlds) workElsewhere(t *testing.T) {
	t.Helper()
	for _, user := range w.users(isSettled, isSpliced) {
		w.p.settleNow(t, user)
	}
	for _, user := range w.users(isSpliced) {
		var parting backfill.Parting
		out := crossfade(t, w.p, "splice", "--account", user, "--json")
		if err := json.Unmarshal([]byte(out), &parting); err != nil || parting.Stage != "spliced" {
			t.Errorf("%s is no plain pipe: %s, %v", user, out, err)
		}
	}
	w.halve(t)
	w.work(t, isDirect, isHalf, isSettled, isSpliced)
	crossfade(t, w.p, "release")
	w.copied(t, w.users(isHalf)...)
	w.wantOnDestination(t, isHalf)
	w.compare(t)
	w.p.stop(t)
	if log := w.p.said.String(); strings.Contains(log, "level=ERROR") {
		t.Errorf("the log:\n%s", log)
	}
}

// work lets every program work in accounts of these states, all at the same time.
func (w *worlds) work(t *testing.T, in ...int) {
	t.Helper()
	began := time.Now()
	defer func() { t.Logf("%d states: %v", len(in), time.Since(began).Round(time.Millisecond)) }()
	var group errgroup.Group
	for _, state := range in {
		addr := w.p.imap
		if state == isDirect {
			addr = w.dest.Addr
		}
		for i, p := range w.programs {
			user := w.user(i, state)
			w.before[user] = snapshotOf(t, w.source.Addr, user)
			tap := newTap(t, addr)
			group.Go(func() error {
				start := time.Now()
				said, err := p.work(tap.addr, user, w.home(i, state))
				w.runs[i][state] = sitting{said: string(said), wrong: tap.refused(), lasted: time.Since(start)}
				if err != nil {
					return fmt.Errorf("%s, %s: %w\nrefused: %q", p.name, stateNames[state], err, tap.refused())
				}
				return nil
			})
		}
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, state := range in {
		for i := range w.programs {
			user, addr := w.user(i, state), w.p.imap
			if state == isDirect {
				addr = w.dest.Addr
			}
			w.runs[i][state].end = timeless(snapshotOf(t, addr, user))
			if bad := w.before[user].Diff(snapshotOf(t, w.source.Addr, user)); bad != nil {
				t.Errorf("%s, %s: the source was changed:\n%s", w.programs[i].name, stateNames[state], strings.Join(bad, "\n"))
			}
		}
	}
}

// readAnew: offlineimap, which knows an account by the old server's numbers, says that it must stop when it settles, and changes
// nothing on the server; when its copy is begun anew it holds what it held. (What it does to its own copy until then is its
// own affair: version 8 says that it skips such folders, and does not.)
func (w *worlds) readAnew(t *testing.T) {
	t.Helper()
	i := slices.IndexFunc(w.programs, func(p program) bool { return p.name == offlineimap.name })
	user, home := w.user(i, isBlended), w.home(i, isBlended)
	device := func(verb string) (got struct {
		Folders map[string]any
		Said    []string
	}) {
		said, err := runProgram(w.p.imap, "python3", "../../testdata/clients/offlineimap.py", verb, "PORT", user, testbed.Pass, home)
		if err == nil {
			err = json.Unmarshal(said, &got)
		}
		if err != nil {
			t.Fatalf("offlineimap, %s: %v", verb, err)
		}
		return got
	}
	known := device("sync")
	w.p.settleNow(t, user)
	before := snapshotOf(t, w.p.imap, user)
	if said := device("sync").Said; !strings.Contains(strings.Join(said, "\n"), "UID validity problem") {
		t.Errorf("offlineimap, when folders have settled, says %q", said)
	}
	anew := device("anew")
	if !reflect.DeepEqual(anew.Folders, known.Folders) {
		t.Errorf("offlineimap, begun anew, holds\n%v, held\n%v", anew.Folders, known.Folders)
	}
	if bad := before.Diff(snapshotOf(t, w.p.imap, user)); bad != nil {
		t.Errorf("offlineimap changed mail:\n%s", strings.Join(bad, "\n"))
	}
}

// timeless leaves out when mail was put in if that was a moment ago.
func timeless(s testbed.Snapshot) testbed.Snapshot {
	for _, f := range s.Folders {
		for uid, m := range f.Messages {
			if time.Since(time.Unix(m.Date, 0)) < time.Hour {
				m.Date = 0
				f.Messages[uid] = m
			}
		}
	}
	return s
}

var sameNames = testbed.CompareOptions{Map: func(name string) string { return name }}

// compare holds what each program did in each state against what it did on the destination.
func (w *worlds) compare(t *testing.T) {
	t.Helper()
	for i, p := range w.programs {
		want := w.runs[i][isDirect]
		if want.said == "" || want.end.Count() < 50 {
			t.Fatalf("%s did nothing: %q", p.name, want.said)
		}
		for state := isDirect; state < states; state++ {
			got := w.runs[i][state]
			t.Logf("%-12s %-12s %v; refused: %q", p.name, stateNames[state], got.lasted.Round(10*time.Millisecond), got.wrong)
			if got.said != want.said {
				t.Errorf("%s, %s: it says\n%s", p.name, stateNames[state], firstDifference(got.said, want.said))
			}
			if !slices.Equal(kinds(got.wrong), kinds(want.wrong)) {
				t.Errorf("%s, %s: it is refused %q, on the destination %q", p.name, stateNames[state], got.wrong, want.wrong)
			}
			if bad := testbed.Compare(want.end, got.end, sameNames); bad != nil {
				t.Errorf("%s, %s: at the end, against the destination:\n%s", p.name, stateNames[state], strings.Join(bad, "\n"))
			}
			if a, b := slices.Sorted(maps.Keys(want.end.Folders)), slices.Sorted(maps.Keys(got.end.Folders)); !slices.Equal(a, b) {
				t.Errorf("%s, %s: the folders at the end are %q, on the destination %q", p.name, stateNames[state], b, a)
			}
		}
	}
}

// wantOnDestination wants the destination to hold what clients saw when they had done their work.
func (w *worlds) wantOnDestination(t *testing.T, state int) {
	t.Helper()
	for i, p := range w.programs {
		got := timeless(snapshotOf(t, w.dest.Addr, w.user(i, state)))
		if bad := testbed.Compare(w.runs[i][state].end, got, sameNames); bad != nil {
			t.Errorf("%s, %s: on the destination, when it has moved:\n%s", p.name, stateNames[state], strings.Join(bad, "\n"))
		}
	}
}

// firstDifference shows where two texts part.
func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d: %s\non the destination:\n%s", i+1, strings.Join(a[i:min(i+5, len(a))], "\n"), strings.Join(b[i:min(i+5, len(b))], "\n"))
		}
	}
	return fmt.Sprintf("%d lines, on the destination %d", len(a), len(b))
}
