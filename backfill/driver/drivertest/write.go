package drivertest

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/mapping"
)

func item(m Msg) backfill.AppendItem {
	return backfill.AppendItem{
		Flags: m.Flags, Date: m.Date, Size: int64(len(m.Body)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(m.Body)), nil },
	}
}

func items(msgs []Msg) []backfill.AppendItem {
	out := make([]backfill.AppendItem, len(msgs))
	for i, m := range msgs {
		out[i] = item(m)
	}
	return out
}

// checkAppended compares a mailbox with what was appended, in order.
func checkAppended(t *testing.T, m backfill.Mail, box string, msgs []Msg, results []backfill.AppendResult) {
	t.Helper()
	all, state := scanAll(t, m, box)
	if len(all) != len(msgs) {
		t.Fatalf("%d messages, want %d", len(all), len(msgs))
	}
	_, bodies, _ := readAll(t, m, box, uids(all))
	for i, e := range all {
		if bodies[e.UID] != msgs[i].Body || !strings.EqualFold(string(e.Flags), string(msgs[i].Flags)) || !e.Date.Equal(msgs[i].Date) {
			t.Errorf("message %d: %+v", i, e)
		}
		if r := results[i]; r.Err != nil || r.UID != 0 && (r.UID != e.UID || r.UIDValidity != state.UIDValidity) {
			t.Errorf("result %d: %+v, UID %d of %d", i, r, e.UID, state.UIDValidity)
		}
	}
}

func testAppend(t *testing.T, f Factory) {
	_, w := loginWriter(t, f)
	msgs := numbered(3)
	msgs[0].Flags = mapping.NewFlags(`\Seen`, `\Flagged`, "Work")
	msgs[1].Date = time.Date(2019, 2, 3, 4, 5, 6, 0, time.FixedZone("", -9*3600-1800))
	msgs[2].Body = "Subject: big\r\n\r\n" + strings.Repeat("0123456789\r\n", 60_000)
	results, err := w.Append(t.Context(), "INBOX", items(msgs))
	if err != nil || len(results) != 3 {
		t.Fatal(results, err)
	}
	checkAppended(t, w, "INBOX", msgs, results)
}

func testAppendMany(t *testing.T, f Factory) {
	_, w := loginWriter(t, f)
	msgs := numbered(250)
	results, err := w.Append(t.Context(), "INBOX", items(msgs))
	if err != nil || len(results) != len(msgs) {
		t.Fatal(len(results), err)
	}
	checkAppended(t, w, "INBOX", msgs, results)
}

