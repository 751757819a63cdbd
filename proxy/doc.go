// Package proxy is what clients talk to, as far as no protocol is involved: the contract with the engine, the
// frozen numbering that a client sees, and the doors (listeners, TLS, limits, failed logins). The protocols
// themselves are in its subpackages.
//
// # Words
//
//   - Session: one logged-in client of one account, as the engine sees it.
//   - Mailbox: one folder that a session has selected. All numbers in it are UIDs as clients know them.
//   - View: the sequence numbers one client has been told. They change only when the client is told.
//   - Gate: the limits around a listener, and its end: no connection outlives the gate's Serve.
//   - Seats: how many clients of one account may be logged in.
//   - Attempts: how failed logins are slowed down.
//
// # Rules
//
// A view never asks a server. It compares what the client was told with what the folder holds now and says the
// least that makes both equal. Messages that vanished keep their number until the protocol lets the client be
// told (RFC 3501 7.4.1); as long as such a message is in the view, new messages are not announced either, so
// that the view is always one ascending list of UIDs, shared with all other views of the folder.
//
// A UID that comes in below the highest one a client has been told cannot be announced (RFC 3501 2.3.1.1: UIDs
// ascend). Such a message stays hidden from that view until the client selects the folder again.
//
// Nothing here holds a mutex while a peer is waited for.
package proxy
