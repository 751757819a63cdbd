package imap

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"crossfade/internal/mailsort"
)

// columnOf makes a column of n dates: twelve bytes each.
func columnOf(n int) mailsort.Column {
	uids, values := make([]uint32, n), make([]int64, n)
	for i := range uids {
		uids[i] = uint32(i + 1)
	}
	return new(mailsort.Numbers).With(uids, values)
}

// TestKeyCacheIsBounded: what is kept stays within its bytes, what was used last stays longest, and a column that is too
// large takes no room.
func TestKeyCacheIsBounded(t *testing.T) {
	k := newKeyCache()
	name := func(i int) columnName { return columnName{account: "a", folder: fmt.Sprint(i), uidValidity: 1} }
	const each = maxKept/(10*12) + 1 // nine fit
	for i := range 30 {
		k.put(name(i), columnOf(each))
		k.get(name(0))
		if k.kept > maxKept {
			t.Fatalf("%d bytes are kept", k.kept)
		}
	}
	var there []int
	for i := range 30 {
		if k.get(name(i)) != nil {
			there = append(there, i)
		}
	}
	if fmt.Sprint(there) != "[0 22 23 24 25 26 27 28 29]" {
		t.Fatalf("kept are %v", there)
	}
	k.put(name(29), columnOf(5))
	if n := len(k.get(name(29)).UIDs()); n != each {
		t.Fatalf("a column that knew %d messages knows %d", each, n)
	}
	k.put(name(1), columnOf(maxKept/12+1))
	if k.get(name(1)) != nil || k.get(name(0)) == nil {
		t.Fatal("a column that is too large is kept, or others are not")
	}
	if other := name(0); k.get(columnName{"b", other.folder, 1, 0}) != nil || k.get(columnName{"a", other.folder, 2, 0}) != nil {
		t.Fatal("one mailbox has the keys of another")
	}
}

// TestWorkingMemory: commands that are under way share what there is, and give it back.
func TestWorkingMemory(t *testing.T) {
	k := newKeyCache()
	if err := k.hold(0, maxWorking+1); !errors.Is(err, errTooLarge) {
		t.Fatal(err)
	}
	if err := k.hold(0, maxWorking/2+1); err != nil {
		t.Fatal(err)
	}
	if err := k.hold(0, maxWorking/2); !errors.Is(err, errTooMany) {
		t.Fatal(err)
	}
	k.release(maxWorking/2 + 1)
	if err := k.hold(0, maxWorking); err != nil {
		t.Fatal(err)
	}
	k.release(maxWorking)
	if k.working != 0 {
		t.Fatalf("%d bytes are held", k.working)
	}
}

// TestKeysAreAskedOnce: headers are asked once for each message, for new mail alone afterwards, and not again when the
// first try failed half way; and no command keeps memory.
func TestKeysAreAskedOnce(t *testing.T) {
	a := standard()
	f := a.boxes["INBOX"]
	for i := range 2*chunk - 1 {
		f.add(fmt.Sprintf("Subject: %d\r\n\r\n", i%100), "", day2)
	}
	srv := New(Options{Login: a.login, Logger: slog.New(slog.DiscardHandler)})
	addr, stop := serveStoppable(t, a, srv, false)
	t.Cleanup(stop)
	k := client(t, addr, true)
	asked := func(want ...string) {
		t.Helper()
		a.mu.Lock()
		defer a.mu.Unlock()
		if fmt.Sprint(a.fetched) != fmt.Sprint(want) {
			t.Fatalf("asked %q, want %q", a.fetched, want)
		}
		a.fetched = nil
	}
	subject := "BODY.PEEK[HEADER.FIELDS (SUBJECT)]"
	k.send("a SORT (SUBJECT) UTF-8 2:3\r\n")
	k.until("a")
	asked(subject)
	a.mu.Lock()
	a.failAfter = chunk + 1
	a.mu.Unlock()
	k.send("b SORT (SUBJECT) UTF-8 ALL\r\n")
	if said := k.until("b"); len(said) != 1 || said[0][:4] != "b NO" {
		t.Fatalf("%q", said)
	}
	asked(subject, subject)
	k.send("c SORT (SUBJECT) UTF-8 ALL\r\n")
	k.until("c")
	asked(subject)
	k.send("d SORT (SUBJECT) UTF-8 ALL\r\n")
	k.until("d")
	asked()
	if err := event(a, []string{"deliver"}); err != nil {
		t.Fatal(err)
	}
	k.send("e NOOP\r\nf THREAD REFERENCES UTF-8 *\r\n")
	k.until("f")
	asked("BODY.PEEK[HEADER.FIELDS (DATE SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES)]")
	for _, tag := range []string{"g", "h"} {
		if err := event(a, []string{"unknown", "2"}); err != nil {
			t.Fatal(err)
		}
		k.send(tag + " SORT (ARRIVAL SIZE) UTF-8 ALL\r\n")
		k.until(tag)
		if tag == "g" {
			asked("RFC822.SIZE", "INTERNALDATE")
		}
		asked()
	}
	srv.keys.mu.Lock()
	defer srv.keys.mu.Unlock()
	if srv.keys.working != 0 || srv.keys.kept == 0 {
		t.Fatalf("%d bytes are held, %d kept", srv.keys.working, srv.keys.kept)
	}
}
