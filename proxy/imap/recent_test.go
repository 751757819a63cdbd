package imap

import (
	"strings"
	"testing"
)

// says sends a command and compares what is answered, the tagged line as far as its status.
func (k *talker) says(command string, want ...string) {
	k.t.Helper()
	k.send("r " + command + "\r\n")
	lines := k.until("r")
	for i, l := range lines {
		if strings.HasPrefix(l, "r OK ") {
			lines[i] = "OK"
		}
	}
	if got := strings.Join(lines, "\n"); got != strings.Join(append(want, "OK"), "\n") {
		k.t.Fatalf("%s was answered\n%s", command, got)
	}
}

// recents is the number that SELECT or EXAMINE tell.
func (k *talker) recents(command string) string {
	k.t.Helper()
	k.send("s " + command + "\r\n")
	for _, l := range k.until("s") {
		if n, ok := strings.CutSuffix(l, " RECENT"); ok {
			return strings.TrimPrefix(n, "* ")
		}
	}
	return ""
}

// TestRecentBelongsToOneSession: of several sessions the first that is told of a message has it as \Recent, and what
// EXAMINE and STATUS tell takes nothing from it (RFC 3501 2.3.2, 6.3.2).
func TestRecentBelongsToOneSession(t *testing.T) {
	a := standard()
	addr := start(t, a, nil)
	deliver := func() {
		if err := event(a, []string{"deliver"}); err != nil {
			t.Fatal(err)
		}
	}
	first, second, looks := client(t, addr, false), client(t, addr, false), client(t, addr, false)

	if n := looks.recents("EXAMINE INBOX"); n != "0" {
		t.Fatalf("%s messages are recent in a mailbox that was just met", n)
	}
	looks.says("UNSELECT")
	deliver()
	looks.says("STATUS INBOX (RECENT)", "* STATUS INBOX (RECENT 1)")
	if n := looks.recents("EXAMINE INBOX"); n != "1" {
		t.Fatalf("EXAMINE tells %s", n)
	}
	looks.says("FETCH 3:4 FLAGS", `* 3 FETCH (FLAGS ($Work \Deleted))`, `* 4 FETCH (FLAGS (\Recent))`)
	if n := first.recents("SELECT INBOX"); n != "1" {
		t.Fatalf("SELECT tells %s after an EXAMINE", n)
	}
	if n := second.recents("SELECT INBOX"); n != "0" {
		t.Fatalf("a second SELECT tells %s", n)
	}
	looks.says("STATUS INBOX (RECENT)", "* STATUS INBOX (RECENT 0)")
	second.says("FETCH 4 FLAGS", `* 4 FETCH (FLAGS ())`)

	// What comes while both have it selected belongs to whoever is told first.
	deliver()
	second.says("NOOP", "* 5 EXISTS", "* 1 RECENT")
	first.says("NOOP", "* 5 EXISTS", "* 1 RECENT")
	first.says("FETCH 4:5 FLAGS", `* 4 FETCH (FLAGS (\Recent))`, `* 5 FETCH (FLAGS ())`)
	second.says("FETCH 4:5 (UID FLAGS)", `* 4 FETCH (UID 5 FLAGS ())`, `* 5 FETCH (UID 6 FLAGS (\Recent))`)

	// It is \Recent wherever flags are told, and in SEARCH.
	first.says(`STORE 4 +FLAGS (\Flagged)`, `* 4 FETCH (FLAGS (\Flagged \Recent))`)
	second.says("NOOP", `* 4 FETCH (UID 5 FLAGS (\Flagged))`)
	second.says(`STORE 5 FLAGS (\Seen)`, `* 5 FETCH (FLAGS (\Seen \Recent))`)
	first.says("NOOP", `* 5 FETCH (UID 6 FLAGS (\Seen))`)
	first.says("SEARCH RECENT", "* SEARCH 4")
	first.says("UID SEARCH NEW", "* SEARCH 5")
	first.says("SEARCH OLD", "* SEARCH 1 2 3 5")
	second.says("SEARCH RECENT", "* SEARCH 5")
	second.says("SEARCH NEW", "* SEARCH")
	second.says("SEARCH NOT RECENT", "* SEARCH 1 2 3 4")

	// Nobody can set it or take it away, and it ends with the session.
	first.says(`STORE 1 +FLAGS (\Recent)`, `* 1 FETCH (FLAGS ())`)
	first.says(`STORE 4 -FLAGS (\Recent)`, `* 4 FETCH (FLAGS (\Flagged \Recent))`)
	first.says(`STORE 4 +FLAGS.SILENT (\Deleted)`)
	first.says("EXPUNGE", "* 4 EXPUNGE", "* 3 EXPUNGE")
	first.says("SEARCH RECENT", "* SEARCH")
	if n := second.recents("SELECT INBOX"); n != "0" {
		t.Fatalf("%s messages are recent again", n)
	}
	for _, m := range a.boxes["INBOX"].msgs {
		if m.Flags.Has(`\Recent`) {
			t.Fatalf("%d was stored as recent", m.UID)
		}
	}
}
