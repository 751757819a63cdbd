package backfill

import (
	"fmt"
	"slices"
	"testing"
)

// mergedBed is a bed with two source folders in one: INBOX.Sent with the messages 0 to 9, and another with 20 to 29.
func mergedBed(t *testing.T, shared bool) (b *bed, want []string) {
	b = newBed(t)
	want = many(b.src.boxes["INBOX.Sent"], 10)
	b.src.add("INBOX.Sent Items")
	if shared { // a server that counts so for all folders
		b.src.boxes["INBOX.Sent Items"].validity = b.src.boxes["INBOX.Sent"].validity
	}
	for i := range 10 {
		b.src.boxes["INBOX.Sent Items"].put(message(20+i, "other"))
		want = append(want, fmt.Sprintf("<%d@test> ", 20+i))
	}
	return b, want
}

// at finds the UID under which a message is shown.
func (b *bed) at(m *Mailbox, id int) []uint32 {
	b.t.Helper()
	for _, s := range b.see(m) {
		if subject(s.body) == name(id) {
			return []uint32{s.uid}
		}
	}
	b.t.Fatalf("%s does not show %d", m.Name(), id)
	return nil
}

// without are lines without those of some messages.
func without(lines []string, ids ...int) (out []string) {
	return slices.DeleteFunc(slices.Clone(lines), func(l string) bool {
		return slices.ContainsFunc(ids, func(id int) bool { return len(l) > len(name(id)) && l[:len(name(id))] == name(id) })
	})
}

// TestMerged: clients work in a folder of two source folders, before it is copied and afterwards; one of the two is numbered
// anew; it settles, is renamed and deleted, and comes back with the mail that comes to either later.
func TestMerged(t *testing.T) {
	for _, shared := range []bool{false, true} {
		for _, hold := range []bool{false, true} {
			for anew := range 3 {
				t.Run(fmt.Sprint(shared, hold, anew), func(t *testing.T) { merged(t, shared, hold, anew) })
			}
		}
	}
}

func merged(t *testing.T, shared, hold bool, anew int) {
	b, want := mergedBed(t, shared)
	b.start(hold)
	s := b.login()
	m, other, kunden := b.open(s, "Sent Items"), b.open(b.login(), "Sent Items"), b.open(s, "Kunden")
	b.shows(m, want...)
	if !hold {
		b.wait()
	}
	must(t, m.Expunge(t.Context(), b.at(m, 1)))
	must(t, m.Expunge(t.Context(), b.at(m, 21)))
	for _, id := range []int{2, 22} {
		_, err := m.Move(t.Context(), b.at(m, id), "Kunden")
		must(t, err)
	}
	for _, id := range []int{3, 23} {
		_, err := m.Copy(t.Context(), b.at(m, id), "Kunden")
		must(t, err)
	}
	want = without(want, 1, 2, 21, 22)
	moved := []string{`<2@test> \Seen`, `<3@test> \Seen`, "<22@test> ", "<23@test> "}
	b.shows(m, want...)
	b.shows(other, want...)
	b.shows(kunden, moved...)
	if anew > 0 { // one of the two is numbered anew
		b.src.with([]string{"INBOX.Sent", "INBOX.Sent Items"}[anew-1], func(box *fakeBox) {
			box.validity += 500
			for i, x := range box.msgs {
				x.uid = uint32(i + 3)
			}
			box.next = 40
		})
		b.shows(m, want...)
	}
	b.src.with("INBOX.Sent Items", func(box *fakeBox) { box.put(message(90, "late")) })
	b.src.with("INBOX.Sent", func(box *fakeBox) { box.put(message(91, "late")) })
	want = append(want, "<90@test> ", "<91@test> ")
	b.shows(m, want...)
	must(t, b.e.Release())
	b.wait()
	b.swaps(5)
	b.settled(m)
	b.shows(m, want...)
	b.shows(kunden, moved...)
	b.verified()
	b.settleAll()
	b.end()
	b.start(false)
	s = b.login()
	m = b.open(s, "Sent Items")
	b.shows(m, want...)
	b.numbered(m)
	b.src.with("INBOX.Sent Items", func(box *fakeBox) { box.put(message(92, "late")) })
	b.src.with("INBOX.Sent", func(box *fakeBox) { box.put(message(93, "late")) })
	want = append(want, "<92@test> ", "<93@test> ")
	b.shows(m, want...)
	must(t, s.Rename(t.Context(), "Sent Items", "Clients"))
	b.shows(m, want...)
	b.verified()
	must(t, s.Delete(t.Context(), "Clients"))
	b.src.with("INBOX.Sent Items", func(box *fakeBox) { box.put(message(94, "late")) })
	b.becomes(s, "INBOX", "Deleted Items", "Kunden", "Clients")
	b.shows(b.open(s, "Clients"), "<94@test> ")
	b.src.with("INBOX.Sent", func(box *fakeBox) { box.put(message(95, "late")) })
	b.shows(b.open(s, "Clients"), "<94@test> ", "<95@test> ")
	b.wait()
	b.settleAll()
	b.holds("Clients", "<94@test> ", "<95@test> ")
	b.shows(b.open(s, "Kunden"), moved...)
	b.verified()
	if len(b.src.writes) > 0 {
		t.Errorf("the source was changed: %v", b.src.writes)
	}
}

