// Package spool holds the bytes of messages on their way from one server to the other, each read once, within bounds.
//
// A Message is read whole before anything is told of it: its size, its hash and its Message-ID are known then, and its
// bytes can be had as often as an APPEND is tried (message.go). Small ones lie in memory, large ones in files without a
// name, which go with the process (room.go). Whoever reads many in a row reads ahead of their writer (ahead.go).
//
// # Rules
//
//   - What is bounded is bytes, not messages (budget.go): all that lie in memory, each folder's share of them, and the files.
//   - A client never waits for room in memory: its message goes to a file. The backfill waits, and a part of the memory is
//     out of its reach.
//   - No account keeps the others from room: the one goes first that holds least.
//   - What a reader waits for is always on its way: nobody waits for room while holding an unfinished slab.
//   - A body that ends early is an error, never a shorter message.
package spool
