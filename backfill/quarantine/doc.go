// Package quarantine saves the bytes of messages that the destination refused, so that they outlive the source.
//
// Each message is a file of its own (files.go), named after what is in it, in its account's directory: a twin takes no room,
// and damage shows. The engine's record of a message in quarantine names the file. What a client asks for of a message
// that nobody else gives any more is answered from its bytes, as far as that needs no parser (item.go).
//
// # Rules
//
//   - The file is durable before the record that names it, and removed some time after the last record that does. Whoever
//     saves holds the files until the record is committed, so that none is swept before it is named.
//   - Files that no record of this run named are left alone: after the loss of the state they may be all there is.
//   - What is kept is bounded, and the disk is never filled: what finds no room is not saved, which is no error of the
//     copying. The source has it still.
//   - An answer is the message's own bytes or none: what would have to be made up is not told.
package quarantine
