// Package lineage tells whether a store is the one that was written last. It holds the store against the marks
// (internal/marks), a small file that outlives it.
//
// Both count generations. The store's grows first, so it is lower than the marks' only if an old copy was put in its
// place; a new store beside marks that know accounts has lost them. Nothing is rebuilt by itself then: whiteouts are gone
// with it, and mail that users deleted would come back. The accounts' records are made to say why they wait
// (lineage.go), and the engine does the rest when the admin says so.
//
// An account that was closed is in the marks, and closed still: there is nothing to rebuild of it (closed.go).
//
// # Rules
//
//   - The marks are never ahead of a store that is not old: the store's generation is durable first.
//   - What clients are shown is marked before they are told.
//   - Where there are no marks, nothing is told and nothing is noted.
package lineage
