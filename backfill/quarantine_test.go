package backfill

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"crossfade/backfill/quarantine"
	"crossfade/backfill/verify"
	"crossfade/internal/durable"
	"crossfade/internal/durable/durabletest"
	"crossfade/mapping"
	"crossfade/store"
)

// refusing is a bed with five messages in INBOX of which the destination refuses the third, whose bytes are saved on
// disk.
func refusing(t *testing.T, disk *durabletest.Disk) *bed {
	b := newBed(t)
	b.opt = func(o *Options) {
		o.Retry = time.Hour
		o.Quarantine = quarantine.Options{Dir: "/quarantine", FS: disk}
	}
	many(b.src.boxes["INBOX"], 5)
	b.dst.refuse = func(body []byte) error {
		if strings.Contains(string(body), "<2@") {
			return &Error{Op: "APPEND", Host: "new", Scope: Item, Patience: Never, Code: "TOOBIG", Text: "no such thing here"}
		}
		return nil
	}
	must(t, durable.MkdirAll(disk, "/quarantine", 0o700))
	return b
}

// refused lists the quarantine.
func (b *bed) refused(filter QuarantineFilter) (out []Quarantined) {
	b.t.Helper()
	must(b.t, b.e.Quarantine(b.t.Context(), filter, func(q Quarantined) error { out = append(out, q); return nil }))
	return out
}

// isRefused waits until n messages are in quarantine.
func (b *bed) isRefused(m *Mailbox, n int) {
	b.t.Helper()
	b.eventually(func() error {
		if err := count(m, func(c Counts) int { return c.Listed + c.Copying }, 0); err != nil {
			return err
		}
		return count(m, func(c Counts) int { return c.Quarantined }, n)
	})
}

// savedFiles are the files of saved bytes.
func savedFiles(t *testing.T, disk *durabletest.Disk) (out []string) {
	t.Helper()
	dirs, err := disk.ReadDir("/quarantine")
	must(t, err)
	for _, d := range dirs {
		files, err := disk.ReadDir("/quarantine/" + d.Name())
		must(t, err)
		for _, f := range files {
			out = append(out, "/quarantine/"+d.Name()+"/"+f.Name())
		}
	}
	return out
}

// fetched asks for one item of one message.
func fetched(m *Mailbox, uid uint32, item string) (name, text string, err error) {
	err = m.Fetch(context.Background(), []uint32{uid}, []string{item}, func(it *RawItem) error {
		att, err := it.Next()
		if err != nil {
			return err
		}
		b, err := io.ReadAll(att.Literal)
		if int64(len(b)) != att.Size {
			return fmt.Errorf("%d bytes announced, %d came", att.Size, len(b))
		}
		name, text = att.Name, string(b)
		return err
	})
	return name, text, err
}