func testAppendShortBody(t *testing.T, f Factory) {
	s, w := loginWriter(t, f)
	sizes := []int{10, 2_000_000}
	if s.KeepsCut {
		sizes = sizes[:1]
	}
	for i, size := range sizes {
		name := box(w, fmt.Sprint("Short", i)) // Cyrus refuses to delete one name twice within a second
		if err := w.Create(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		msgs := numbered(5)
		in := items(msgs)
		in[2].Size = int64(len(msgs[2].Body) + size)
		results, err := w.Append(t.Context(), name, in)
		if err != nil || len(results) != 5 || results[2].Err == nil {
			t.Fatalf("%d missing: %+v %v", size, results, err)
		}
		checkAppended(t, w, name, append(msgs[:2:2], msgs[3:]...), append(results[:2:2], results[3:]...))
		if err := w.Delete(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
}

func testAppendNowhere(t *testing.T, f Factory) {
	_, w := loginWriter(t, f)
	_, err := w.Append(t.Context(), box(w, "No such box"), items(numbered(3)))
	var e *backfill.Error
	if !errors.As(err, &e) || e.Scope != backfill.FolderScope {
		t.Errorf("%v", err)
	}
	if got, _ := scanAll(t, w, "INBOX"); len(got) != 0 {
		t.Error("it went elsewhere")
	}
}

func testStore(t *testing.T, f Factory) {
	s, w := loginWriter(t, f)
	s.Fill(t, "INBOX", numbered(4)...)
	all, state := scanAll(t, w, "INBOX")
	set := uids(all)
	set.AddNum(imap.UID(all[3].UID + 10))
	steps := []struct {
		op          backfill.FlagOp
		flags, want mapping.Flags
	}{
		{backfill.FlagsSet, mapping.NewFlags(`\Seen`), mapping.NewFlags(`\Seen`)},
		{backfill.FlagsAdd, mapping.NewFlags(`\Flagged`), mapping.NewFlags(`\Seen`, `\Flagged`)},
		{backfill.FlagsAdd, mapping.NewFlags(`\Flagged`), mapping.NewFlags(`\Seen`, `\Flagged`)},
		{backfill.FlagsRemove, mapping.NewFlags(`\Seen`), mapping.NewFlags(`\Flagged`)},
		{backfill.FlagsSet, "", ""},
	}
	for i, step := range steps {
		got, err := w.Store(t.Context(), "INBOX", state.UIDValidity, set, step.op, step.flags)
		if err != nil || len(got) != 4 {
			t.Fatalf("step %d: %v %v", i, got, err)
		}
		after, _ := scanAll(t, w, "INBOX")
		for _, e := range after {
			if got[e.UID] != step.want || e.Flags != step.want {
				t.Errorf("step %d, UID %d: told %q, has %q, want %q", i, e.UID, got[e.UID], e.Flags, step.want)
			}
		}
	}
}

func testExpunge(t *testing.T, f Factory) {
	s, w := loginWriter(t, f)
	msgs := numbered(5)
	msgs[4].Flags = mapping.NewFlags(`\Deleted`)
	s.Fill(t, "INBOX", msgs...)
	all, state := scanAll(t, w, "INBOX")
	if err := w.Expunge(t.Context(), "INBOX", state.UIDValidity, uids(all[1:3])); err != nil {
		t.Fatal(err)
	}
	left, _ := scanAll(t, w, "INBOX")
	if len(left) != 3 || left[0].UID != all[0].UID || left[1].UID != all[3].UID || left[2].Flags != msgs[4].Flags {
		t.Errorf("%+v", left)
	}
}

func testCopy(t *testing.T, f Factory) {
	s, w := loginWriter(t, f)
	s.Fill(t, "INBOX", numbered(5)...)
	s.Fill(t, box(w, "Target"), numbered(2)...)
	all, state := scanAll(t, w, "INBOX")
	got, err := w.Copy(t.Context(), "INBOX", state.UIDValidity, uids(all[1:4]), box(w, "Target"))
	if err != nil {
		t.Fatal(err)
	}
	checkCopied(t, w, got, all[1:4])
	if left, _ := scanAll(t, w, "INBOX"); len(left) != 5 {
		t.Errorf("%d left", len(left))
	}
	_, err = w.Copy(t.Context(), "INBOX", 0, uids(all), box(w, "No such box"))
	var e *backfill.Error
	if !errors.As(err, &e) || e.Scope != backfill.FolderScope {
		t.Errorf("missing target: %v", err)
	}
}

func checkCopied(t *testing.T, w backfill.Writer, got backfill.Copied, from []backfill.Entry) {
	t.Helper()
	target, state := scanAll(t, w, box(w, "Target"))
	if len(target) != 2+len(from) {
		t.Fatalf("%d in the target", len(target))
	}
	for i, e := range from {
		if target[2+i].MsgID != e.MsgID {
			t.Errorf("copy %d is another message", i)
		}
		if got.Learned && (got.UIDs[e.UID] != target[2+i].UID || got.UIDValidity != state.UIDValidity) {
			t.Errorf("UID %d became %d, told %d", e.UID, target[2+i].UID, got.UIDs[e.UID])
		}
	}
}

func testMove(t *testing.T, f Factory) {
	s, w := loginWriter(t, f)
	s.Fill(t, "INBOX", numbered(5)...)
	s.Fill(t, box(w, "Target"), numbered(2)...)
	all, state := scanAll(t, w, "INBOX")
	got, err := w.Move(t.Context(), "INBOX", state.UIDValidity, uids(all[1:4]), box(w, "Target"))
	left, _ := scanAll(t, w, "INBOX")
	if errors.Is(err, backfill.ErrNotOffered) {
		if len(left) != 5 {
			t.Errorf("not offered, but %d are left", len(left))
		}
		return
	}
	if err != nil || len(left) != 2 {
		t.Fatal(len(left), err)
	}
	checkCopied(t, w, got, all[1:4])
}

func testMailboxes(t *testing.T, f Factory) {
	_, w := loginWriter(t, f)
	ctx := t.Context()
	one, two := box(w, "One"), box(w, "Two")
	if err := w.Create(ctx, one); err != nil {
		t.Fatal(err)
	}
	var e *backfill.Error
	if err := w.Create(ctx, one); !errors.As(err, &e) || e.Code != "ALREADYEXISTS" {
		t.Errorf("created twice: %v", err)
	}
	if err := w.Subscribe(ctx, one, true); err != nil {
		t.Error(err)
	}
	if f := folder(t, w, one); f == nil || !f.Subscribed {
		t.Errorf("%+v", f)
	}
	if err := w.Subscribe(ctx, one, false); err != nil {
		t.Error(err)
	}
	if f := folder(t, w, one); f == nil || f.Subscribed {
		t.Errorf("%+v", f)
	}
	if err := w.Rename(ctx, one, two); err != nil {
		t.Fatal(err)
	}
	if folder(t, w, one) != nil || folder(t, w, two) == nil {
		t.Error("not renamed")
	}
	if err := w.Delete(ctx, two); err != nil {
		t.Fatal(err)
	}
	if folder(t, w, two) != nil {
		t.Error("not deleted")
	}
	if err := w.Delete(ctx, two); err == nil {
		t.Error("deleted twice")
	}
}

func folder(t *testing.T, m backfill.Mail, name string) *backfill.Folder {
	t.Helper()
	all, err := m.Folders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		if all[i].Name == name {
			return &all[i]
		}
	}
	return nil
}

func testNames(t *testing.T, f Factory) {
	_, w := loginWriter(t, f)
	for _, path := range []mapping.Path{{"R&D"}, {"Entwürfe"}, {"日本語"}, {"a b", "c d"}, {"💷"}, {"NIL"}} {
		path = append(prefix(w), path...)
		name := w.Name(path)
		if err := w.Create(t.Context(), name); err != nil {
			t.Errorf("%v: %v", path, err)
			continue
		}
		f := folder(t, w, name)
		if f == nil || !f.Path.Equal(path) {
			t.Errorf("%v is spelled %q and listed as %+v", path, name, f)
		}
		if _, err := w.Examine(t.Context(), name); err != nil {
			t.Errorf("%v: %v", path, err)
		}
	}
}

// prefix is the personal namespace as a path.
func prefix(m backfill.Mail) mapping.Path {
	f := m.Features()
	if f.Prefix == "" || f.Separator == "" {
		return nil
	}
	return mapping.Path(strings.Split(strings.TrimSuffix(f.Prefix, f.Separator), f.Separator))
}
