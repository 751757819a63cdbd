// Package layers holds the project's house rules as tests: which package may import which, and that every
// package says in a doc.go what it is for. It has no code of its own that anybody calls.
//
// The chain, every arrow pointing down:
//
//	cmd → proxy/* → proxy → backfill → store → mapping
//
// Drivers (backfill/driver/...) import backfill and mapping only. What the engine is made of besides (backfill/gate,
// backfill/lineage, backfill/metrics, backfill/pace, backfill/quarantine, backfill/settling, backfill/spool, backfill/strikes,
// backfill/turns, backfill/verify) stands below it and does not know it: it says what it is to be given, and the engine
// hands it over. The packages below internal/ are leaves that anybody may use and that know nothing of the chain. mapping imports the standard library and golang.org/x/text; internal/imapwire the standard library
// alone. proxy never touches store: the engine owns every transaction.
//
// The import clauses are read from the files themselves, not asked from the go tool, because the test cache
// would keep an old answer of the tool but sees that a file was read. External test packages (package x_test)
// are exempt: they may look at the house from outside.
package layers
