package backfill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill/export"
	"crossfade/store"
)

// collected is what an export gave.
type collected struct {
	folders  map[string]export.Named // by their paths below the source
	messages map[string][]string     // subject, flags and date, by folder
	had      int
	changes  []string
	failed   []string
	open     export.Named
	have     map[store.FolderID]export.Have
	counts   export.Counts
}

func (c *collected) Folder(f export.Named) error {
	c.open = f
	c.folders[f.Path.String()] = f
	return nil
}

func (c *collected) Message(m export.Message, body io.Reader) error {
	if m.Had {
		c.had++
		return nil
	}
	text := m.NoFile
	if body != nil {
		b, err := io.ReadAll(body)
		if err != nil || int64(len(b)) != m.Size {
			return fmt.Errorf("%d bytes of %d: %w", len(b), m.Size, err)
		}
		text = subject(string(b))
	}
	if m.Lost {
		text += " lost"
	}
	path := c.open.Path.String()
	c.messages[path] = append(c.messages[path], strings.TrimSpace(text+" "+string(m.Flags)))
	h := c.have[c.open.ID]
	h.UIDValidity = c.open.UIDValidity
	h.UIDs.AddNum(imap.UID(m.UID))
	c.have[c.open.ID] = h
	return nil
}

func (c *collected) Change(x export.Change) error {
	c.changes = append(c.changes, strings.TrimSpace(fmt.Sprintf("%s %s %s %s/%d %s>%s", x.Kind, x.Folder, x.To, x.Source, x.SourceUID, x.Before, x.After)))
	return nil
}

func (c *collected) Failed(folder string, err error) error {
	c.failed = append(c.failed, folder+": "+err.Error())
	return nil
}

// exported exports the account.
func (b *bed) exported(opt export.Options) *collected {
	b.t.Helper()
	c, err := b.tryExport(opt)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func (b *bed) tryExport(opt export.Options) (*collected, error) {
	c := &collected{folders: map[string]export.Named{}, messages: map[string][]string{}, have: map[store.FolderID]export.Have{}}
	opt.Account = "ann@example.test"
	var err error
	c.counts, err = b.e.Export(b.t.Context(), opt, c)
	for _, m := range c.messages {
		slices.Sort(m)
	}
	slices.Sort(c.changes)
	return c, err
}

func (c *collected) want(t *testing.T, messages map[string][]string, changes ...string) {
	t.Helper()
	for _, m := range []map[string][]string{messages, c.messages} {
		for folder := range m {
			slices.Sort(messages[folder])
			if !slices.Equal(messages[folder], c.messages[folder]) {
				t.Errorf("%s: exported\n%q, want\n%q", folder, c.messages[folder], messages[folder])
			}
		}
	}
	slices.Sort(changes)
	if !slices.Equal(c.changes, changes) {
		t.Errorf("changes\n%q, want\n%q", c.changes, changes)
	}
	if c.failed != nil {
		t.Errorf("failed: %q", c.failed)
	}
}

// TestExportDestinationOnly: what only the destination has comes out under the source's names, what users changed on the rest is told,
// before anything was copied and when all was.
func TestExportDestinationOnly(t *testing.T) {
	for _, hold := range []bool{true, false} {
		t.Run(fmt.Sprintf("held %t", hold), func(t *testing.T) {
			b := newBed(t)
			many(b.src.boxes["INBOX"], 6)
			b.src.boxes["INBOX.Kunden"].put(message(20, "m"))
			b.start(hold)
			s := b.login()
			m, sent := b.open(s, "INBOX"), b.open(s, "Sent Items")
			if !hold {
				b.wait()
			}
			if c := b.exported(export.Options{}); len(c.messages) > 0 || len(c.changes) > 0 || len(c.folders) > 0 {
				t.Errorf("nothing happened yet: %+v", c)
			}
			b.dst.with("INBOX", func(x *fakeBox) { x.put(message(30, "delivered"), "$Work") })
			b.dst.set(func() { b.dst.add("Kunden/New"); b.dst.add("Top"); b.dst.add("Empty") })
			b.dst.with("Kunden/New", func(x *fakeBox) { x.put(message(31, "a"), `\Seen`) })
			b.dst.with("Top", func(x *fakeBox) { x.put(message(32, "a")); x.put(message(32, "a")) })
			_, _, err := s.Append(t.Context(), "Sent Items", []AppendItem{item(message(33, "sent"), `\Seen`)})
			must(t, err)
			must(t, m.Store(t.Context(), []uint32{1}, FlagsAdd, `\Flagged`))
			must(t, m.Expunge(t.Context(), []uint32{2}))
			_, err = m.Move(t.Context(), []uint32{3}, "Kunden")
			must(t, err)
			_, err = m.Copy(t.Context(), []uint32{4}, "Deleted Items")
			must(t, err)
			must(t, s.a.refreshTree(t.Context(), 0))
			want := map[string][]string{
				"INBOX": {"<30@test> $Work"}, "INBOX / Kunden / New": {`<31@test> \Seen`}, "INBOX / Top": {"<32@test>", "<32@test>"}, "INBOX / Sent": {`<33@test> \Seen`}}
			changes := []string{
				`flags INBOX  INBOX/1 \Seen>\Flagged \Seen`, `deleted INBOX  INBOX/2 >`, `moved INBOX Kunden INBOX/3 >`, `copied INBOX Deleted Items INBOX/4 >`}
			n := 5
			if !hold { // the second copy was made on the destination, and is known by its bytes
				changes[3] += `\Seen`
			}
			c := b.exported(export.Options{})
			c.want(t, want, changes...)
			if _, ok := c.folders["INBOX / Empty"]; !ok || c.counts.Messages != n || c.counts.Moved != 1 || c.counts.Deleted != 1 || c.counts.Flags != 1 || c.counts.Copied != 1 {
				t.Errorf("%+v %+v", c.folders, c.counts)
			}
			again := b.exported(export.Options{Have: c.have})
			again.want(t, map[string][]string{}, changes...)
			if again.had != n || again.counts.Had != n {
				t.Errorf("%+v", again.counts)
			}
			if len(b.src.writes) > 0 {
				t.Errorf("the source was changed: %q", b.src.writes)
			}
			_ = sent
		})
	}
}

// TestExportMovedThere: a user of the new server's own webmail moves a copy to another folder: its bytes are known again,
// once, and the old server has the message. A twin beyond that is exported.
func TestExportMovedThere(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 4)
	b.start(false)
	m := b.open(b.login(), "INBOX")
	b.wait()
	b.dst.with("INBOX", func(x *fakeBox) { x.remove(2) })
	b.dst.with("Deleted Items", func(x *fakeBox) { x.put(message(1, "m"), `\Seen`); x.put(message(1, "m")) })
	b.shows(m, `<0@test> \Seen`, `<2@test> \Seen`, `<3@test> \Seen`)
	c := b.exported(export.Options{})
	c.want(t, map[string][]string{"INBOX / Trash": {"<1@test>"}}, "moved INBOX Deleted Items INBOX/2 >")
	b.exported(export.Options{Have: c.have}).want(t, map[string][]string{}, "moved INBOX Deleted Items INBOX/2 >")
}