// TestRefusedBytesOutliveTheSource: what the destination refused is saved at once, still shown and answered when the
// source has lost it, also after a restart, and copied from what was saved when the destination takes it at last.
func TestRefusedBytesOutliveTheSource(t *testing.T) {
	disk := durabletest.New()
	b := refusing(t, disk)
	body := string(b.src.boxes["INBOX"].msgs[2].body)
	b.src.boxes["INBOX"].msgs[2].flags = mapping.NewFlags(`\Flagged`)
	date := b.src.boxes["INBOX"].msgs[2].date
	b.start(false)
	m := b.open(b.login(), "INBOX")
	b.isRefused(m, 1)
	files := savedFiles(t, disk)
	if len(files) != 1 {
		t.Fatalf("saved: %v", files)
	}
	if got, err := durable.ReadFile(disk, files[0]); err != nil || string(got) != body {
		t.Fatalf("%q, %v", got, err)
	}
	q := b.refused(QuarantineFilter{})
	if len(q) != 1 || q[0].Class != "too_big" || q[0].Words != "no such thing here" || !q[0].Saved || q[0].Gone || q[0].Attempts != 1 || q[0].Flags != `\Flagged` || !q[0].Date.Equal(date) {
		t.Fatalf("%+v", q)
	}
	uid := q[0].UID
	b.src.with("INBOX", func(b *fakeBox) { b.remove(3) })
	b.eventually(func() error {
		if err := m.f.refresh(t.Context(), 0); err != nil {
			return err
		}
		if l, ok := m.f.get(uid); !ok || !l.Lost {
			return fmt.Errorf("the source's loss is not seen: %+v", l)
		}
		return nil
	})
	for range 2 {
		head, text, _ := strings.Cut(body, "\r\n\r\n")
		for _, c := range []struct{ item, name, want string }{
			{"BODY.PEEK[]", "BODY[]", body},
			{"BODY.PEEK[HEADER]", "BODY[HEADER]", head + "\r\n\r\n"},
			{"BODY.PEEK[TEXT]", "BODY[TEXT]", text},
			{"BODY.PEEK[]<3.7>", "BODY[]<3>", body[3:10]},
			{"BODY.PEEK[TEXT]<1000.5>", "BODY[TEXT]<1000>", ""},
			{`BODY.PEEK[HEADER.FIELDS ("subject" X-Y)]`, `BODY[HEADER.FIELDS ("subject" X-Y)]`, "Subject: m\r\n\r\n"},
			{"BODY.PEEK[HEADER.FIELDS.NOT (SUBJECT)]", "BODY[HEADER.FIELDS.NOT (SUBJECT)]", "Message-ID: <2@test>\r\n\r\n"},
		} {
			if name, got, err := fetched(m, uid, c.item); err != nil || name != c.name || got != c.want {
				t.Errorf("%s: %s %q, %v", c.item, name, got, err)
			}
		}
		if _, _, err := fetched(m, uid, "BODYSTRUCTURE"); !IsUnavailable(err) {
			t.Errorf("BODYSTRUCTURE: %v", err)
		}
		m.Close()
		b.end()
		b.start(false)
		m = b.open(b.login(), "INBOX")
	}
	b.dst.set(func() { b.dst.refuse = nil })
	if n, err := b.e.RetryQuarantine(t.Context(), QuarantineFilter{Folder: "INBOX", UID: uid}); n != 1 || err != nil {
		t.Fatalf("%d tried again: %v", n, err)
	}
	b.eventually(func() error { return count(m, func(c Counts) int { return c.Copied }, 5) })
	b.dst.with("INBOX", func(b *fakeBox) {
		last := b.msgs[len(b.msgs)-1]
		if string(last.body) != body || last.flags != `\Flagged` || !last.date.Equal(date) {
			t.Errorf("copied %q %s %s", last.body, last.flags, last.date)
		}
	})
	b.eventually(func() error {
		m.a.kick()
		if files := savedFiles(t, disk); len(files) > 0 {
			return fmt.Errorf("left behind: %v", files)
		}
		return nil
	})
	if q := b.refused(QuarantineFilter{}); len(q) > 0 {
		t.Errorf("%+v", q)
	}
	b.verified()
}

// TestRefusedWithoutRoom: a full disk loses no record; the bytes are saved as soon as there is room, unless the message
// went.
func TestRefusedWithoutRoom(t *testing.T) {
	disk := durabletest.New()
	b := refusing(t, disk)
	was := b.opt
	b.opt = func(o *Options) { was(o); o.Recheck = 20 * time.Millisecond }
	disk.SetRoom(10)
	b.start(false)
	m := b.open(b.login(), "INBOX")
	b.isRefused(m, 1)
	if q := b.refused(QuarantineFilter{}); len(q) != 1 || q[0].Saved || q[0].Words == "" {
		t.Fatalf("%+v", q)
	}
	disk.SetRoom(-1)
	b.eventually(func() error {
		m.a.kick()
		if q := b.refused(QuarantineFilter{}); len(q) != 1 || !q[0].Saved {
			return fmt.Errorf("not saved: %+v", q)
		}
		return nil
	})
	must(t, m.Expunge(t.Context(), []uint32{b.refused(QuarantineFilter{})[0].UID}))
	b.eventually(func() error {
		m.a.kick()
		if files := savedFiles(t, disk); len(files) > 0 {
			return fmt.Errorf("left behind: %v", files)
		}
		return nil
	})
	if q := b.refused(QuarantineFilter{}); len(q) > 0 {
		t.Errorf("deleted by its user, still listed: %+v", q)
	}
}

