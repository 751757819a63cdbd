package quarantine

import (
	"errors"
	"io"
	"strings"
	"testing"

	"crossfade/backfill/spool"
	"crossfade/internal/durable/durabletest"
)

// TestSavedBytesAreBounded: beyond the limit, or near a full disk, nothing is saved, and that is no error of the copying.
func TestSavedBytesAreBounded(t *testing.T) {
	disk := durabletest.New()
	for _, o := range []Options{
		{Dir: "/q", FS: disk, Bytes: 10},
		{Dir: "/q", FS: disk, Room: func() int64 { return leastRoom + 5 }},
	} {
		s := New(o)
		if _, err := s.Save(1, spooled(t, strings.Repeat("x", 11))); !errors.Is(err, ErrNoRoom) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	s := New(Options{Dir: "/q", FS: disk, Bytes: 25})
	for _, i := range "ab" {
		if _, err := s.Save(1, spooled(t, "012345678"+string(i))); err != nil {
			t.Error(err)
		}
	}
	for range 2 { // a twin takes no room
		if _, err := s.Save(1, spooled(t, "01234")); err != nil {
			t.Error(err)
		}
		s.used -= 5
	}
	s = New(Options{Dir: "/q", FS: disk, Bytes: 26})
	if _, err := s.Save(2, spooled(t, "01")); !errors.Is(err, ErrNoRoom) {
		t.Errorf("after a restart: %v, %d used", err, s.used)
	}
	must(t, s.Sweep(1, func() (map[string]bool, error) {
		return map[string]bool{Name(spooled(t, "012345678a")): true, "nothing": true}, nil
	}))
	if _, err := s.Save(2, spooled(t, "01")); err != nil {
		t.Errorf("after a sweep: %v, %d used", err, s.used)
	}
}

// TestSavedIsDurable: whatever step the power is cut at, a record that names saved bytes finds them whole.
func TestSavedIsDurable(t *testing.T) {
	save := func(d *durabletest.Disk) (string, error) {
		return New(Options{Dir: "/q", FS: d}).Save(1, spooled(t, "whole"))
	}
	whole := durabletest.New()
	if _, err := save(whole); err != nil {
		t.Fatal(err)
	}
	for step := 1; step <= whole.Steps()+1; step++ {
		d := durabletest.New()
		d.StopAt(step)
		name, err := save(d)
		after := New(Options{Dir: "/q", FS: d.Cut(nil)})
		if err != nil {
			continue
		}
		r, err := after.Open(1, name)
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
		w, ok := ParseItem(c.item)
		if got := string(w.some([]byte(c.header))); !ok || got != c.want {
			t.Errorf("%s of %q: %q", c.item, c.header, got)
		}
	}
	for _, item := range []string{"ENVELOPE", "BODY.PEEK[1]", "BODY.PEEK[1.HEADER]", "BODY.PEEK[TEXT]<x.5>", "BODY.PEEK[", "BODY.PEEK[]<5>", "BODYSTRUCTURE", "BODY.PEEK[TEXT X]"} {
		if w, ok := ParseItem(item); ok {
			t.Errorf("%s: %+v", item, w)
		}
	}
}

func spooled(t *testing.T, body string) *spool.Message {
	m, err := spool.NewRoom(0, nil).Read(t.Context(), int64(len(body)), strings.NewReader(body))
	must(t, err)
	return m
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
