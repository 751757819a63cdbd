// Package export finds what only the destination has, so that the old server can take over again without a message being
// lost: the way back.
//
// # The way of an export
//
// Export (export.go) looks at all folders, so that what is new is linked, and goes over them (folder.go): it lists what
// only the destination has, leaves out what came before the time asked for (arrivals.go), and hands the rest over, bytes
// and all (send.go). What only seems to be the destination's is told as a change instead: a message that its user moved
// (changes.go) or copied (kept.go) and that the source has still, by its bytes. It does so again as long as something is new,
// since a message that moves from a folder not yet looked at to one that was would be lost. In the end it tells what users
// changed on the messages that both sides have (changes.go).
//
// # Rules
//
//   - In doubt a message is exported: too much is a nuisance in a way back, too little is a loss.
//   - Nothing is changed on either side, nor in the state.
//   - A message is handed over whole or not at all; one that the destination lists and does not give is told.
//   - One folder that cannot be looked at is told, and the others go on.
//
// The package knows no server and no engine: given.go says what it is to be given, receiver.go what it hands over.
package export
