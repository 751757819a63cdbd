package imap_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/backfill/driver/imap"
)

func uidSet(uids ...uint32) goimap.UIDSet {
	var s goimap.UIDSet
	for _, u := range uids {
		s.AddNum(goimap.UID(u))
	}
	return s
}

func TestListShapes(t *testing.T) {
	for _, s := range shapes(t) {
		if s.kind != "list" {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			f := &fake{answer: func(cmd string) (string, bool) { return s.wire + "TAG OK done\r\n", strings.HasPrefix(cmd, "LIST") }}
			w := loginFake(t, f)
			folders, err := w.Folders(t.Context())
			if err != nil || len(folders) == 0 {
				t.Fatal(folders, err)
			}
			inbox := 0
			for _, f := range folders {
				if f.Path.IsInbox() {
					inbox++
				}
			}
			if inbox != 1 {
				t.Errorf("%+v", folders)
			}
			if n := f.logins(); n != 1 {
				t.Errorf("%d connections", n)
			}
		})
	}
}

// TestModSeqsNotOffered: a server that tells of mod-sequences and does not offer CONDSTORE, as one whose capabilities somebody
// shortens, is not asked for what changed since one.
func TestModSeqsNotOffered(t *testing.T) {
	for caps, want := range map[string]uint64{"IMAP4rev1 UIDPLUS": 0, "IMAP4rev1 CONDSTORE": 9} {
		f := &fake{caps: caps, answer: func(cmd string) (string, bool) {
			return "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] it\r\n* OK [UIDNEXT 6] it\r\n* OK [HIGHESTMODSEQ 9] it\r\nTAG OK [READ-ONLY] done\r\n", strings.HasPrefix(cmd, "EXAMINE")
		}}
		st, err := loginFake(t, f).Examine(t.Context(), "INBOX")
		if err != nil || st.Exists != 1 || st.HighestModSeq != want {
			t.Errorf("%s: %+v %v", caps, st, err)
		}
	}
}

// TestMissingBodies: a message that exists is never told empty; what does not exist is skipped.
func TestMissingBodies(t *testing.T) {
	for name, wire := range map[string]string{
		"NIL":            "* 1 FETCH (UID 5 FLAGS () INTERNALDATE NIL BODY[] NIL)\r\n",
		"empty":          "* 1 FETCH (UID 5 RFC822.SIZE 5 FLAGS () INTERNALDATE NIL BODY[] {0}\r\n)\r\n",
		"never told":     "* 1 FETCH (UID 5 FLAGS ())\r\n",
		"garbled":        "* 1 FETCH (UID 5 FLAGS () BODY[] )x(\r\n",
		"without number": "* 1 FETCH (FLAGS () INTERNALDATE NIL BODY[] {2}\r\nhi)\r\n",
	} {
		var asked atomic.Int32
		f := &fake{answer: func(cmd string) (string, bool) {
			if strings.HasPrefix(cmd, "UID FETCH") {
				asked.Add(1)
				return wire + "TAG OK done\r\n", true
			}
			return "", false
		}}
		w := loginFake(t, f)
		err := w.Read(t.Context(), "INBOX", 0, uidSet(4, 5), func(m *backfill.Message) error { t.Errorf("%s: told %+v", name, m); return nil })
		var e *backfill.Error
		if !errors.As(err, &e) || e.Scope != backfill.Item || e.UID == 0 || asked.Load() < 2 {
			t.Errorf("%s: asked %d times: %v", name, asked.Load(), err)
		}
	}
	w := loginFake(t, &fake{answer: func(cmd string) (string, bool) { return "TAG OK done\r\n", strings.HasPrefix(cmd, "UID FETCH") }})
	if err := w.Read(t.Context(), "INBOX", 0, uidSet(5), func(*backfill.Message) error { return errors.New("told") }); err != nil {
		t.Error("a message that is gone:", err)
	}
}

// TestSecondTry: an answer that made no sense once is asked for again, in order.
func TestSecondTry(t *testing.T) {
	var seen atomic.Int32
	f := &fake{answer: func(cmd string) (string, bool) {
		if !strings.HasPrefix(cmd, "UID FETCH") {
			return "", false
		}
		five := "* 1 FETCH (UID 5 FLAGS () INTERNALDATE NIL BODY[] {1}\r\n5)\r\n"
		six := "* 2 FETCH (UID 6 FLAGS () INTERNALDATE NIL BODY[] {1}\r\n6)\r\n"
		switch {
		case seen.Add(1) == 1:
			return "* 1 FETCH (UID 5 FLAGS () BODY[] NIL)\r\n" + six + "TAG OK\r\n", true
		case strings.HasPrefix(cmd, "UID FETCH 5 "):
			return five + "TAG OK\r\n", true
		}
		return six + "TAG OK\r\n", true
	}}
	w := loginFake(t, f)
	got := ""
	err := w.Read(t.Context(), "INBOX", 0, uidSet(5, 6), func(m *backfill.Message) error {
		b, err := io.ReadAll(m.Body)
		got += string(b)
		return err
	})
	if err != nil || got != "56" {
		t.Errorf("%q %v", got, err)
	}
}

