package verify

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/mapping"
	"crossfade/store"
)

// folderOf is a folder with a source folder, whose links are plain data.
type folderOf struct {
	head    Head
	links   []store.Link
	refused []Refused
	whole   string
}

func (f *folderOf) Size() int                           { return len(f.links) }
func (f *folderOf) Head() Head                          { return f.head }
func (f *folderOf) Open() error                         { return nil }
func (f *folderOf) Close()                              {}
func (f *folderOf) Refused() ([]Refused, string, error) { return f.refused, f.whole, nil }

func (f *folderOf) Links(each func(Link)) {
	for i := range f.links {
		each(Link{Link: &f.links[i], Told: true})
	}
}

// box is a server's folder that holds texts by UID, from 1; "" is none, and one that begins with "!" is listed and not
// given.
type box []string

func (b box) open(context.Context) (Box, error) { return b, nil }

func (b box) side(name string) Side { return Side{Name: name, Open: b.open} }

func (b box) List(_ context.Context, only imap.UIDSet, details bool, each func(Entry) error) (State, error) {
	st := State{Holds: func(f mapping.Flags) mapping.Flags { return f }}
	for i, text := range b {
		uid := uint32(i + 1)
		if text == "" {
			continue
		}
		st.Exists++
		if text == "?" || only != nil && !only.Contains(imap.UID(uid)) { // "?" is counted and not listed
			continue
		}
		e := Entry{UID: uid}
		if details {
			e.Size, e.Date = int64(len(text)), time.Unix(0, 0)
		}
		if err := each(e); err != nil {
			return st, err
		}
	}
	return st, nil
}

