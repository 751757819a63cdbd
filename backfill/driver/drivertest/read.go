package drivertest

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/mapping"
)

func testLogin(t *testing.T, f Factory) {
	s := f(t)
	_, err := s.Driver.Login(t.Context(), s.User, s.Secret+"x")
	var e *backfill.Error
	if !errors.As(err, &e) || e.Scope != backfill.AccountScope || e.Code != "AUTHENTICATIONFAILED" {
		t.Errorf("wrong password: %v", err)
	}
	if err != nil && strings.Contains(err.Error(), s.Secret+"x") {
		t.Error("the error holds the password")
	}
	m, err := s.Driver.Login(t.Context(), s.User, s.Secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if _, err := m.Folders(t.Context()); err == nil {
		t.Error("a closed account answers")
	}
}

func testFolders(t *testing.T, f Factory) {
	s, m := login(t, f)
	s.Fill(t, box(m, "Projects"))
	folders, err := m.Folders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, f := range folders {
		found[f.Path.Key()]++
		if f.Name == "" || len(f.Path) == 0 {
			t.Errorf("%+v", f)
		}
	}
	if found["INBOX"] != 1 {
		t.Errorf("INBOX is listed %d times", found["INBOX"])
	}
	if !slices.ContainsFunc(folders, func(f backfill.Folder) bool { return f.Path[len(f.Path)-1] == "Projects" }) {
		t.Errorf("Projects is missing: %+v", folders)
	}
}

func testExamine(t *testing.T, f Factory) {
	s, m := login(t, f)
	s.Fill(t, "INBOX", numbered(3)...)
	state, err := m.Examine(t.Context(), "INBOX")
	if err != nil {
		t.Fatal(err)
	}
	if state.Exists != 3 || state.UIDValidity == 0 || state.UIDNext < 4 {
		t.Errorf("%+v", state)
	}
	s.Fill(t, "INBOX", numbered(1)...)
	if state, err = m.Examine(t.Context(), "INBOX"); err != nil || state.Exists != 4 {
		t.Errorf("not fresh: %+v %v", state, err)
	}
	if _, err := m.Examine(t.Context(), box(m, "No such box")); !errors.Is(err, backfill.ErrNoFolder) {
		t.Errorf("missing mailbox: %v", err)
	}
}

func testScan(t *testing.T, f Factory) {
	s, m := login(t, f)
	if got, _ := scanAll(t, m, "INBOX"); len(got) != 0 {
		t.Fatalf("an empty mailbox lists %d", len(got))
	}
	msgs := numbered(60)
	s.Fill(t, "INBOX", msgs...)
	got, state := scanAll(t, m, "INBOX")
	if len(got) != len(msgs) || state.Exists != uint32(len(msgs)) || state.UIDNext <= got[len(got)-1].UID {
		t.Fatalf("%d listed of %d, state %+v", len(got), len(msgs), state)
	}
	for i, e := range got {
		want := msgs[i]
		if i > 0 && e.UID <= got[i-1].UID {
			t.Fatalf("UID %d behind %d", e.UID, got[i-1].UID)
		}
		if e.Flags != want.Flags || e.Size != int64(len(want.Body)) || !e.Date.Equal(want.Date) { // zones may change
			t.Errorf("%d: %+v, want %v", i, e, want.Date)
		}
		if e.MsgID == 0 || e.MsgID != mapping.MessageIDFromHeader([]byte(want.Body)) {
			t.Errorf("%d: Message-ID %x", i, e.MsgID)
		}
	}
	n := 0
	_, err := m.Scan(t.Context(), "INBOX", backfill.Scan{UIDValidity: state.UIDValidity, Sizes: true}, func(e backfill.Entry) error {
		if e.UID != got[n].UID || e.Size != got[n].Size { // a server may tell flags unasked
			t.Errorf("sizes alone: %+v, want %+v", e, got[n])
		}
		n++
		return nil
	})
	if err != nil || n != len(got) {
		t.Errorf("%d sizes: %v", n, err)
	}
}

func testScanRange(t *testing.T, f Factory) {
	s, m := login(t, f)
	s.Fill(t, "INBOX", numbered(20)...)
	all, state := scanAll(t, m, "INBOX")
	set := imap.UIDSet{{Start: imap.UID(all[5].UID), Stop: imap.UID(all[7].UID)}, {Start: imap.UID(all[15].UID), Stop: 0}}
	var got []uint32
	_, err := m.Scan(t.Context(), "INBOX", backfill.Scan{UIDValidity: state.UIDValidity, UIDs: set, Flags: true}, func(e backfill.Entry) error {
		got = append(got, e.UID)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 8 || got[0] != all[5].UID || got[3] != all[15].UID {
		t.Errorf("%v of %v", got, set)
	}
}

func readAll(t *testing.T, m backfill.Mail, box string, set imap.UIDSet) (order []uint32, bodies map[uint32]string, flags map[uint32]mapping.Flags) {
	t.Helper()
	bodies, flags = map[uint32]string{}, map[uint32]mapping.Flags{}
	err := m.Read(t.Context(), box, 0, set, func(msg *backfill.Message) error {
		b, err := io.ReadAll(msg.Body)
		if err != nil {
			return err
		}
		if int64(len(b)) != msg.Size {
			t.Errorf("UID %d: %d bytes, announced %d", msg.UID, len(b), msg.Size)
		}
		order = append(order, msg.UID)
		bodies[msg.UID], flags[msg.UID] = string(b), msg.Flags
		return nil
	})
	if err != nil {
		t.Fatal("read:", err)
	}
	return order, bodies, flags
}

func testRead(t *testing.T, f Factory) {
	s, m := login(t, f)
	msgs := numbered(250)
	msgs[7].Body = "Subject: ends\r\n\r\nwithout a line end"
	msgs[8].Body = "Subject: 8 bit \xfc\r\n\r\n" + strings.Repeat("long", 3000) + "\r\n* BYE\r\nA1 OK\r\n)\r\n"
	s.Fill(t, "INBOX", msgs...)
	all, _ := scanAll(t, m, "INBOX")
	if s.EndsLines {
		msgs[7].Body += "\r\n"
	}
	set := uids(all)
	set.AddRange(imap.UID(all[len(all)-1].UID+1), imap.UID(all[len(all)-1].UID+50)) // not there: skipped
	order, bodies, flags := readAll(t, m, "INBOX", set)
	if len(order) != len(msgs) || !slices.IsSorted(order) {
		t.Fatalf("%d read of %d", len(order), len(msgs))
	}
	for i, e := range all {
		if bodies[e.UID] != msgs[i].Body || flags[e.UID] != msgs[i].Flags {
			t.Errorf("message %d differs: %.60q", i, bodies[e.UID])
		}
	}
}

func testReadLarge(t *testing.T, f Factory) {
	s, m := login(t, f)
	big := "Subject: big\r\n\r\n" + strings.Repeat(strings.Repeat("0123456789abcdef", 4)+"\r\n", 50_000)
	s.Fill(t, "INBOX", Msg{Body: big}, numbered(1)[0])
	all, _ := scanAll(t, m, "INBOX")
	_, bodies, _ := readAll(t, m, "INBOX", uids(all))
	if bodies[all[0].UID] != big {
		t.Errorf("%d bytes of %d", len(bodies[all[0].UID]), len(big))
	}
	n := 0
	err := m.Read(t.Context(), "INBOX", 0, uids(all), func(*backfill.Message) error { n++; return nil })
	if err != nil || n != 2 {
		t.Errorf("bodies that are not read: %d messages, %v", n, err)
	}
}

func testReadLeavesUnread(t *testing.T, f Factory) {
	s, m := login(t, f)
	s.Fill(t, "INBOX", Msg{Body: "Subject: a\r\n\r\nb\r\n"})
	all, _ := scanAll(t, m, "INBOX")
	readAll(t, m, "INBOX", uids(all))
	if again, _ := scanAll(t, m, "INBOX"); again[0].Flags != "" {
		t.Errorf("reading set %q", again[0].Flags)
	}
}

func testFetchRaw(t *testing.T, f Factory) {
	s, m := login(t, f)
	msgs := numbered(5)
	s.Fill(t, "INBOX", msgs...)
	all, state := scanAll(t, m, "INBOX")
	bodies, names := map[uint32]string{}, 0
	want := backfill.RawFetch{UIDValidity: state.UIDValidity, UIDs: uids(all), Items: []string{"RFC822.SIZE", "BODY.PEEK[]", "ENVELOPE"}}
	err := m.FetchRaw(t.Context(), "INBOX", want, func(it *backfill.RawItem) error {
		for {
			att, err := it.Next()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			names++
			if strings.EqualFold(att.Name, "BODY[]") && att.Literal != nil {
				b, err := io.ReadAll(att.Literal)
				if err != nil {
					return err
				}
				bodies[it.UID] = string(b)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if names != 15 {
		t.Errorf("%d attributes, want 15", names)
	}
	for i, e := range all {
		if bodies[e.UID] != msgs[i].Body {
			t.Errorf("message %d: %q", i, bodies[e.UID])
		}
	}
	n := 0
	if err := m.FetchRaw(t.Context(), "INBOX", want, func(*backfill.RawItem) error { n++; return nil }); err != nil || n == 0 {
		t.Errorf("items that are not read: %d, %v", n, err)
	}
}

func testSearch(t *testing.T, f Factory) {
	s, m := login(t, f)
	s.Fill(t, "INBOX", numbered(9)...)
	all, state := scanAll(t, m, "INBOX")
	got, err := m.Search(t.Context(), "INBOX", state.UIDValidity, backfill.SearchKey{Text: []string{"SEEN"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if got.Contains(imap.UID(e.UID)) != e.Flags.Has(`\Seen`) {
			t.Errorf("UID %d with %q: %v", e.UID, e.Flags, got)
		}
	}
	got, err = m.Search(t.Context(), "INBOX", 0, backfill.SearchKey{Text: []string{"SUBJECT ", ""}, Literals: [][]byte{[]byte("number 4")}})
	if err != nil || !got.Contains(imap.UID(all[4].UID)) || got.Contains(imap.UID(all[3].UID)) {
		t.Errorf("with a literal: %v %v", got, err)
	}
}

func testPoll(t *testing.T, f Factory) {
	s, m := login(t, f)
	s.Fill(t, "INBOX", numbered(2)...)
	_, state := scanAll(t, m, "INBOX")
	n, err := m.Poll(t.Context(), "INBOX", state)
	if err != nil || n.New || n.Gone || n.Flags && !s.Chatty || n.UIDValidityDiffers {
		t.Errorf("nothing happened: %+v %v", n, err)
	}
	s.Fill(t, "INBOX", numbered(1)...)
	if n, err = m.Poll(t.Context(), "INBOX", n.State); err != nil || !n.New || n.State.Exists != 3 {
		t.Errorf("a new message: %+v %v", n, err)
	}
	if n, err = m.Poll(t.Context(), "INBOX", n.State); err != nil || n.New {
		t.Errorf("told twice: %+v %v", n, err)
	}
}

func testUIDValidity(t *testing.T, f Factory) {
	s, m := login(t, f)
	s.Fill(t, "INBOX", numbered(1)...)
	all, state := scanAll(t, m, "INBOX")
	wrong := state.UIDValidity + 1
	_, scanErr := m.Scan(t.Context(), "INBOX", backfill.Scan{UIDValidity: wrong}, func(backfill.Entry) error { return nil })
	readErr := m.Read(t.Context(), "INBOX", wrong, uids(all), func(*backfill.Message) error { return nil })
	_, searchErr := m.Search(t.Context(), "INBOX", wrong, backfill.SearchKey{Text: []string{"ALL"}})
	for _, err := range []error{scanErr, readErr, searchErr} {
		if !errors.Is(err, backfill.ErrUIDValidity) {
			t.Error(err)
		}
	}
}

func testCancel(t *testing.T, f Factory) {
	s, m := login(t, f)
	s.Fill(t, "INBOX", numbered(20)...)
	all, _ := scanAll(t, m, "INBOX")
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	err := m.Read(ctx, "INBOX", 0, uids(all), func(*backfill.Message) error { n++; cancel(); return ctx.Err() })
	if !errors.Is(err, context.Canceled) || n != 1 {
		t.Errorf("%d messages, %v", n, err)
	}
	if _, err := m.Examine(ctx, "INBOX"); !errors.Is(err, context.Canceled) {
		t.Errorf("a call that begins cancelled: %v", err)
	}
	if got, _ := scanAll(t, m, "INBOX"); len(got) != 20 {
		t.Error("the account does not go on")
	}
}

func testCallbackError(t *testing.T, f Factory) {
	s, m := login(t, f)
	s.Fill(t, "INBOX", numbered(20)...)
	all, _ := scanAll(t, m, "INBOX")
	mine := errors.New("mine")
	if err := m.Read(t.Context(), "INBOX", 0, uids(all), func(*backfill.Message) error { return mine }); !errors.Is(err, mine) {
		t.Error(err)
	}
	if _, err := m.Scan(t.Context(), "INBOX", backfill.Scan{Flags: true}, func(backfill.Entry) error { return mine }); !errors.Is(err, mine) {
		t.Error(err)
	}
	if got, _ := scanAll(t, m, "INBOX"); len(got) != 20 {
		t.Error("the account does not go on")
	}
}

func testParallel(t *testing.T, f Factory) {
	s, m := login(t, f)
	s.Fill(t, "INBOX", numbered(30)...)
	s.Fill(t, box(m, "Other"), numbered(20)...)
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			ctx, name, want := t.Context(), "INBOX", 30
			if i%2 == 0 {
				ctx, name, want = backfill.WithBackground(ctx), box(m, "Other"), 20
			}
			n := 0
			_, err := m.Scan(ctx, name, backfill.Scan{Flags: true}, func(backfill.Entry) error { n++; return nil })
			if err != nil || n != want {
				t.Errorf("%s: %d, %v", name, n, err)
			}
		})
	}
	wg.Wait()
}