func TestShortListing(t *testing.T) {
	w := loginFake(t, &fake{answer: func(cmd string) (string, bool) { return "TAG OK done\r\n", strings.HasPrefix(cmd, "UID FETCH") }})
	_, err := w.Scan(t.Context(), "INBOX", backfill.Scan{Flags: true}, func(backfill.Entry) error { return nil })
	if err == nil {
		t.Error("none of one message listed, and no error")
	}
}

func small(n int) []backfill.AppendItem {
	out := make([]backfill.AppendItem, n)
	for i := range out {
		out[i] = backfill.AppendItem{Size: 1, Date: time.Unix(0, 0).UTC(), Open: func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(string(rune('a' + i)))), nil
		}}
	}
	return out
}

// TestAppendCut: the server hangs up at the third message.
func TestAppendCut(t *testing.T) {
	var seen atomic.Int32
	f := &fake{answer: func(cmd string) (string, bool) {
		if !strings.HasPrefix(cmd, "APPEND") {
			return "", false
		}
		n := seen.Add(1)
		if n == 3 {
			return hangUp, true
		}
		return "TAG OK [APPENDUID 7 1" + string('0'+n) + "] x\r\n", true
	}}
	w := loginFake(t, f)
	res, err := w.Append(t.Context(), "INBOX", small(5))
	var e *backfill.Error
	if !errors.Is(err, backfill.ErrUncertain) || !errors.As(err, &e) || e.Scope != backfill.HostScope {
		t.Errorf("%v", err)
	}
	if len(res) != 2 || res[1].UID != 12 || res[1].UIDValidity != 7 {
		t.Errorf("%+v", res)
	}
	if n := seen.Load(); n != 3 {
		t.Errorf("%d APPENDs seen", n)
	}
}

// TestAppendUnselects: no mailbox is selected while many messages are appended; few are not worth the question, and a
// server that cannot, or will not, gets them all the same.
func TestAppendUnselects(t *testing.T) {
	for _, c := range []struct {
		caps, says string
		n          int
		asked      bool
	}{
		{" UNSELECT", "TAG OK x\r\n", 25, true},
		{" IMAP4rev2", "TAG OK x\r\n", 25, true},
		{" UNSELECT", "TAG BAD what\r\n", 25, true},
		{" UNSELECT", "TAG OK x\r\n", 2, false},
		{"", "", 25, false},
	} {
		var appended atomic.Int32
		var asked atomic.Bool
		f := &fake{caps: c.caps, answer: func(cmd string) (string, bool) {
			switch {
			case cmd == "UNSELECT":
				asked.Store(appended.Load() == 0)
				return c.says, true
			case strings.HasPrefix(cmd, "APPEND"):
				appended.Add(1)
				return "TAG OK [APPENDUID 7 1] x\r\n", true
			}
			return "", false
		}}
		d, err := imap.New(imap.Options{URL: "imap://" + startFake(t, f).Host(), PerAccount: 1})
		if err != nil {
			t.Fatal(err)
		}
		m, err := d.Login(t.Context(), "joe", "pw")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = m.Close() })
		w := m.(backfill.Writer)
		if _, err := w.Examine(t.Context(), "INBOX"); err != nil {
			t.Fatal(err)
		}
		if res, err := w.Append(t.Context(), "Sent", small(c.n)); err != nil || len(res) != c.n || int(appended.Load()) != c.n || asked.Load() != c.asked {
			t.Errorf("%+v: %d results, %d appended, asked %t: %v", c, len(res), appended.Load(), asked.Load(), err)
		}
		if _, err := w.Examine(t.Context(), "INBOX"); err != nil {
			t.Error(err)
		}
	}
}

