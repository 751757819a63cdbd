package backfill

import (
	"fmt"
	"testing"

	"crossfade/backfill/export"
)

// TestExportCopies: a copy that a client made of a copied message is told as such while the source has the message for
// sure; in any doubt its bytes are exported.
func TestExportCopies(t *testing.T) {
	const copied = `copied INBOX Deleted Items INBOX/2 >\Seen`
	for _, c := range []struct {
		name string
		do   func(b *bed, m *Mailbox)
		told bool
		more int // what else is exported
	}{
		{"the source has it", func(*bed, *Mailbox) {}, true, 0},
		{"settled", func(b *bed, _ *Mailbox) { b.settleAll() }, true, 0},
		{"deleted on the source", func(b *bed, _ *Mailbox) { b.src.with("INBOX", func(x *fakeBox) { x.remove(2) }) }, false, 1},
		{"altered on the source", func(b *bed, _ *Mailbox) {
			b.src.with("INBOX", func(x *fakeBox) { x.remove(2); x.put(message(1, "other")) })
		}, false, 1},
		{"the folder is gone there", func(b *bed, _ *Mailbox) { b.src.set(func() { delete(b.src.boxes, "INBOX") }) }, false, 20},
		{"too much vanished there", func(b *bed, _ *Mailbox) { b.src.with("INBOX", func(x *fakeBox) { x.msgs = nil; x.modseq++ }) }, false, 20},
		{"the source is down", func(b *bed, _ *Mailbox) { b.src.set(func() { b.src.down = true }) }, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBed(t)
			many(b.src.boxes["INBOX"], 20)
			b.start(false)
			m := b.open(b.login(), "INBOX")
			b.wait()
			_, err := m.Copy(t.Context(), []uint32{2}, "Deleted Items")
			must(t, err)
			b.open(b.login(), "Deleted Items")
			c.do(b, m)
			got := b.exported(export.Options{})
			told, sent := fmt.Sprint(got.changes) == fmt.Sprint([]string{copied}), fmt.Sprint(got.messages["INBOX / Trash"]) == `[<1@test> \Seen]`
			if told != c.told || sent == c.told {
				t.Errorf("exported %q, told %q", got.messages, got.changes)
			}
			if n := len(got.messages["INBOX"]); n != c.more {
				t.Errorf("%d more messages were exported, want %d: %q", n, c.more, got.messages)
			}
		})
	}
}
