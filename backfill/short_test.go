package backfill

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"crossfade/mapping"
)

// shortBed has 100 messages in the source's INBOX, of which 40 can be hidden for a while.
type shortBed struct {
	*bed
	m    *Mailbox
	kept []*fakeMsg
}

// hide makes the source forget its first 40 messages, without an error.
func (b *shortBed) hide() {
	b.src.with("INBOX", func(box *fakeBox) {
		b.kept = slices.Clone(box.msgs[:40])
		for _, k := range b.kept {
			box.remove(k.uid)
		}
	})
}

// unhide brings them back under their UIDs; nothing else tells of it than the number of messages.
func (b *shortBed) unhide() {
	b.src.with("INBOX", func(box *fakeBox) { box.msgs = append(b.kept, box.msgs...) })
}

// again ends the process and opens the folder in another one.
func (b *shortBed) again(hold bool) {
	b.m.Close()
	b.end()
	b.start(hold)
	b.m = b.open(b.login(), "INBOX")
}

// TestSourceShortForAMoment: messages that the source does not list for a moment and then lists again under the
// same UIDs are neither doubled nor lost, and what was deleted stays deleted; whatever state they were in and
// whether or not the process lived through it.
func TestSourceShortForAMoment(t *testing.T) {
	for _, modseq := range []bool{true, false} {
		for _, restart := range []bool{false, true} {
			for _, state := range []string{"listed", "paired", "copied", "quarantined"} {
				t.Run(fmt.Sprint(state, modseq, restart), func(t *testing.T) { shortForAMoment(t, state, modseq, restart) })
			}
		}
	}
}

func shortForAMoment(t *testing.T, state string, modseq, restart bool) {
	b := &shortBed{bed: newBed(t)}
	b.src.modseq = modseq
	if state == "copied" { // however long the moment is: what is missing for longer than this is deleted from the destination
		b.opt = func(o *Options) { o.Recheck = time.Hour }
	}
	want := many(b.src.boxes["INBOX"], 100)
	if state == "paired" {
		b.dst.with("INBOX", func(d *fakeBox) {
			for _, m := range b.src.boxes["INBOX"].msgs {
				d.put(string(m.body), `\Seen`).date = m.date
			}
		})
	}
	b.start(true)
	b.m = b.open(b.login(), "INBOX")
	uids := b.m.Changes(0).UIDs
	b.see(b.m)
	must(t, b.m.Expunge(t.Context(), uids[:1]))
	must(t, b.m.Store(t.Context(), uids[1:2], FlagsAdd, mapping.NewFlags(`\Flagged`)))
	want = want[1:]
	want[0] = `<1@test> \Flagged \Seen`
	switch state {
	case "copied":
		b.e.Release()
		b.wait()
	case "quarantined":
		b.dst.set(func() { b.dst.refuse = func([]byte) error { return b.dst.err("APPEND", "CANNOT", Item) } })
		b.e.Release()
		b.eventually(func() error { return count(b.m, func(c Counts) int { return c.Quarantined }, 99) })
		b.e.Hold()
		b.dst.set(func() { b.dst.refuse = nil })
	}
	b.hide()
	left := map[string]int{"listed": 61, "quarantined": 61, "copied": 99, "paired": 99}[state]
	b.eventually(func() error {
		_ = b.m.f.refresh(t.Context(), 0)
		if n := len(b.m.Changes(0).UIDs); n != left {
			return fmt.Errorf("%d messages are shown, want %d", n, left)
		}
		return nil
	})
	if left == 99 {
		b.shows(b.m, want...)
	}
	if restart {
		b.m.Close()
		b.end()
		b.unhide()
		b.again(state != "copied")
	} else {
		b.unhide()
	}
	if state == "quarantined" { // what never went away is still refused; the others are tried again
		b.e.Release()
		b.eventually(func() error {
			_ = b.m.f.refresh(t.Context(), 0)
			return count(b.m, func(c Counts) int { return c.Copied + 1000*c.Quarantined }, 39+60*1000)
		})
		if qs, err := b.m.f.quarantined(); err != nil || len(qs) != 60 {
			t.Errorf("%d messages are reported as refused: %v", len(qs), err)
		}
		return
	}
	b.shows(b.m, want...)
	if left == 99 && !slices.Equal(b.m.Changes(0).UIDs, uids[1:]) {
		t.Errorf("the numbers changed: %v", b.m.Changes(0).UIDs)
	}
	b.e.Release()
	b.wait()
	b.shows(b.m, want...)
	b.holds("INBOX", want...)
	b.verified()
}