// TestExportLostBelow: what was copied and is gone from the source exists only on the destination.
func TestExportLostBelow(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 4)
	b.start(false)
	m := b.open(b.login(), "INBOX")
	b.wait()
	must(t, m.Store(t.Context(), []uint32{2}, FlagsAdd, `\Flagged`)) // touched: it stays
	b.src.with("INBOX", func(x *fakeBox) { x.remove(2) })
	b.eventually(func() error {
		if err := m.f.refresh(t.Context(), 0); err != nil {
			return err
		}
		if l, ok := m.f.get(2); !ok || !l.Lost {
			return errors.New("the source's loss is not seen")
		}
		return nil
	})
	b.exported(export.Options{}).want(t, map[string][]string{"INBOX": {`<1@test> lost \Flagged \Seen`}})
}

// TestExportSince: old letters that came late are among it, what was there long before is counted only.
func TestExportSince(t *testing.T) {
	b := newBed(t)
	b.dst.boxes["INBOX"].put(message(1, "there before"))
	b.start(true)
	b.open(b.login(), "INBOX")
	b.dst.with("INBOX", func(x *fakeBox) { x.put(message(2, "dragged in")).date = time.Unix(1000, 0) })
	c := b.exported(export.Options{Since: time.Now().Add(-time.Hour)})
	c.want(t, map[string][]string{"INBOX": {"<2@test>"}})
	if c.counts.Earlier != 1 || c.counts.Messages != 1 {
		t.Errorf("%+v", c.counts)
	}
	b.exported(export.Options{Since: time.Unix(1000, 0)}).want(t, map[string][]string{"INBOX": {"<1@test>", "<2@test>"}})
}