func (b box) Read(_ context.Context, uids imap.UIDSet, each func(*Message) error) error {
	for i, text := range b {
		if uid := uint32(i + 1); text != "" && text[0] != '!' && uids.Contains(imap.UID(uid)) {
			if err := each(&Message{UID: uid, Date: time.Unix(0, 0), Size: int64(len(text)), Body: strings.NewReader(text)}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b box) Headers(_ context.Context, uids imap.UIDSet, each func(uint32, []byte)) error {
	for i, text := range b {
		if uid := uint32(i + 1); uids.Contains(imap.UID(uid)) {
			each(uid, []byte("Message-ID: <"+text+"@test>\r\n"))
		}
	}
	return nil
}

// copies are links of messages whose UIDs are the same on both sides.
func copies(uids ...uint32) (out []store.Link) {
	for _, uid := range uids {
		out = append(out, store.Link{UID: uid, Src: uid, Dst: uid, State: store.Copied})
	}
	return out
}

// TestJudge holds two sides against what links say of them, no server and no engine at hand.
func TestJudge(t *testing.T) {
	never := func(int, int) bool { return false }
	listed := store.Link{UID: 2, Src: 2, State: store.Listed}
	for _, c := range []struct {
		name         string
		below, above box
		links        []store.Link
		refused      []Refused
		whole        string
		doubt        bool
		quick        bool
		want         string // the findings
		ok           bool
	}{
		{"equal", box{"a", "b"}, box{"a", "b"}, copies(1, 2), nil, "", false, false, "", true},
		{"other bytes", box{"a", "b"}, box{"a", "c"}, copies(1, 2), nil, "", false, false, "1 with other bytes", false},
		{"no body is read", box{"a", "b"}, box{"a", "c"}, copies(1, 2), nil, "", false, true, "", true},
		{"gone above", box{"a", "b"}, box{"a", ""}, copies(1, 2), nil, "", false, false, "1 missing on the destination", false},
		{"it stands elsewhere", box{"a", "b"}, box{"a", "", "b"}, copies(1, 2), nil, "", false, false, "", true},
		{"gone below", box{"a", ""}, box{"a", "b"}, copies(1, 2), nil, "", false, false, "1 deleted on the source since", true},
		{"too many gone below", box{"a", ""}, box{"a", "b"}, copies(1, 2), nil, "", true, false,
			"1 deleted on the source since, the source lists 1 messages less than it did: that is not believed, so nothing is proven", false},
		{"twice above", box{"a"}, box{"a", "a"}, copies(1), nil, "", false, false, "1 doubled", false},
		{"twice below", box{"a", "a"}, box{"a", "a"}, copies(1, 2), nil, "", false, false, "", true},
		{"new below", box{"a", "b"}, box{"a"}, copies(1), nil, "", false, false, "1 not copied yet", false},
		{"listed", box{"a", "b"}, box{"a"}, append(copies(1), listed), nil, "", false, false, "1 not copied yet", false},
		{"new above", box{"a"}, box{"a", "b"}, copies(1), nil, "", false, false, "1 only on the destination", true},
		{"deleted by the user", box{"a", "b"}, box{"a"}, append(copies(1), store.Link{UID: 2, Src: 2, State: store.Whiteout}), nil, "", false, false, "1 deleted by the user since", true},
		{"not given", box{"a", "!"}, box{"a", "b"}, copies(1, 2), nil, "", false, false, "1 that cannot be read", false},
		{"counted and not listed", box{"a", "?"}, box{"a", "b"}, copies(1, 2), nil, "", false, false,
			`source: "Old": the server listed 1 messages of 2, twice: nothing is proven`, false},
		{"refused", box{"a", "b"}, box{"a"}, append(copies(1), store.Link{UID: 2, Src: 2, State: store.Quarantined}), []Refused{{UID: 2}}, "", false, false, "1 refused", false},
		{"refused and on its way again", box{"a", "b"}, box{"a"}, append(copies(1), listed), []Refused{{UID: 2}}, "", false, false, "1 not copied yet", false},
		{"on its way again while it is judged", box{"a", "b"}, box{"a"}, append(copies(1), store.Link{UID: 2, Src: 2, State: store.Quarantined}), nil, "", false, false, "1 not copied yet", false},
		{"signed off", box{"a", "b"}, box{"a"}, append(copies(1), store.Link{UID: 2, Src: 2, State: store.Quarantined}),
			[]Refused{{UID: 2, SignedOff: &store.SignOff{By: "Eve"}}}, "", false, false, "1 refused, 1 of these signed off", true},
		{"the folder is refused", box{"", "b"}, nil, []store.Link{listed}, nil, "no such name", false, false, "1 refused", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &folderOf{links: c.links, refused: c.refused, whole: c.whole,
				head: Head{Name: "New", Sources: []Side{c.below.side("Old")}, Dest: c.above.side("New"), Doubt: never}}
			if c.doubt {
				f.head.Doubt = func(missing, of int) bool { return missing == 1 && of == 2 }
			}
			var got []Report
			kept := 0
			a := Account{Folders: []Folder{f}, AtOnce: 1, Log: slog.New(slog.DiscardHandler), Keep: func(v store.Verified) error {
				if kept++; v.OK != c.ok || v.Folders != 1 {
					t.Errorf("kept %+v", v)
				}
				return nil
			}}
			err := Compare(t.Context(), []Account{a}, Options{Quick: c.quick}, func(r Report) error { got = append(got, r); return nil })
			if err != nil || len(got) != 1 || (kept == 1) == c.quick {
				t.Fatalf("%d reports, kept %d times: %v", len(got), kept, err)
			}
			if r := got[0]; r.OK != c.ok || r.Findings() != c.want {
				t.Errorf("ok %v: %q, want %q: %+v", r.OK, r.Findings(), c.want, r)
			}
			for _, d := range got[0].Differences {
				if !strings.HasSuffix(d.MessageID, "@test>") {
					t.Errorf("%s is not named", d.String())
				}
			}
		})
	}
}

// TestVerifyMemory: a folder of 300,000 messages is compared within 64 MiB.
func TestVerifyMemory(t *testing.T) {
	const n = 300_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	empty := side{ids: map[mapping.Flags]uint32{"": 0}, sets: []mapping.Flags{""}, state: State{Holds: func(f mapping.Flags) mapping.Flags { return f }}}
	below, above := empty, empty
	below.msgs, above.msgs = make([]found, n), make([]found, n)
	f := &folderOf{links: make([]store.Link, n), head: Head{Sources: []Side{{Name: "INBOX"}}, Doubt: func(int, int) bool { return false }}}
	for i := range n {
		h := [16]byte{byte(i), byte(i >> 8), byte(i >> 16), 1}
		below.msgs[i] = found{hash: h, uid: uint32(i + 1), flags: isRead}
		above.msgs[i] = below.msgs[i]
		f.links[i] = store.Link{UID: uint32(i + 1), Src: uint32(i + 1), Dst: uint32(i + 1), State: store.Copied, Hash: h}
	}
	j := newComparison(f, Options{Names: 10})
	j.look()
	j.below, j.above = map[uint16]*side{0: &below}, &above
	j.all()
	r := &j.report
	r.conclude()
	runtime.GC()
	runtime.ReadMemStats(&after)
	if !r.OK || r.Equal != n {
		t.Fatalf("%+v", r)
	}
	used := int64(after.HeapAlloc-before.HeapAlloc) >> 20
	t.Logf("%d MiB for both sides, the links and the order", used)
	if used > 64 {
		t.Errorf("%d MiB", used)
	}
	runtime.KeepAlive(j)
}

// TestMessageIDText: whatever a server gives for a header is one readable line.
func TestMessageIDText(t *testing.T) {
	for _, c := range []struct{ header, want string }{
		{"Message-ID: <a@b>\r\n", "<a@b>"},
		{"Subject: x\r\nmessage-id:\r\n <a@b>\r\n", "<a@b>"},
		{"MESSAGE-ID : <a\x00b>\n", "<ab>"},
		{"Subject: x\r\n", ""},
		{"Message-ID: \xff\xfe\n", "?"},
		{"Message-ID: " + strings.Repeat("x", 2000), strings.Repeat("x", maxMessageID)},
	} {
		if got := messageIDText([]byte(c.header)); got != c.want {
			t.Errorf("%q gives %q, want %q", c.header, got, c.want)
		}
	}
}

// TestSideTexts: the text of a message is hashed beside its bytes where that is wanted.
func TestSideTexts(t *testing.T) {
	s := &side{msgs: []found{{uid: 1}, {uid: 2}}, ids: map[mapping.Flags]uint32{"": 0}, sets: []mapping.Flags{""}}
	for uid, body := range []string{1: "A: b\n\ntext\n", 2: "X: y\r\nA: b\r\n\r\ntext\r\n"} {
		if body != "" {
			m := &Message{UID: uint32(uid), Size: int64(len(body)), Body: strings.NewReader(body)}
			if err := s.take(m, true); err != nil {
				t.Fatal(err)
			}
		}
	}
	if s.texts[1] != s.texts[2] || s.msgs[0].hash == s.msgs[1].hash {
		t.Errorf("%+v", s)
	}
	if err := s.take(&Message{UID: 1, Size: 5, Body: strings.NewReader("cut")}, false); err == nil {
		t.Error("a message that is cut short was taken")
	}
}
