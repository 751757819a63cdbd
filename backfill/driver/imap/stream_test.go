package imap_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"crossfade/backfill"
)

// TestNumberBehindTheBody: a UID may come after a body too large to be held in memory (RFC 3501 7.4.2).
func TestNumberBehindTheBody(t *testing.T) {
	for _, size := range []int{1, 1 << 20, 3 << 20} {
		body := strings.Repeat("z", size)
		wire := fmt.Sprintf("* 1 FETCH (BODY[] {%d}\r\n%s FLAGS (\\Seen) INTERNALDATE \"01-Jan-2020 00:00:00 +0000\" UID 5)\r\nTAG OK\r\n", size, body)
		f := &fake{answer: func(cmd string) (string, bool) { return wire, strings.HasPrefix(cmd, "UID FETCH") }}
		w := loginFake(t, f)
		n := 0
		err := w.Read(t.Context(), "INBOX", 0, uidSet(5), func(m *backfill.Message) error {
			n++
			b, err := io.ReadAll(m.Body)
			if string(b) != body || m.Size != int64(size) || m.Flags != `\Seen` || m.UID != 5 {
				t.Errorf("%d bytes of %d, %+v", len(b), size, m.Flags)
			}
			return err
		})
		if err != nil || n != 1 {
			t.Errorf("%d: %d %v", size, n, err)
		}
		var got int64
		err = w.FetchRaw(t.Context(), "INBOX", backfill.RawFetch{UIDs: uidSet(5), Items: []string{"BODY.PEEK[]"}}, func(it *backfill.RawItem) error {
			att, err := it.Next()
			if err != nil {
				return err
			}
			got, err = io.Copy(io.Discard, att.Literal)
			return err
		})
		if err != nil || got != int64(size) {
			t.Errorf("raw: %d of %d, %v", got, size, err)
		}
	}
}

// TestCutBody: a body that is cut is an error for its reader and for the call, never a short message.
func TestCutBody(t *testing.T) {
	f := &fake{}
	f.answer = func(cmd string) (string, bool) {
		if strings.HasPrefix(cmd, "NOOP") {
			return hangUp, true
		}
		return "* 1 FETCH (UID 5 FLAGS () INTERNALDATE NIL BODY[] {100}\r\nhello", strings.HasPrefix(cmd, "UID FETCH")
	}
	w := loginFake(t, f)
	err := w.Read(t.Context(), "INBOX", 0, uidSet(5), func(m *backfill.Message) error {
		b := make([]byte, 5)
		if _, err := io.ReadFull(m.Body, b); err != nil {
			return err
		}
		f.cut()
		_, err := io.ReadAll(m.Body)
		if err == nil {
			t.Error("the reader was told nothing")
		}
		return nil // even where the caller overlooks it
	})
	var e *backfill.Error
	if !errors.As(err, &e) || e.Scope != backfill.HostScope {
		t.Errorf("%v", err)
	}
}

// TestNestedLiterals: values with literals inside are passed on as they came.
func TestNestedLiterals(t *testing.T) {
	env := "(NIL {5}\r\na)b\"c ((\"x\" NIL {2}\r\n(( \"d\")) NIL)"
	f := &fake{answer: func(cmd string) (string, bool) {
		return "* 1 FETCH (UID 5 ENVELOPE " + env + " X-MORE 1 RFC822.SIZE 9)\r\nTAG OK\r\n", strings.HasPrefix(cmd, "UID FETCH")
	}}
	got := map[string]string{}
	err := loginFake(t, f).FetchRaw(t.Context(), "INBOX", backfill.RawFetch{UIDs: uidSet(5), Items: []string{"ENVELOPE", "RFC822.SIZE"}}, func(it *backfill.RawItem) error {
		for {
			att, err := it.Next()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			got[att.Name] = string(att.Value)
		}
	})
	if err != nil || len(got) != 2 || got["ENVELOPE"] != env || got["RFC822.SIZE"] != "9" {
		t.Errorf("%q %v", got, err)
	}
}

// TestOutOfOrder: nothing is skipped and nothing told out of order when a server answers as it likes; the next
// call asks one by one.
func TestOutOfOrder(t *testing.T) {
	one := func(uid string) string {
		return "* 1 FETCH (UID " + uid + " FLAGS () INTERNALDATE NIL RFC822.SIZE 1 BODY[] {1}\r\nx)\r\n"
	}
	f := &fake{answer: func(cmd string) (string, bool) {
		switch {
		case strings.HasPrefix(cmd, "UID FETCH 5:6 "):
			return one("6") + one("5") + "TAG OK\r\n", true
		case strings.HasPrefix(cmd, "UID FETCH 5 "):
			return one("5") + "TAG OK\r\n", true
		case strings.HasPrefix(cmd, "UID FETCH 6 "):
			return one("6") + "TAG OK\r\n", true
		}
		return "", false
	}}
	w := loginFake(t, f)
	if err := w.Read(t.Context(), "INBOX", 0, uidSet(5, 6), func(*backfill.Message) error { return nil }); err == nil {
		t.Error("message 5 was skipped without a word")
	}
	var got []uint32
	err := w.Read(t.Context(), "INBOX", 0, uidSet(5, 6), func(m *backfill.Message) error { got = append(got, m.UID); return nil })
	if err != nil || len(got) != 2 || got[0] != 5 {
		t.Errorf("%v %v", got, err)
	}
}

// TestRefusedLiteral: NO where leave to send a literal was due leaves the connection usable.
func TestRefusedLiteral(t *testing.T) {
	old := "* OK [CAPABILITY IMAP4rev1] ready\r\n" // without LITERAL+
	for verb, call := range map[string]func(backfill.Writer) error{
		"CREATE": func(w backfill.Writer) error { return w.Create(t.Context(), "caf\xe9") },
		"APPEND": func(w backfill.Writer) error {
			res, err := w.Append(t.Context(), "INBOX", small(2))
			if err != nil || len(res) != 2 {
				t.Errorf("%+v %v", res, err)
				return err
			}
			return res[1].Err
		},
		"UID SEARCH": func(w backfill.Writer) error {
			_, err := w.Search(t.Context(), "INBOX", 0, backfill.SearchKey{Text: []string{"BODY "}, Literals: [][]byte{[]byte("x")}})
			return err
		},
	} {
		f := &fake{greet: old, refuse: verb}
		w := loginFake(t, f)
		var e *backfill.Error
		if err := call(w); !errors.As(err, &e) || e.Code != "TOOBIG" {
			t.Errorf("%s: %v", verb, err)
		}
		checkRead(t, w)
		if n := f.logins(); n != 1 {
			t.Errorf("%s cost the connection", verb)
		}
	}
}