// TestExportWithoutSource: the source does not answer: what is known does. What was never compared is a failure.
func TestExportWithoutSource(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 3)
	b.start(true)
	s := b.login()
	b.open(s, "INBOX")
	b.dst.with("INBOX", func(x *fakeBox) { x.put(message(9, "new")) })
	b.dst.with("Sent Items", func(x *fakeBox) { x.put(message(10, "sent")) })
	b.src.set(func() { b.src.down = true })
	c := b.exported(export.Options{})
	if got := c.messages["INBOX"]; !slices.Equal(got, []string{"<9@test>"}) {
		t.Errorf("%q", c.messages)
	}
	if len(c.failed) != 2 || !strings.HasPrefix(c.failed[0], "Sent Items: ") || c.counts.Failed != 2 {
		t.Errorf("%q %+v", c.failed, c.counts)
	}
	b.dst.set(func() { b.dst.down = true })
	if c, err := b.tryExport(export.Options{}); err == nil && c.counts.Failed == 0 {
		t.Errorf("nothing can be had, and nothing failed: %+v", c.counts)
	}
}

// TestExportWhileMailMoves: a message that moves behind the export's back, from a folder that it has not looked at to
// one that it has, is not lost.
func TestExportWhileMailMoves(t *testing.T) {
	b := newBed(t)
	b.start(true)
	s := b.login()
	b.open(s, "INBOX")
	b.dst.with("Sent Items", func(x *fakeBox) { x.put(message(1, "a")) })
	b.dst.with("INBOX", func(x *fakeBox) { x.put(message(2, "b")) })
	b.dst.set(func() {
		b.dst.onRead = func(box string, _ int) {
			if box != "INBOX" {
				return
			}
			b.dst.with("Sent Items", func(x *fakeBox) { x.remove(1) })
			b.dst.with("INBOX", func(x *fakeBox) {
				if len(x.msgs) == 1 {
					x.put(message(1, "a"))
				}
			})
		}
	})
	b.exported(export.Options{}).want(t, map[string][]string{"INBOX": {"<1@test>", "<2@test>"}})
}

// TestExportEnds: a receiver that fails ends it.
func TestExportEnds(t *testing.T) {
	b := newBed(t)
	b.dst.boxes["INBOX"].put(message(1, "a"))
	b.start(true)
	b.login()
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := b.e.Export(ctx, export.Options{Account: "ann@example.test"}, failing{}); err == nil || err.Error() != "full" {
		t.Errorf("%v", err)
	}
	cancel()
	if _, err := b.e.Export(ctx, export.Options{Account: "ann@example.test"}, failing{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

type failing struct{}

func (failing) Folder(export.Named) error               { return nil }
func (failing) Message(export.Message, io.Reader) error { return errors.New("full") }
func (failing) Change(export.Change) error              { return nil }
func (failing) Failed(string, error) error              { return nil }

// wayBack: whatever happened before, what clients see is on the source or in the export.
func (w *world) wayBack() {
	w.bed.t.Helper()
	c := w.exported(export.Options{})
	if c.failed != nil {
		w.rt.Fatalf("failed: %q", c.failed)
	}
	safe := map[string]bool{}
	for _, folder := range c.messages {
		for _, m := range folder {
			id, _, _ := strings.Cut(m, " ")
			safe[id] = true
		}
	}
	for _, name := range w.src.order {
		for _, m := range w.src.has(name) {
			id, _, _ := strings.Cut(m, " ")
			safe[id] = true
		}
	}
	for _, f := range w.folders {
		for _, m := range w.see(w.boxes[f][0]) {
			id := subject(m.body)
			going := slices.ContainsFunc(w.mail[f], func(x mail) bool { return x.id == id && x.maybe }) // somebody deleted it, and its copy may be in flight
			if !safe[id] && !going {
				w.rt.Fatalf("%s shows %s, which would be lost; exported %q, changes %q", f, id, c.messages, c.changes)
			}
		}
	}
}

// TestExportTwins: what looks the same on both sides and was not compared yet is compared by its bytes.
func TestExportTwins(t *testing.T) {
	b := newBed(t)
	for _, s := range []*fakeServer{b.src, b.dst} {
		s.boxes["INBOX"].put(message(1, "same"))
		s.boxes["INBOX"].put(strings.Replace(message(2, "other"), "other 2", s.host+"   2", 1))
	}
	b.start(true)
	b.open(b.login(), "INBOX")
	b.exported(export.Options{}).want(t, map[string][]string{"INBOX": {"<2@test>"}})
}