// TestAppendGroupRefused: only the guilty message of a MULTIAPPEND is refused.
func TestAppendGroupRefused(t *testing.T) {
	f := &fake{caps: " MULTIAPPEND", answer: func(cmd string) (string, bool) {
		switch {
		case !strings.HasPrefix(cmd, "APPEND"):
			return "", false
		case strings.HasSuffix(cmd, "b") || strings.Count(cmd, "1970") > 1:
			return "TAG NO bad header\r\n", true
		}
		return "TAG OK [APPENDUID 0 3] x\r\n", true
	}}
	res, err := loginFake(t, f).Append(t.Context(), "INBOX", small(3))
	if err != nil || len(res) != 3 || res[0].Err != nil || res[1].Err == nil || res[2].Err != nil || res[0].UID != 0 {
		t.Errorf("%+v %v", res, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var groups, single int
	for _, cmd := range f.cmds {
		switch n := strings.Count(cmd, "1970"); {
		case !strings.HasPrefix(cmd, "APPEND"):
		case n > 1:
			groups++
		default:
			single++
		}
	}
	if groups == 0 || single < 3 {
		t.Errorf("%d MULTIAPPENDs were refused, %d messages came alone: %q", groups, single, f.cmds)
	}
}

func TestAppendOverQuota(t *testing.T) {
	f := &fake{answer: func(cmd string) (string, bool) {
		return "TAG NO [OVERQUOTA] full\r\n", strings.HasPrefix(cmd, "APPEND") && strings.HasSuffix(cmd, "c")
	}}
	res, err := loginFake(t, f).Append(t.Context(), "INBOX", small(3))
	var e *backfill.Error
	if !errors.As(err, &e) || e.Scope != backfill.AccountScope || e.Code != "OVERQUOTA" || len(res) != 3 || res[2].Err == nil {
		t.Errorf("%+v %v", res, err)
	}
}

// TestStaleConnection: connections that died in the pool fail nobody's call.
func TestStaleConnection(t *testing.T) {
	f := &fake{}
	w := loginFake(t, f)
	checkRead(t, w)
	f.cut()
	checkRead(t, w)
	f.cut()
	if _, err := w.Examine(t.Context(), "INBOX"); err != nil {
		t.Error(err)
	}
}

func TestBusyGreeting(t *testing.T) {
	f := &fake{greet: "* NO Server is busy\r\n"}
	d := startFake(t, f)
	for range 3 {
		_, err := d.Login(t.Context(), "joe", "pw")
		var e *backfill.Error
		if !errors.As(err, &e) || e.Scope != backfill.HostScope || e.Patience != backfill.Later {
			t.Errorf("%v", err)
		}
	}
	f.mu.Lock()
	n := len(f.conns)
	f.mu.Unlock()
	if n != 1 {
		t.Errorf("%d connections to a host that is known to be busy", n)
	}
	ctx, cancel := context.WithTimeout(backfill.WithBackground(t.Context()), 20*time.Millisecond)
	defer cancel()
	if _, err := d.Login(ctx, "joe", "pw"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("background work does not wait: %v", err)
	}
}

// TestForegroundHasRoom: background work leaves connections to those who wait.
func TestForegroundHasRoom(t *testing.T) {
	w := loginFake(t, &fake{})
	bg := backfill.WithBackground(t.Context())
	inside, leave := make(chan struct{}), make(chan struct{})
	done := make(chan error)
	for range 6 {
		go func() {
			done <- w.Read(bg, "INBOX", 0, uidSet(5), func(*backfill.Message) error { inside <- struct{}{}; <-leave; return nil })
		}()
	}
	<-inside
	<-inside
	select {
	case <-inside:
		t.Error("three of four connections work in the background")
	default:
	}
	checkRead(t, w)
	close(leave)
	for range 4 {
		<-inside
	}
	for range 6 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestURLs(t *testing.T) {
	pin := strings.Repeat("ab", 32)
	for url, ok := range map[string]bool{
		"imaps://mail.example.com": true, "imap://mail.example.com": true, "imap://127.0.0.1:1143?tls=off": true, "imap://[::1]?tls=off": true,
		"imaps://h?tls=skip-verify": true, "imaps://h?tls=pin:" + pin: true, "imap://h?tls=starttls": true,
		"imap://mail.example.com?tls=off": false, "imaps://h?tls=off": false, "imaps://h?tls=pin:12": false, "http://h": false, "mail.example.com": false,
		"imaps://": false, "imaps://joe:secret@h": false, "imaps://h/INBOX": false, "imaps://h?x=y": false, "": false, "imaps://h?tls=": false, "imaps://joe:secret@h:%zz": false,
	} {
		_, err := imap.New(imap.Options{URL: url})
		if (err == nil) != ok {
			t.Errorf("%s: %v", url, err)
		}
		if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: %v", url, err)
		}
	}
	d, err := imap.New(imap.Options{URL: "imaps://mail.example.com"})
	if err != nil || d.Host() != "mail.example.com:993" {
		t.Error(err)
	}
}
