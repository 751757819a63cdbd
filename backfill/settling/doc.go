// Package settling decides which folder may settle now, and when to ask again.
//
// A folder that settles is shown under the destination's own numbers from then on: one resync for every device. So nothing
// is hurried. A folder settles by itself a while after it was last seen incomplete (Pace.After), within the hours that the
// admin allows, and no more folders, accounts and bytes an hour than he allows. One that no mail program ever opened is
// probably about to be asked for: phones come when DNS has moved, and the backfill may be done long before. It waits for
// some weeks after its account's first login (Pace.Unseen), or until the admin says that nobody uses IMAP there.
//
// What an admin orders by name goes at once, as soon as it is complete; what he stops does not go at all.
//
// Plain data in (Account, Folder), a decision out (Plan): nothing is asked or changed in here. The engine tries what is
// chosen, and keeps with the folder what it learned.
package settling
