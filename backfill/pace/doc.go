// Package pace is the policy of how fast the backfill may go on one host: pure arithmetic over time, no I/O.
//
// # Words
//
//   - host: one mail server, shared by all accounts on it. One Host value is the only back-off there is for it.
//   - limits: what the admin allows (connections, messages a second, bytes a second, quiet hours)
//   - found: what the server itself allows, learned from its refusals
//   - note: what an answer, or none, says about the host: Well, Throttled, Busy, Crowded, Down
//   - pause: the host is left alone for a while, longer each time nothing helped, with jitter
//   - trial: some seconds at one rate; a rate is safe when it went through a trial without a refusal
//   - quiet hours: background work rests, or slows to a share
//
// # Who asks what
//
// The engine asks Admit before it reads from or writes to a host in the background, where it holds no claim and no
// connection, and tells Moved what arrived. The driver asks Knock before it opens a connection and Connections how
// many there may be, and tells Note what the server answered. Clients' work never asks Admit; it is only announced
// with Client, so that the backfill can step aside.
//
// A decorator around the driver was tried on paper and dropped: it would wait inside an APPEND while the engine
// holds the folder for it, so that a client's own APPEND would queue behind background tokens.
//
// # Rules
//
//   - Clients first: no client's call waits for tokens, and the backfill steps aside while clients are many.
//   - A host that failed gets one knock at a time until it answers well: a thousand accounts do not come back at once.
//   - The limit is found from above by what was accepted, then by halving the gap; then it is kept, and tried a
//     little higher after half a minute, ever more rarely, up to every three minutes. Faster steps follow each success.
//   - Nothing here is durable: a restart begins with what the admin allows.
package pace
