// Package turns says when which folder is copied: whose turn it is (slots.go), how long an account waits after an error
// (patience.go), and that everything rests, or some of it (rests.go). It decides and waits; it copies nothing.
//
// # Words
//
//   - worker: one of the engine's few; whoever has one may copy
//   - turn: one folder's time with a worker, or its wait for it
//   - rank: how urgent a folder is: opened by a client, then the admin's priority, then an inbox
//   - firm: a pause that news in a folder does not cut short
//
// How fast a server bears to be worked on is package pace's; what an admin says is kept by the engine.
package turns
