// Package imap is the IMAP server that clients talk to (RFC 3501 and the extensions in capability.go). Each
// command has a file of its own, named after it.
//
// # The way of a command
//
// server.go accepts, conn.go reads one command at a time as bytes, command.go finds its handler and words the
// tagged answer, the handler asks the proxy.Session or proxy.Mailbox. After a command in a selected mailbox
// update.go tells what else has changed, as far as the command allows it (RFC 3501 7.4.1).
//
// A login whose session has a pipe ends that: the client is handed over to the destination (splice.go), what it sent
// behind its login first (handover.go), and bytes go both ways from then on (flow.go).
//
// # Rules
//
//   - Only sequence numbers, UIDs, FLAGS, and known sizes and dates are written by us. Every other FETCH answer is
//     passed on as the bytes a server sent, but for BINARY, whose parts are decoded here (RFC 3516).
//   - A body that was announced and is cut upstream closes the client's connection. Nothing is ever padded,
//     and a message that cannot be had is a tagged NO, never an empty or NIL body: clients keep what they see.
//   - Bytes of a literal are never run as a command, whatever went wrong before.
//   - What a client sends in odd form (case, blanks, 8-bit names, missing parentheses) is understood if it can
//     be; else it costs a BAD, never the connection.
//   - Before login only what every server has is offered, so that a client carries nothing over.
//   - Nothing is said to a spliced client but a BYE between two answers, and no literal that its server would take
//     for commands is passed on before it can have heard what its server offers.
//   - Every wait has an end: reads and writes have deadlines, commands stop when the client has gone.
//
// # Recent
//
// A message is \Recent for the first session that has the mailbox selected, not examined, and is told of it (RFC 3501
// 2.3.2): the engine keeps, for each folder and in memory only, up to which UID sessions were told, and a view what it was
// the first to tell. Neither server is asked for it, and nothing is stored: \Recent in STORE and APPEND is dropped. A
// mailbox that is met begins without recent messages, and so does one that has settled; after a restart those are recent
// that have come since it ended.
//
// # What is not offered, and why
//
//   - IMAP4rev2, CONDSTORE and QRESYNC: see capability.go for what is.
//
// # SORT and THREAD
//
// Two servers' orders cannot be merged, so messages are put in order here (package internal/mailsort, sort.go, thread.go), by
// keys from the state and from headers, which for each message the server is asked for that answers for it, some thousands at
// a time (keying.go, keyingask.go). A message is immutable under its UID, so keys are kept for all connections and never
// go stale (keycache.go); only new mail is asked about the next time. What is kept, and what commands hold that are under
// way, is bounded in bytes. A message whose header cannot be had makes the command fail: a client takes the list
// for the mailbox.
//
// # Words
//
//   - link: the network connection with one byte of look-ahead, which tells that a client has gone or has
//     more to say while a command runs.
//   - plan: what a FETCH asks for, split into what the state answers and what the servers are asked.
//   - leaf: a SEARCH key that only the servers can answer.
//   - key: what a message is sorted by; column: one key of many messages of a folder.
//   - saved: the result of a SEARCH that $ stands for (RFC 5182), as runs of the view.
//   - told: messages whose flags the client knows already.
package imap
