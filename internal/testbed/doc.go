// Package testbed gives tests real mail servers, mail to put into them and an independent look at what they hold.
// Only tests import it, and benchmove, which compares Crossfade with its peers.
//
// A Bed is a directory and ports of its own, so that packages can be tested at the same time. The servers are
// those of testdata/server; they end with the test, and also when the test's process is killed, because a guard
// waits at the other end of a pipe. Starting them needs root and what `make servers` installs, so the tests that
// do carry the build tag integration.
//
// Read takes a Snapshot of a mailbox with a small IMAP reader that shares no code with the product: what it says
// must not depend on what is tested. Compare and Diff tell two snapshots apart in words.
package testbed
