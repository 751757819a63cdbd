package backfill

import (
	"fmt"
	"slices"
	"testing"
)

// pairKinds are the kinds of folders that COPY and MOVE go between, each with the states in which a client can see a
// message there.
var pairKinds = []struct {
	name, shown string
	states      []string
}{
	{"blended", "INBOX", []string{"listed", "copied", "refused", "above"}},
	{"merged", "Sent Items", []string{"listed", "copied", "refused", "above"}},
	{"settled", "Kunden", []string{"copied", "above"}},
	{"destination only", "Plain", []string{"above"}},
	{"made again", "Again", []string{"above"}},
}

// pairBed has a folder of each kind, with one message that stays.
func pairBed(t *testing.T) (*bed, *Session) {
	b := newBed(t)
	b.src.add("INBOX.Sent Items").put(message(100, "stays"))
	b.src.boxes["INBOX"].put(message(101, "stays"))
	b.src.boxes["INBOX.Kunden"].put(message(102, "stays"))
	b.dst.add("Plain").put(message(103, "stays"))
	b.dst.add("Again")
	b.start(false)
	s := b.login()
	for _, k := range pairKinds {
		b.see(b.open(s, k.shown))
	}
	b.wait()
	why, err := b.e.Settle(t.Context(), "ann@example.test", "Kunden")
	if err != nil || len(why) > 0 {
		t.Fatal(why, err)
	}
	must(t, s.Delete(t.Context(), "Again"))
	b.dst.set(func() { b.dst.validity = 3 })
	must(t, s.Create(t.Context(), "Again"))
	_, _, err = s.Append(t.Context(), "Again", []AppendItem{item(message(104, "stays"))})
	must(t, err)
	return b, s
}

// bring puts message 1 into a folder, in a state.
func bring(b *bed, s *Session, folder, state string) (m *Mailbox, uid uint32) {
	b.t.Helper()
	body, flags := message(1, "goes"), []string{`\Seen`, "$Work"}
	source := map[string]string{"INBOX": "INBOX", "Sent Items": "INBOX.Sent", "Kunden": "INBOX.Kunden"}[folder]
	m = b.open(s, folder)
	switch state {
	case "above":
		b.dst.with(folder, func(box *fakeBox) { box.put(body, flags...) })
	case "listed":
		b.e.Hold()
		b.src.with(source, func(box *fakeBox) { box.put(body, flags...) })
	case "refused":
		b.dst.set(func() {
			b.dst.refuse = func([]byte) error { return b.dst.err("APPEND", "CANNOT", Item) }
		})
		fallthrough
	default:
		b.src.with(source, func(box *fakeBox) { box.put(body, flags...) })
	}
	b.eventually(func() error {
		if err := m.f.refresh(b.t.Context(), 0); err != nil {
			return err
		}
		n := m.f.counted().counts()
		if done := map[string]int{"above": 1, "listed": n.Listed, "refused": n.Quarantined, "copied": 1 - n.Listed - n.Copying}[state]; done != 1 {
			return fmt.Errorf("%+v", n)
		}
		seen, err := b.trySee(m)
		for _, x := range seen {
			if uid = x.uid; subject(x.body) == "<1@test>" {
				return err
			}
		}
		return fmt.Errorf("not shown: %v", err)
	})
	return m, uid
}

// TestCopyBetweenAll: COPY and MOVE between any two kinds of folders, in every state. COPYUID tells the truth, each
// session sees it at once, and in the end the destination has it.
func TestCopyBetweenAll(t *testing.T) {
	for _, from := range pairKinds {
		for _, to := range pairKinds {
			for _, state := range from.states {
				for _, move := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s %s to %s, move %v", state, from.name, to.name, move), func(t *testing.T) {
						t.Parallel()
						copyBetween(t, from.shown, to.shown, state, move)
					})
				}
			}
		}
	}
}

func copyBetween(t *testing.T, from, to, state string, move bool) {
	b, s := pairBed(t)
	m, uid := bring(b, s, from, state)
	b.dst.set(func() { b.dst.refuse = nil })
	before := map[string][]string{}
	for _, k := range pairKinds {
		before[k.shown] = lines(b.see(b.open(s, k.shown)))
	}
	target := b.open(s, to)
	version := target.Changes(0).Version
	do := m.Copy
	if move {
		do = m.Move
	}
	r, err := do(t.Context(), []uint32{uid}, to)
	must(t, err)
	if !slices.Equal(r.From, []uint32{uid}) || len(r.To) != 1 || r.UIDValidity != target.Status().UIDValidity {
		t.Fatalf("COPYUID %+v, UIDVALIDITY %d", r, target.Status().UIDValidity)
	}
	if now := target.Changes(version); !slices.Contains(now.UIDs, r.To[0]) || now.Switched {
		t.Fatalf("COPYUID %+v, shown %v", r, now.UIDs)
	}
	const one = `<1@test> $Work \Seen`
	if from != to || !move {
		before[to] = append(before[to], one)
	}
	if from != to && move {
		before[from] = slices.DeleteFunc(before[from], func(l string) bool { return l == one })
	}
	for _, x := range b.see(target) {
		if x.uid == r.To[0] && lines([]shownMessage{x})[0] != one {
			t.Errorf("UID %d is %q", x.uid, x.body)
		}
	}
	check := func() {
		t.Helper()
		for _, k := range pairKinds {
			b.shows(b.open(s, k.shown), before[k.shown]...)
		}
	}
	check()
	b.e.Release()
	if _, err := b.e.RetryQuarantine(t.Context(), QuarantineFilter{}); err != nil {
		t.Fatal(err)
	}
	b.wait()
	check()
	for _, k := range pairKinds {
		b.eventually(func() error { return b.dst.check(k.shown, slices.Sorted(slices.Values(before[k.shown]))...) })
	}
	b.verified()
}
