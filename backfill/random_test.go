package backfill

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crossfade/mapping"
	"crossfade/store"
)

// mail is one message that clients should see.
type mail struct {
	id    string
	flags mapping.Flags
	loose bool // somebody changed it on the destination: its flags are whatever it has there
	maybe bool // somebody removed it on the destination: it goes when that is seen, and never comes back
	// touched: a client changed it here, or somebody on the destination.
	touched bool
	late    bool // it came to the source of a folder that shows what the destination has: shown once it is copied
	gone    bool // an old client deleted or moved it on the source: in the end it must not be here
}

// world is an engine between two servers that random things happen to, and what clients should see.
type world struct {
	*bed
	rt      *rapid.T
	kv      *frozenKV
	next    int
	cut     bool     // a connection will be or was cut: the command that meets it may fail
	folders []string // that clients see, but for the trash
	tale    tale
	boxes   map[string][2]*Mailbox
	mail    map[string][]mail
	strange map[string]map[string]bool // by folder: messages of commands that failed; they may be there or not
}

var worldFlags = []string{`\Seen`, `\Flagged`, `\Answered`, "$Work", "$Todo"}

func newWorld(rt *rapid.T) *world {
	w := &world{bed: newBed(rt), rt: rt, folders: []string{"INBOX", "Sent Items", "Kunden", "Plain"}, mail: map[string][]mail{}, strange: map[string]map[string]bool{}}
	w.dst.add("Plain")
	w.dst.modseq, w.src.modseq = rapid.Bool().Draw(rt, "destination CONDSTORE"), rapid.Bool().Draw(rt, "source CONDSTORE")
	w.dst.move, w.dst.uidplus = rapid.Bool().Draw(rt, "MOVE"), rapid.Bool().Draw(rt, "UIDPLUS")
	if slow := rapid.SampledFrom([]time.Duration{0, time.Millisecond, 20 * time.Millisecond}).Draw(rt, "slow"); slow > 0 {
		wait := func(string, int) { <-time.After(slow) } // commands come while an APPEND is under way
		w.dst.onAppend, w.dst.appended = wait, wait
	}
	w.merge()
	first := map[string]string{"INBOX": "INBOX", "Sent Items": "INBOX.Sent", "Kunden": "INBOX.Kunden", "Plain": ""}
	for _, f := range w.folders {
		w.strange[f] = map[string]bool{}
		for range rapid.IntRange(0, 6).Draw(rt, f) {
			w.arrive(f, first[f], rapid.SampledFrom([]int{1, 1, 1, 1, 2, 0}).Draw(rt, "where"))
		}
	}
	if rapid.Bool().Draw(rt, "branch") { // with a part that is soon settled, perhaps
		w.src.add("INBOX.Kunden.Unter")
		w.folders = append(w.folders, "Kunden/Unter")
		w.strange["Kunden/Unter"] = map[string]bool{}
		for range rapid.IntRange(0, 3).Draw(rt, "below") {
			w.arrive("Kunden/Unter", "INBOX.Kunden.Unter", 1)
		}
	}
	w.run(rapid.Bool().Draw(rt, "hold"))
	return w
}

// merge has two source folders become one: one whose name says so, one that bears the same role, or one that is an inbox.
func (w *world) merge() {
	into, src := "Sent Items", "INBOX.Sent Items"
	switch rapid.SampledFrom([]string{"", "", "name", "role", "inbox"}).Draw(w.rt, "merged") {
	case "":
		return
	case "name":
		w.src.add(src)
	case "role":
		w.src.add(src, `\Sent`)
	case "inbox":
		into, src = "INBOX", "INBOX.Posteingang"
		w.src.add(src)
	}
	for range rapid.IntRange(0, 3).Draw(w.rt, "other") {
		w.arrive(into, src, rapid.SampledFrom([]int{1, 1, 2}).Draw(w.rt, "where"))
	}
}

// arrive puts a new message on the destination (0, or where there is no source), on the source, or on both as an
// earlier copier did.
func (w *world) arrive(folder, src string, where int) {
	w.next++
	body := message(w.next, "m")
	flags := w.flags().List()
	above := w.dst.exists(folder)
	switch {
	case src == "" && !above:
		return
	case src == "":
		where = 0
	case !above:
		where = 1
	}
	date := time.Unix(1500000000+int64(w.next)*60, 0).In(time.FixedZone("", 7200))
	if where > 0 {
		w.src.with(src, func(b *fakeBox) { b.put(body, flags...).date = date })
	}
	if where != 1 {
		w.dst.with(folder, func(b *fakeBox) { b.put(body, flags...).date = date })
	}
	w.mail[folder] = append(w.mail[folder], mail{id: name(w.next), flags: mapping.NewFlags(flags...), late: where == 1 && w.native(folder)})
}

func (w *world) flags() mapping.Flags {
	return mapping.NewFlags(rapid.SliceOfN(rapid.SampledFrom(worldFlags), 0, 2).Draw(w.rt, "flags")...)
}

