// Command benchmove moves the same mailbox with Crossfade and with its peers and prints a table of how fast each was and
// what it cost. `make bench-move` runs it; it needs root, Debian 12 and the servers and clients of `make servers`.
//
// Two Dovecots in mdbox format hold the mail, on a file system in memory where there is one, so that no disk is
// measured. Between a tool and the source stands a relay that adds the round trip; at 0 ms there is none. The relay costs
// the machine something, too: to know what the round trip alone does to Crossfade, one row goes through it at 0 ms. Before
// each run the destination is emptied; after it every message must be there once, with its Message-ID, date, flags and size,
// or the row says what is not. For the largest mailboxes the comparison leaves nothing out either.
//
// What the columns mean:
//
//   - messages/s and MB/s: over the whole run. A peer's starts with its process. Crossfade is a server: its run starts
//     with the first login of a user it does not know, and ends when its status says that all is copied.
//   - from first: messages/s from the moment on when the first messages are being copied, for Crossfade alone
//   - CPU s: user and system time of the tool's own processes, for Crossfade that of the proxy during the run. doveadm
//     writes the destination's files itself; all others leave that to the destination's server.
//   - peak MB: the most memory its largest process had resident
//
// Where a size is tried "without MULTIAPPEND" the destination does not offer it.
package main
