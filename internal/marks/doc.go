// Package marks keeps the few facts that must outlive the store, in a second file: which accounts there are, the
// greatest UIDVALIDITY that clients of each were ever shown, which have settled or are closed, and a generation. It is how a store that
// is lost, or restored from an older copy, is known for what it is: whiteouts are gone with it, and deleted mail would
// return.
//
// The generation grows in the store first and here after it, so the store's is never lower unless it is an old one. What
// concerns an account is here before a client is told of it.
//
// The file is a line for each fact, with a checksum before it; the last one about an account holds. A change appends a
// line and syncs; the file is written anew when it is opened, and after a write that failed. A last line that was cut off
// was never acknowledged.
package marks