// run starts a process with two sessions that have every folder open.
func (w *world) run(hold bool) {
	if w.kv == nil {
		w.kv = freezable(w.bed.kv, 0, false)
	} else {
		w.kv = freezable(w.kv.KV, 0, false)
	}
	w.bed.kv = w.kv
	w.start(hold)
	w.boxes = map[string][2]*Mailbox{}
	must(w.rt, w.login().a.refreshTree(w.rt.Context(), 0))
	for _, f := range w.folders {
		w.enter(f)
	}
}

// agree waits until every folder shows what it should.
func (w *world) agree() {
	w.bed.t.Helper()
	w.treeAgrees()
	for _, f := range w.folders {
		m := w.boxes[f][0]
		w.eventually(func() error {
			if err := m.f.refresh(w.rt.Context(), 0); err != nil && !IsUnavailable(err) {
				return err
			}
			seen, err := w.trySee(m)
			if err != nil {
				return err
			}
			return w.match(f, seen)
		})
	}
}

// match compares a folder with the model. What somebody removed and is not shown any more leaves the model.
func (w *world) match(folder string, shown []shownMessage) error {
	want := slices.Clone(w.mail[folder])
	var kept []mail
	for _, s := range shown {
		id := subject(s.body)
		fits := func(m mail) bool { return m.id == id && (m.loose || m.flags == s.flags) }
		i := slices.IndexFunc(want, func(m mail) bool { return fits(m) && !m.maybe })
		if i < 0 {
			i = slices.IndexFunc(want, fits)
		}
		switch {
		case i >= 0:
			want[i].late = false
			kept = append(kept, want[i])
			want = slices.Delete(want, i, i+1)
		case !w.strange[folder][id]:
			return fmt.Errorf("%s shows %s (%s), which it should not; it should show %+v", folder, id, s.flags, w.mail[folder])
		}
	}
	want = slices.DeleteFunc(want, func(m mail) bool {
		if m.late && !m.maybe {
			kept = append(kept, m)
		}
		return m.late
	})
	if i := slices.IndexFunc(want, func(m mail) bool { return !m.maybe }); i >= 0 {
		return fmt.Errorf("%s does not show %+v but %q", folder, want[i], lines(shown))
	}
	w.mail[folder] = kept
	return nil
}

// step lets one random thing happen.
func (w *world) step() {
	folder := rapid.SampledFrom(w.folders).Draw(w.rt, "folder")
	things := []string{"command", "command", "command", "command", "append", "arrive", "arrive", "touch", "go", "crash", "cut", "source", "source", "blink", "settle", "settle", "tree", "tree", "tree", "sides", "sides"}
	switch rapid.SampledFrom(things).Draw(w.rt, "what") {
	case "command":
		w.command(folder)
	case "append":
		w.appendOne(folder)
	case "arrive":
		w.arrive(folder, w.source(folder), rapid.SampledFrom([]int{1, 1, 0}).Draw(w.rt, "where"))
	case "touch":
		w.touch(folder)
	case "source":
		w.oldClient(folder)
	case "blink":
		w.blink(folder)
	case "tree":
		w.tree(folder)
	case "sides":
		w.sides(folder)
	case "settle":
		w.settle(rapid.SampledFrom([]string{folder, ""}).Draw(w.rt, "settle"))
	case "go":
		if rapid.Bool().Draw(w.rt, "release") {
			w.e.Release()
		} else {
			w.e.Hold()
		}
	case "crash":
		w.kv.kill()
		w.end()
		w.run(rapid.Bool().Draw(w.rt, "hold"))
	case "cut":
		if !w.cut {
			w.cut = true
			w.dst.set(func() {
				w.dst.cutAfter = rapid.IntRange(1, 4).Draw(w.rt, "after")
				w.dst.lostUID = rapid.Bool().Draw(w.rt, "arrived")
			})
		}
	}
}

// finish lets the move end and compares everything.
func (w *world) finish() {
	w.e.Release()
	w.wait()
	w.agree()
	w.carriedAll()
	w.again()
	if rapid.Bool().Draw(w.rt, "settle at the end") {
		w.settleEnd()
	}
	for _, f := range w.folders {
		m := w.boxes[f][1]
		w.eventually(func() error {
			if err := m.f.refresh(w.rt.Context(), 0); err != nil {
				return err
			}
			if x, y := lines(w.see(m)), w.dst.has(f); !slices.Equal(x, y) {
				return fmt.Errorf("%s shows %q, the destination has %q; links %+v", f, x, y, m.f.where(func(*store.Link) bool { return true }))
			}
			return nil
		})
	}
	w.proven()
	if len(w.src.writes) > 0 {
		w.rt.Errorf("the source was changed: %v", w.src.writes)
	}
}

// TestRandomWorlds: whatever clients, other clients, crashes and cuts do, clients see what they should, and at the
// end the destination has exactly that.
func TestRandomWorlds(t *testing.T) {
	for i := range soak() {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				w := newWorld(rt)
				defer w.end()
				w.agree()
				for range rapid.IntRange(1, 25).Draw(rt, "steps") {
					w.step()
					w.agree()
				}
				w.wayBack()
				w.finish()
			})
		})
	}
}
