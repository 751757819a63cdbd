package imap

import (
	"slices"
	"strings"
	"testing"
)

// TestEveryCapabilityWorks uses each extension that is offered; one that is offered and not listed here fails.
func TestEveryCapabilityWorks(t *testing.T) {
	probes := map[string]struct{ command, answer string }{
		"IMAP4rev1":             {"a CHECK", "a OK CHECK completed"},
		"LITERAL+":              {"a STATUS {5+}\r\nINBOX (MESSAGES)", "* STATUS INBOX (MESSAGES 3)"},
		"IDLE":                  {"a IDLE\r\nDONE", "+ idling"},
		"NAMESPACE":             {"a NAMESPACE", `* NAMESPACE (("" "/")) NIL NIL`},
		"UIDPLUS":               {"a UID COPY 1:2 Sent", "a OK [COPYUID 7 1:2 1:2] UID COPY completed"},
		"MOVE":                  {"a UID MOVE 4 Sent", "* OK [COPYUID 7 4 1] Moved"},
		"UNSELECT":              {"a UNSELECT", "a OK UNSELECT completed"},
		"ENABLE":                {"a ENABLE X", "* ENABLED"},
		"ESEARCH":               {"a UID SEARCH RETURN (COUNT) ALL", `* ESEARCH (TAG "a") UID COUNT 3`},
		"LIST-EXTENDED":         {`a LIST (SUBSCRIBED) "" (x I*)`, `* LIST (\HasNoChildren \Subscribed) "/" INBOX`},
		"LIST-STATUS":           {`a LIST "" I* RETURN (STATUS (UNSEEN))`, "* STATUS INBOX (UNSEEN 2)"},
		"CREATE-SPECIAL-USE":    {`a CREATE Bin (USE (\Trash))`, "a OK CREATE completed"},
		"SPECIAL-USE":           {`a LIST (SPECIAL-USE) "" *`, `* LIST (\Sent \HasNoChildren) "/" Sent`},
		"CHILDREN":              {`a LIST "" INBOX`, `* LIST (\HasNoChildren) "/" INBOX`},
		"STATUS=SIZE":           {"a STATUS INBOX (SIZE)", "* STATUS INBOX (SIZE 93)"},
		"BINARY":                {"a FETCH 1 BINARY.SIZE[1]", "* 1 FETCH (BINARY.SIZE[1] 7)"},
		"MULTIAPPEND":           {"a APPEND Sent {2+}\r\nxy (\\Seen) {1+}\r\nz", "a OK [APPENDUID 7 1:2] APPEND completed"},
		"SEARCHRES":             {"a SEARCH RETURN (SAVE COUNT) DELETED", `* ESEARCH (TAG "a") COUNT 1`},
		"QUOTA":                 {"a GETQUOTAROOT INBOX", "* QUOTAROOT INBOX"},
		"SORT":                  {"a SORT (REVERSE SUBJECT) UTF-8 ALL", "* SORT 2 1 3"},
		"SORT=DISPLAY":          {"a SORT (REVERSE DISPLAYFROM) UTF-8 ALL", "* SORT 2 1 3"},
		"ESORT":                 {"a SORT RETURN (ALL) (REVERSE SUBJECT) UTF-8 ALL", `* ESEARCH (TAG "a") ALL 2,1,3`},
		"THREAD=ORDEREDSUBJECT": {"a THREAD ORDEREDSUBJECT UTF-8 ALL", "* THREAD (1)(2)(3)"},
		"THREAD=REFERENCES":     {"a UID THREAD REFERENCES UTF-8 ALL", "* THREAD (1)(2)(4)"},
		"ID":                    {"a ID NIL", `* ID ("name" "Crossfade")`},
	}
	offered := strings.Fields(blended)
	if len(offered) != len(probes) {
		t.Errorf("%d are offered, %d are tested", len(offered), len(probes))
	}
	for _, name := range offered {
		t.Run(name, func(t *testing.T) {
			p, ok := probes[name]
			if !ok {
				t.Fatal("offered and not tested")
			}
			lines := client(t, start(t, standard(), nil), true).ask(p.command)
			if !slices.Contains(lines, p.answer) || !strings.HasPrefix(lines[len(lines)-1], "a OK") {
				t.Fatalf("answered %q", lines)
			}
		})
	}
}
