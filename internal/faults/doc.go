// Package faults is one IMAP server and one relay with every fault that a migration meets, on purpose. Only tests
// import it.
//
// # Server
//
// A Server keeps accounts, mailboxes and messages in memory and speaks IMAP4rev1 with the usual extensions, well enough
// for this product's driver, for go-imap's client and for Python's imaplib. With the zero Quirks it is a good server:
// what is appended is kept byte by byte, with its flags, keywords and date. Each quirk makes it lie or fail in one way.
// A Rule fails one command: the nth APPEND, the one of a certain message, the first three logins.
//
//	s := faults.Start(t, faults.Quirks{Without: []string{"UIDPLUS"}, Refuse: faults.OneIn(200, "NO this one I do not like")})
//	joe := s.Account("joe", "secret")
//	joe.Add("INBOX", faults.Message{Body: []byte("Subject: a\r\n\r\nb\r\n")})
//	s.Script(faults.Rule{On: "APPEND", Nth: 3, Cut: faults.CutAfter})
//
// What a mailbox holds in truth is told by Account.Messages and Account.Mailboxes, past the wire and past all quirks.
//
// # Relay
//
// A Relay stands in front of any server, also a real one, and cuts, delays, stops, or changes what passes: at a byte of
// one direction, at random, by line. It never needs the server's help.
//
// # Where things are
//
// One file for each group of commands (append.go, fetch.go, list.go ...), quirks.go with all switches, rules.go with
// the script, state.go with what is kept, conn.go with one connection.
package faults