// swaps has an old client move a message from one of the two source folders to the other.
func (b *bed) swaps(id int) {
	var uid uint32
	b.src.with("INBOX.Sent", func(box *fakeBox) {
		for _, m := range box.msgs {
			if subject(string(m.body)) == name(id) {
				uid = m.uid
			}
		}
	})
	b.moved("INBOX.Sent", uid, "INBOX.Sent Items")
}

// TestStopWhileChangingMerged kills the process at each write of a DELETE or a RENAME of a folder of two source folders that
// is copied, or has settled: it is whole afterwards under the one name or the other, or gone for good, but for what comes to
// either of the two later.
func TestStopWhileChangingMerged(t *testing.T) {
	t.Parallel()
	for _, settle := range []bool{false, true} {
		for _, to := range []string{"", "Clients"} {
			t.Run(fmt.Sprint(settle, to), func(t *testing.T) {
				t.Parallel()
				atEachWrite(t, func(t *testing.T, n int) bool { return stopWhileChangingMerged(t, n, settle, to) })
			})
		}
	}
}

func stopWhileChangingMerged(t *testing.T, n int, settle bool, to string) (died bool) {
	b, want := mergedBed(t, n%3 == 0)
	b.start(false)
	s := b.login()
	b.wait()
	must(t, b.open(s, "Sent Items").Expunge(t.Context(), b.at(b.open(s, "Sent Items"), 21)))
	want = without(want, 21)
	if settle {
		b.settleAll()
	}
	b.end()
	died, told := b.dieIn(n, func(s *Session) error {
		if to == "" {
			return s.Delete(t.Context(), "Sent Items")
		}
		return s.Rename(t.Context(), "Sent Items", to)
	})
	b.start(false)
	s = b.login()
	must(t, s.a.refreshTree(t.Context(), 0))
	now, rest := "Sent Items", []string{"INBOX", "Deleted Items", "Kunden"}
	switch there := slices.Contains(b.listed(s), now); {
	case there && told == nil:
		t.Error("nothing has changed, and the client was told that it has")
	case !there && to == "":
		b.becomes(s, rest...)
		want = nil
	case !there:
		now = to
	}
	b.src.with("INBOX.Sent Items", func(box *fakeBox) { box.put(message(90, "late")) })
	want = append(want, "<90@test> ")
	b.becomes(s, append(rest, now)...)
	b.shows(b.open(s, now), want...)
	b.src.with("INBOX.Sent", func(box *fakeBox) { box.put(message(91, "late")) })
	want = append(want, "<91@test> ")
	b.shows(b.open(s, now), want...)
	b.wait()
	b.settleAll()
	for range 2 {
		m := b.open(newSession(b.account()), now)
		b.shows(m, want...)
		b.numbered(m)
		b.holds(now, want...)
		b.verified()
		b.end()
		b.start(false)
	}
	return died
}

// TestMergedWithoutOne: one of two source folders that were copied into one is deleted there, and then the destination loses
// the folder, before it has settled or afterwards. The admin can have what the other holds copied again, and give up the rest.
func TestMergedWithoutOne(t *testing.T) {
	for _, gone := range []string{"INBOX.Sent", "INBOX.Sent Items"} {
		for _, settle := range []bool{false, true} {
			t.Run(fmt.Sprint(gone, settle), func(t *testing.T) { mergedWithoutOne(t, gone, settle) })
		}
	}
}

func mergedWithoutOne(t *testing.T, gone string, settle bool) {
	b, want := mergedBed(t, false)
	b.start(false)
	m := b.open(b.login(), "Sent Items")
	b.shows(m, want...)
	b.wait()
	if settle {
		b.settleAll()
	}
	b.src.set(func() { delete(b.src.boxes, gone) })
	m = b.open(b.login(), "Sent Items")
	b.shows(m, want...)
	b.verified()
	b.dst.set(func() { delete(b.dst.boxes, "Sent Items") })
	b.asks(m)
	b.accept("Sent Items", true)
	left := want[:10]
	if gone == "INBOX.Sent" {
		left = want[10:]
	}
	b.asks(b.open(b.login(), "Sent Items"))
	b.accept("Sent Items", false)
	b.shows(b.open(b.login(), "Sent Items"), left...)
	b.wait()
	b.holds("Sent Items", left...)
	b.verified()
}
