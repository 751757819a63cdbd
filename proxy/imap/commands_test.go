package imap

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// rfcCommand is one command of RFC 3501 or RFC 9051, section 6, or of RFC 5256.
type rfcCommand struct {
	where state  // where the RFC allows it
	form  string // a command that the RFC's grammar allows
}

// rfcCommands are all of them by section and name, as the headings of testdata/commands have it.
var rfcCommands = map[string]map[string]rfcCommand{
	"rfc3501.txt": {
		"6.1.1 CAPABILITY":   {where: anywhere, form: "CAPABILITY"},
		"6.1.2 NOOP":         {where: anywhere, form: "NOOP"},
		"6.1.3 LOGOUT":       {where: anywhere, form: "LOGOUT"},
		"6.2.1 STARTTLS":     {where: notLoggedIn, form: "STARTTLS"},
		"6.2.2 AUTHENTICATE": {where: notLoggedIn, form: "AUTHENTICATE PLAIN AGFsaWNlAHB3"},
		"6.2.3 LOGIN":        {where: notLoggedIn, form: "LOGIN alice pw"},
		"6.3.1 SELECT":       {where: inside, form: "SELECT INBOX"},
		"6.3.2 EXAMINE":      {where: inside, form: "EXAMINE INBOX"},
		"6.3.3 CREATE":       {where: inside, form: "CREATE new"},
		"6.3.4 DELETE":       {where: inside, form: "DELETE Sent"},
		"6.3.5 RENAME":       {where: inside, form: "RENAME Sent Gone"},
		"6.3.6 SUBSCRIBE":    {where: inside, form: "SUBSCRIBE INBOX"},
		"6.3.7 UNSUBSCRIBE":  {where: inside, form: "UNSUBSCRIBE INBOX"},
		"6.3.8 LIST":         {where: inside, form: `LIST "" "*"`},
		"6.3.9 LSUB":         {where: inside, form: `LSUB "" "*"`},
		"6.3.10 STATUS":      {where: inside, form: "STATUS INBOX (MESSAGES)"},
		"6.3.11 APPEND":      {where: inside, form: "APPEND INBOX {2+}\r\nok"},
		"6.4.1 CHECK":        {where: selected, form: "CHECK"},
		"6.4.2 CLOSE":        {where: selected, form: "CLOSE"},
		"6.4.3 EXPUNGE":      {where: selected, form: "EXPUNGE"},
		"6.4.4 SEARCH":       {where: selected, form: "SEARCH ALL"},
		"6.4.5 FETCH":        {where: selected, form: "FETCH 1 FLAGS"},
		"6.4.6 STORE":        {where: selected, form: `STORE 1 FLAGS (\Seen)`},
		"6.4.7 COPY":         {where: selected, form: "COPY 1 Sent"},
		"6.4.8 UID":          {where: selected, form: "UID FETCH 1 FLAGS"},
		"6.5.1 X":            {form: "XPIG-LATIN"},
	},
	"rfc9051.txt": {
		"6.1.1 CAPABILITY":   {where: anywhere, form: "CAPABILITY"},
		"6.1.2 NOOP":         {where: anywhere, form: "NOOP"},
		"6.1.3 LOGOUT":       {where: anywhere, form: "LOGOUT"},
		"6.2.1 STARTTLS":     {where: notLoggedIn, form: "STARTTLS"},
		"6.2.2 AUTHENTICATE": {where: notLoggedIn, form: "AUTHENTICATE PLAIN AGFsaWNlAHB3"},
		"6.2.3 LOGIN":        {where: notLoggedIn, form: "LOGIN alice pw"},
		"6.3.1 ENABLE":       {where: inside, form: "ENABLE CONDSTORE"},
		"6.3.2 SELECT":       {where: inside, form: "SELECT INBOX"},
		"6.3.3 EXAMINE":      {where: inside, form: "EXAMINE INBOX"},
		"6.3.4 CREATE":       {where: inside, form: "CREATE new"},
		"6.3.5 DELETE":       {where: inside, form: "DELETE Sent"},
		"6.3.6 RENAME":       {where: inside, form: "RENAME Sent Gone"},
		"6.3.7 SUBSCRIBE":    {where: inside, form: "SUBSCRIBE INBOX"},
		"6.3.8 UNSUBSCRIBE":  {where: inside, form: "UNSUBSCRIBE INBOX"},
		"6.3.9 LIST":         {where: inside, form: `LIST () "" ("*") RETURN (CHILDREN)`},
		"6.3.10 NAMESPACE":   {where: inside, form: "NAMESPACE"},
		"6.3.11 STATUS":      {where: inside, form: "STATUS INBOX (SIZE)"},
		"6.3.12 APPEND":      {where: inside, form: "APPEND INBOX () {2+}\r\nok"},
		"6.3.13 IDLE":        {where: inside, form: "IDLE\r\nDONE"},
		"6.4.1 CLOSE":        {where: selected, form: "CLOSE"},
		"6.4.2 UNSELECT":     {where: selected, form: "UNSELECT"},
		"6.4.3 EXPUNGE":      {where: selected, form: "EXPUNGE"},
		"6.4.4 SEARCH":       {where: selected, form: "SEARCH RETURN () ALL"},
		"6.4.5 FETCH":        {where: selected, form: "FETCH 1:* (FLAGS)"},
		"6.4.6 STORE":        {where: selected, form: `STORE 1 +FLAGS.SILENT (\Seen)`},
		"6.4.7 COPY":         {where: selected, form: "COPY 1 Sent"},
		"6.4.8 MOVE":         {where: selected, form: "MOVE 1 Sent"},
		"6.4.9 UID":          {where: selected, form: "UID EXPUNGE 1:*"},
		"6.5 X":              {form: "XPIG-LATIN"},
	},
	"rfc5256.txt": {
		"3 SORT":   {where: selected, form: "SORT (SUBJECT) UTF-8 ALL"},
		"4 THREAD": {where: selected, form: "THREAD REFERENCES UTF-8 ALL"},
	},
}

