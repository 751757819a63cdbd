// Package imap is the driver for IMAP servers (RFC 3501 and up), source or destination.
//
// Words:
//
//   - A connection is logged in for one account and may have one mailbox selected.
//   - The pool holds every connection to one host. It knows two kinds of callers: people who wait, and background
//     work (backfill.WithBackground), which never gets more than half.
//   - The pace (backfill/pace) is the one memory of how the host does: its refusals, its pauses, how many connections
//     it bears. The pool asks it before a connection is opened, and tells it what every refusal meant.
//   - A bar keeps an account from trying a password again that the server no longer takes.
//   - A pipe is a logged-in connection that is handed over (pipe.go). It is a client's: the pool does not know it.
//   - News is what a server tells unasked about the selected mailbox. It sticks to the connection until Poll has told it.
//   - An odd answer is one that can be framed but makes no sense. It is counted, never obeyed, and never costs
//     the connection; the message it belonged to is asked for once more.
//
// Rules:
//
//   - Reading uses EXAMINE and BODY.PEEK only. (Courier forgets UIDVALIDITY under EXAMINE: courier.go.)
//   - A literal never stands in memory as a whole beyond 1 MiB; what must wait for its UID goes to a temporary file.
//   - A body that is NIL, missing or empty against its RFC822.SIZE is an error, never an empty message.
//   - A client is not kept waiting for a host that says nothing to anybody: silence.go has the table of who waits how long.
//   - Every wait has a deadline and ends with its context; a command that was interrupted ends its connection.
//   - A command is sent again on a new connection only if the old one broke before any answer and doing it twice
//     does no harm. What may have been done is backfill.ErrUncertain.
//   - A callback holds its connection. It may call other accounts, but in the background not its own account:
//     all connections might be held by others that do the same.
//   - A far server's line is deflated if it offers that (COMPRESS, RFC 4978); in one house it is left alone.
//   - Passwords travel over TLS, or to loopback, or where AllowPlain says so.
package imap
