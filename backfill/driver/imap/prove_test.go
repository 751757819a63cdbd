package imap_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/backfill/driver/imap"
	"crossfade/internal/faults"
	"crossfade/mapping"
	"crossfade/store"
)

// provable is a server that gives all mailboxes the UIDVALIDITY 1, with a mailbox that is known by three of its messages.
func provable(t *testing.T) (*faults.Server, *faults.Account, backfill.Writer, *[]store.Landmark) {
	t.Helper()
	s := faults.Start(t, faults.Quirks{Validity: faults.ValidityOne})
	joe := s.Account("joe", "pass word")
	joe.Create("Work", "")
	joe.Create("Other", "")
	joe.Add("Work", numbered(1, 10)...)
	d, err := imap.New(imap.Options{URL: s.URL()})
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Login(t.Context(), "joe", "pass word")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	w := m.(backfill.Writer)
	marks := &[]store.Landmark{}
	_, err = w.Scan(t.Context(), "Work", backfill.Scan{UIDValidity: 1, UIDs: backfill.SetOf([]uint32{1, 5, 10}), Details: true}, func(e backfill.Entry) error {
		*marks = append(*marks, store.Landmark{UID: e.UID, Size: e.Size, Date: e.Date.Unix(), MsgID: e.MsgID})
		return nil
	})
	if err != nil || len(*marks) != 3 {
		t.Fatal(*marks, err)
	}
	w.(backfill.Prover).Prove(func(box string) backfill.Landmarks {
		if box != "Work" {
			return backfill.Landmarks{}
		}
		return backfill.Landmarks{UIDValidity: 1, Marks: *marks}
	})
	return s, joe, w, marks
}

func numbered(from, n int) (out []faults.Message) {
	for i := range n {
		out = append(out, faults.Message{Date: time.Unix(int64(1e9+from+i), 0), Body: fmt.Appendf(nil, "Message-ID: <%d@x>\r\n\r\n%d\r\n", from+i, from+i)})
	}
	return out
}

// TestRemadeMailbox: a mailbox is deleted and made again, with the UIDVALIDITY that it had. Whatever is asked of it by number
// is refused, on connections that knew the old one and on new ones, and nothing is changed.
func TestRemadeMailbox(t *testing.T) {
	set := backfill.SetOf([]uint32{2})
	for name, ask := range map[string]func(t *testing.T, w backfill.Writer) error{
		"examine": func(t *testing.T, w backfill.Writer) error { _, err := w.Examine(t.Context(), "Work"); return err },
		"scan": func(t *testing.T, w backfill.Writer) error {
			_, err := w.Scan(t.Context(), "Work", backfill.Scan{UIDValidity: 1, Flags: true}, func(e backfill.Entry) error { t.Error("listed ", e.UID); return nil })
			return err
		},
		"raw": func(t *testing.T, w backfill.Writer) error {
			want := backfill.RawFetch{UIDValidity: 1, UIDs: set, Items: []string{"BODY.PEEK[]"}}
			return w.FetchRaw(t.Context(), "Work", want, func(it *backfill.RawItem) error { t.Error("read ", it.UID); return nil })
		},
		"read": func(t *testing.T, w backfill.Writer) error {
			return w.Read(t.Context(), "Work", 1, set, func(m *backfill.Message) error { t.Error("read ", m.UID); return nil })
		},
		"store": func(t *testing.T, w backfill.Writer) error {
			_, err := w.Store(t.Context(), "Work", 1, set, backfill.FlagsAdd, mapping.NewFlags(`\Deleted`))
			return err
		},
		"expunge": func(t *testing.T, w backfill.Writer) error { return w.Expunge(t.Context(), "Work", 1, set) },
		"copy": func(t *testing.T, w backfill.Writer) error {
			_, err := w.Copy(t.Context(), "Work", 1, set, "Other")
			return err
		},
		"move": func(t *testing.T, w backfill.Writer) error {
			_, err := w.Move(t.Context(), "Work", 1, set, "Other")
			return err
		},
		"search": func(t *testing.T, w backfill.Writer) error {
			_, err := w.Search(t.Context(), "Work", 1, backfill.SearchKey{Text: []string{"ALL"}})
			return err
		},
	} {
		for how, n := range map[string]int{"fewer": 4, "more": 30} {
			for _, fresh := range []bool{false, true} {
				t.Run(fmt.Sprint(name, " ", how, " ", fresh), func(t *testing.T) {
					s, joe, w, _ := provable(t)
					if fresh {
						s.Cut()
					} else if _, err := w.Examine(t.Context(), "Other"); err != nil { // the connection is about to look at Work anew
						t.Fatal(err)
					}
					joe.Delete("Work")
					joe.Create("Work", "")
					made := numbered(100, n)
					made[1].Flags = []string{`\Deleted`} // what an EXPUNGE would take
					joe.Add("Work", made...)
					there := joe.Messages("Work")
					for range 2 {
						err := ask(t, w)
						if err == nil && !fresh && slices.Contains([]string{"raw", "read", "search"}, name) {
							continue // it has the old one open still, which is empty
						}
						if !errors.Is(err, backfill.ErrRemade) || !errors.Is(err, backfill.ErrUIDValidity) {
							t.Error(err)
						}
					}
					same := func(a, b faults.Message) bool { return a.UID == b.UID && slices.Equal(a.Flags, b.Flags) }
					if now := joe.Messages("Work"); !slices.EqualFunc(there, now, same) || len(joe.Messages("Other")) > 0 {
						t.Errorf("it was changed: %v, was %v", now, there)
					}
				})
			}
		}
	}
}

// TestProvedMailbox: a mailbox that is well is held against its landmarks once for each time that it is opened, and what is
// learned of it later does not make another one of it.
func TestProvedMailbox(t *testing.T) {
	s, joe, w, marks := provable(t)
	s.Cut()
	list := func() {
		t.Helper()
		if _, err := w.Scan(t.Context(), "Work", backfill.Scan{UIDValidity: 1, Flags: true}, func(backfill.Entry) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	before := s.Count("UID FETCH")
	list()
	list()
	if n := s.Count("UID FETCH") - before; n != 3 {
		t.Errorf("%d FETCHes for two listings and one proof", n)
	}
	joe.Remove("Work", 1, 5, 10)
	joe.Add("Work", numbered(11, 5)...)
	for range 2 { // Poll opens it anew without being asked to
		if _, err := w.Poll(t.Context(), "Work", backfill.BoxState{UIDValidity: 1, UIDNext: 11, Exists: 10}); err != nil {
			t.Fatal(err)
		}
	}
	joe.Add("Work", numbered(16, 5)...)
	*marks = append(*marks, store.Landmark{UID: 20, Size: -1})
	list()
	got, err := w.Store(t.Context(), "Work", 1, goimap.UIDSet{{Start: 20, Stop: 20}}, backfill.FlagsAdd, mapping.NewFlags(`\Seen`))
	if err != nil || len(got) != 1 {
		t.Error(got, err)
	}
}
