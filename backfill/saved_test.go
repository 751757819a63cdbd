package backfill

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"crossfade/backfill/spool"
	"crossfade/internal/durable/durabletest"
)

// TestSavedBytesAreBounded: beyond the limit, or near a full disk, nothing is saved, and that is no error of the copying.
func TestSavedBytesAreBounded(t *testing.T) {
	disk := durabletest.New()
	for _, o := range []QuarantineOptions{
		{Dir: "/q", FS: disk, Bytes: 10},
		{Dir: "/q", FS: disk, Room: func() int64 { return savedRoom + 5 }},
	} {
		s := newSavedMail(o)
		if _, err := s.save(1, spooled(t, strings.Repeat("x", 11))); !errors.Is(err, errNoRoom) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	s := newSavedMail(QuarantineOptions{Dir: "/q", FS: disk, Bytes: 25})
	for _, i := range "ab" {
		if _, err := s.save(1, spooled(t, "012345678"+string(i))); err != nil {
			t.Error(err)
		}
	}
	for range 2 { // a twin takes no room
		if _, err := s.save(1, spooled(t, "01234")); err != nil {
			t.Error(err)
		}
		s.used -= 5
	}
	s = newSavedMail(QuarantineOptions{Dir: "/q", FS: disk, Bytes: 26})
	if _, err := s.save(2, spooled(t, "01")); !errors.Is(err, errNoRoom) {
		t.Errorf("after a restart: %v, %d used", err, s.used)
	}
	must(t, s.sweep(1, map[string]bool{savedName(spooled(t, "012345678a")): true, "nothing": true}))
	if _, err := s.save(2, spooled(t, "01")); err != nil {
		t.Errorf("after a sweep: %v, %d used", err, s.used)
	}
}

// TestSavedIsDurable: whatever step the power is cut at, a record that names saved bytes finds them whole.
func TestSavedIsDurable(t *testing.T) {
	save := func(d *durabletest.Disk) (string, error) {
		return newSavedMail(QuarantineOptions{Dir: "/q", FS: d}).save(1, spooled(t, "whole"))
	}
	whole := durabletest.New()
	if _, err := save(whole); err != nil {
		t.Fatal(err)
	}
	for step := 1; step <= whole.Steps()+1; step++ {
		d := durabletest.New()
		d.StopAt(step)
		name, err := save(d)
		after := newSavedMail(QuarantineOptions{Dir: "/q", FS: d.Cut(nil)})
		if err != nil {
			continue
		}
		r, err := after.open(1, name)
		must(t, err)
		if got, err := io.ReadAll(r); err != nil || string(got) != "whole" {
			t.Errorf("step %d: %q %v", step, got, err)
		}
	}
}

// TestWantedFields picks header fields as they stand: folded, in any case, with and without an end.
func TestWantedFields(t *testing.T) {
	for _, c := range []struct{ item, header, want string }{
		{"BODY.PEEK[HEADER.FIELDS (TO)]", "From: a\r\nTO: b\r\n c\r\n\td\r\nSubject: x\r\n\r\n", "TO: b\r\n c\r\n\td\r\n\r\n"},
		{"BODY.PEEK[HEADER.FIELDS.NOT (TO)]", "From: a\r\nTo: b\r\n c\r\n\r\n", "From: a\r\n\r\n"},
		{"BODY.PEEK[HEADER.FIELDS (X)]", "no header", "\r\n"},
		{"BODY.PEEK[HEADER.FIELDS.NOT (X)]", "", "\r\n"},
	} {
		w, ok := parseWanted(c.item)
		if got := string(w.some([]byte(c.header))); !ok || got != c.want {
			t.Errorf("%s of %q: %q", c.item, c.header, got)
		}
	}
	for _, item := range []string{"ENVELOPE", "BODY.PEEK[1]", "BODY.PEEK[1.HEADER]", "BODY.PEEK[TEXT]<x.5>", "BODY.PEEK[", "BODY.PEEK[]<5>", "BODYSTRUCTURE", "BODY.PEEK[TEXT X]"} {
		if w, ok := parseWanted(item); ok {
			t.Errorf("%s: %+v", item, w)
		}
	}
}

// TestLiteral8 climbs the ladder: as it is, then in a literal8 where BINARY is offered, then quarantine.
func TestLiteral8(t *testing.T) {
	for _, c := range []struct {
		binary bool
		copied int
	}{{true, 3}, {false, 2}} {
		b := newBed(t)
		in := b.src.boxes["INBOX"]
		in.put(message(1, "plain"))
		nul := in.put("Message-ID: <2@test>\r\nSubject: nul\r\n\r\na\x00b\r\n")
		in.put(message(3, "plain"))
		b.dst.binary = c.binary
		b.dst.refuse = func(body []byte) error {
			if slices.Contains(body, 0) {
				return b.dst.err("APPEND", "", Item)
			}
			return nil
		}
		b.start(false)
		m := b.open(b.login(), "INBOX")
		b.isRefused(m, 3-c.copied)
		must(t, count(m, func(c Counts) int { return c.Copied }, c.copied))
		if got := b.dst.bodies("INBOX"); c.binary != slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, string(nul.body)) }) {
			t.Errorf("%q", got)
		}
	}
}

func spooled(t *testing.T, body string) *spool.Message {
	m, err := spool.NewRoom(0, nil).Read(t.Context(), int64(len(body)), strings.NewReader(body))
	must(t, err)
	return m
}
