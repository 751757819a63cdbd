// Package probe looks at two mail servers before a move and says what to expect of them, and what to do about it.
//
// Run goes from the outside in: how each server is reached and what it offers (reach.go, caps.go), then, with a test
// account, what is there on the source (survey.go) and how the destination treats mail (write.go, odd.go, uid.go,
// name.go) and whether it has room (space.go). What is found is a Finding: green, yellow or red, with words for a
// person and a name for a machine.
//
// # Nothing is changed
//
// The source is only read, as by the move itself: EXAMINE and LIST. On the destination everything happens in one
// scratch folder, which is made for it and removed at the end, also after an error or an interrupt; a fence around the
// driver (scratch.go) refuses to write anywhere else. A probe that is killed leaves that folder behind; the next one
// names it.
//
// The package talks to servers through backfill.Driver and backfill.Writer. What only some drivers can tell (TLS,
// quota, the number of connections) is asked of backfill.Inspector and backfill.Meter, where a driver is one.
package probe