// TestSignOff: a message that the admin accepts to leave behind is done, durably, until that is taken back.
func TestSignOff(t *testing.T) {
	b := refusing(t, durabletest.New())
	b.start(false)
	m := b.open(b.login(), "INBOX")
	b.isRefused(m, 1)
	state := func(signed int, ok bool, done int) {
		t.Helper()
		r := b.compared("INBOX", verify.Options{})
		if r.OK != ok || r.SignedOff != signed || r.Done != done || r.Total != 5 || len(r.Refused) != 1 {
			t.Errorf("%+v", r)
		}
		if c := m.f.counted().counts(); c.SignedOff != signed || c.Quarantined != 1 {
			t.Errorf("%+v", c)
		}
		if got := b.e.Status().Refused; len(got) != 1 || got[0] != (ClassCount{"too_big", 1, signed}) {
			t.Errorf("by class: %+v", got)
		}
		if got := b.e.Status().Progress.Done; got != done {
			t.Errorf("the status counts %d done, want %d", got, done)
		}
	}
	state(0, false, 4)
	if n, err := b.e.SignOff(t.Context(), QuarantineFilter{Account: "ann@example.test", Folder: "INBOX"}, "Ann Admin", false); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	state(1, true, 5)
	if s := b.refused(QuarantineFilter{})[0].SignedOff; s == nil || s.By != "Ann Admin" || time.Since(s.Time) > time.Minute {
		t.Errorf("%+v", s)
	}
	m.Close()
	b.end()
	b.start(false)
	m = b.open(b.login(), "INBOX")
	state(1, true, 5)
	if n, err := b.e.RetryQuarantine(t.Context(), QuarantineFilter{}); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	b.isRefused(m, 1) // again, and signed off as before
	state(1, true, 5)
	if q := b.refused(QuarantineFilter{}); q[0].Attempts != 2 {
		t.Errorf("%+v", q)
	}
	if n, err := b.e.SignOff(t.Context(), QuarantineFilter{Folder: "INBOX", UID: b.refused(QuarantineFilter{})[0].UID}, "", true); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	state(0, false, 4)
	if _, err := b.e.SignOff(t.Context(), QuarantineFilter{Folder: "Nowhere"}, "x", false); err == nil {
		t.Error("an unknown folder is taken")
	}
}

// TestExport: the bytes come from what was saved, else from the source; where neither has them that is told.
func TestExport(t *testing.T) {
	for _, saved := range []bool{true, false} {
		disk := durabletest.New()
		b := refusing(t, disk)
		if !saved {
			was := b.opt
			b.opt = func(o *Options) { was(o); o.Quarantine = quarantine.Options{} }
		}
		body := string(b.src.boxes["INBOX"].msgs[2].body)
		b.start(false)
		m := b.open(b.login(), "INBOX")
		b.isRefused(m, 1)
		export := func() (text string, q Quarantined, err error) {
			err = b.e.ExportQuarantine(t.Context(), QuarantineFilter{}, func(got Quarantined, size int64, r io.Reader) error {
				if q = got; r == nil {
					return nil
				}
				b, err := io.ReadAll(r)
				if text = string(b); size != int64(len(body)) {
					t.Errorf("%d bytes announced", size)
				}
				return err
			})
			return text, q, err
		}
		if got, _, err := export(); err != nil || got != body {
			t.Errorf("%q, %v", got, err)
		}
		if saved {
			path := savedFiles(t, disk)[0]
			must(t, durable.WriteFile(disk, path, []byte("something else"), 0o600))
			if _, _, err := export(); err == nil || !strings.Contains(err.Error(), "damaged") {
				t.Errorf("damaged bytes are exported: %v", err)
			}
			continue
		}
		b.src.set(func() { b.src.down = true })
		if got, q, err := export(); err != nil || got != "" || q.NoFile == "" {
			t.Errorf("%q, %+v, %v", got, q, err)
		}
		b.src.set(func() { b.src.down = false })
	}
}

// TestRefusedKeepsItsRecordWhenNumbered: a message that is refused before its folder has its final numbers is not
// forgotten when it gets one.
func TestRefusedKeepsItsRecordWhenNumbered(t *testing.T) {
	b := newBed(t)
	b.start(true)
	b.login()
	a := b.account()
	must(t, a.addFolders([]store.Folder{{Account: a.id, Kind: "mail", Name: "Merged", Path: mapping.Path{"Merged"}, Sources: []store.SourceBox{{Name: "Merged", UIDValidity: 1, UIDNext: 10}}}}))
	all := a.all()
	f := all[len(all)-1]
	must(t, f.use())
	defer f.done()
	must(t, f.edit(func(e *edit) error {
		r := e.record()
		r.DestUIDValidity, r.Identity = 2, store.Identity{UIDValidity: 1, NextUID: provisional + 1}
		e.insert(store.Link{UID: provisional, Src: 5, State: store.Listed})
		return nil
	}))
	must(t, f.edit(func(e *edit) error {
		l, _ := e.link(provisional)
		e.quarantine(l, refusal(b.dst.err("APPEND", "", Item), ""))
		return nil
	}))
	must(t, f.fix())
	qs, err := f.quarantined()
	must(t, err)
	if l, ok := f.get(qs[0].UID); len(qs) != 1 || !ok || l.State != store.Quarantined || l.UID >= provisional {
		t.Errorf("%+v %+v", qs, l)
	}
	if c := f.counted(); c.refused[classRefused] != 1 {
		t.Errorf("%+v", c)
	}
}
