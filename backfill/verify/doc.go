// Package verify proves what was moved. It lists and reads both sides of a folder afresh and compares them as multisets
// of hashes; the links only explain what differs.
//
// # The way of a comparison
//
// Compare goes over the folders of some accounts (compare.go). Of each, what its links are is noted first (comparison.go);
// then it is listed and read on both sides (read.go),
// judged link by link (judge.go), counted as a multiset (count.go), and what differs is named (name.go). It ends as a
// Report (report.go), and an account's reports add up to what is kept of them (sum.go).
//
// # Words
//
//   - side: what one server's folder holds, as it was just read
//   - own: a source folder that is blended into this folder, as opposed to one of which single messages are linked here
//   - link: what the state knows of a message; see package store
//   - done: a message of the source's own that is on the destination as it should be, was deleted by its user, or was
//     refused and signed off
//
// # Rules
//
//   - Nothing is believed by halves: a listing that is not complete, a message that is listed and not given, a source
//     that suddenly has much less prove nothing.
//   - Nothing is changed. How a full comparison ended is handed over to be kept, and that is all.
//   - Memory is bounded by the number of messages compared at the same time, whatever the number of folders.
//   - Links may change while both sides are read. What a link was before is remembered, so that a copy or a flag that
//     came meanwhile is no difference.
//
// The package knows no server and no engine: folder.go says what it is to be given.
package verify