var stateNames = map[state]string{notLoggedIn: "not authenticated", loggedIn: "authenticated", selected: "selected"}

// at is a client in a state.
func at(t testing.TB, addr string, s state) *talker {
	t.Helper()
	if s == notLoggedIn {
		k := dial(t, addr)
		k.line()
		return k
	}
	return client(t, addr, s == selected)
}

// TestRFCExamples plays the examples of RFC 3501, RFC 9051 and RFC 5256: every command of their tables has some.
func TestRFCExamples(t *testing.T) {
	for file, table := range rfcCommands {
		script, err := os.ReadFile("testdata/commands/" + file)
		if err != nil {
			t.Fatal(err)
		}
		sections := strings.Split("\n"+string(script), "\n== ")[1:]
		played := map[string]bool{}
		for _, s := range sections {
			heading, lines, _ := strings.Cut(s, "\n")
			command, where, _ := strings.Cut(heading, ", ")
			played[command] = true
			t.Run(strings.TrimSuffix(file, ".txt")+" "+command, func(t *testing.T) {
				if _, ok := table[command]; !ok {
					t.Fatal("the table does not have it")
				}
				playSection(t, where, lines)
			})
		}
		for command := range table {
			if !played[command] {
				t.Errorf("%s: there is no example of %s", file, command)
			}
		}
	}
}

func playSection(t *testing.T, where, lines string) {
	a := standard()
	for s, name := range stateNames {
		if name == where {
			k := at(t, start(t, a, nil), s)
			for i, l := range strings.Split(lines, "\n") {
				k.where = fmt.Sprintf("line %d of the section: ", i+1)
				k.perform(a, l)
			}
			return
		}
	}
	t.Fatalf("there is no state %q", where)
}

// TestCommandStates tries each command in each state: where the RFC does not allow it, it is a BAD that changes nothing,
// and elsewhere it is none.
func TestCommandStates(t *testing.T) {
	for file, table := range rfcCommands {
		for command, c := range table {
			for s, name := range stateNames {
				t.Run(strings.TrimSuffix(file, ".txt")+" "+command+" "+name, func(t *testing.T) {
					a := standard()
					k := at(t, start(t, a, func(o *Options) { o.TLS = testTLS(t) }), s)
					k.send("t " + c.form + "\r\n")
					lines := k.until("t")
					last := lines[len(lines)-1]
					if bad := strings.HasPrefix(last, "t BAD "); bad != (s&c.where == 0) {
						t.Fatalf("answered %q", lines)
					} else if bad && len(lines) > 1 {
						t.Fatalf("something was done: %q", lines)
					}
				})
			}
		}
	}
}

// TestCommandsAreInATable: what can be sent and is in none of the RFCs is told of here.
func TestCommandsAreInATable(t *testing.T) {
	known := map[string]bool{
		"ID":       true,                                         // RFC 2971
		"GETQUOTA": true, "GETQUOTAROOT": true, "SETQUOTA": true, // RFC 2087
	}
	for _, table := range rfcCommands {
		for command := range table {
			_, name, _ := strings.Cut(command, " ")
			known[name] = true
		}
	}
	for name := range verbs {
		if !known[name] {
			t.Errorf("%s is in no table", name)
		}
	}
}
