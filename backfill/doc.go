// Package backfill is the overlay engine: it makes two mail servers look like one mailbox while the mail moves
// from the one to the other.
//
// # The overlay
//
// The source is the lower, read-only side; the destination the upper, writable one. A link says which message
// below is which message above and under which number clients know it. Writing goes up. Deleting something
// that exists only below leaves a whiteout. Opening a folder moves it to the head of the copying queue;
// backfill is the same copying with nobody waiting.
//
// # Words
//
//   - account: one user on both sides; one record owns a destination mailbox
//   - folder: one shown folder with the source folders blended into it
//   - link: one message known on one side or both; its states are in package store
//   - identity: the UIDVALIDITY and UIDs under which a folder is shown
//   - snapshot and gap: the source's UIDNEXT when numbers were first told, and the million above it; what comes
//     later is numbered from there, so that a device that still talks to the old server never sees one number
//     for two messages
//   - cursor: how far a side was looked at
//   - intent: the durable note that an APPEND may be under way
//   - quarantine: messages that the destination refused, with its words; still served from the source, and their bytes
//     are saved in the state directory (package quarantine), so that they outlive it
//
// # The parts
//
// What can be seen whole without folders and drivers has a package of its own below this one, is handed what it needs as
// plain data or a small interface, and never asks back:
//
//   - verify proves what was moved (verify.go, verifybox.go hand over)
//   - gate tells what stands in the way of switching the old server off (gate.go)
//   - lineage tells whether the store is the one that was written last (engine.go)
//   - metrics shows Prometheus how far the move is (metrics.go)
//   - quarantine saves the bytes of refused messages (quarantine.go, savedread.go, fetchsaved.go)
//   - settling says which folder settles when (settleplan.go, settleloop.go)
//   - spool holds the bytes of messages on their way, within bounds
//   - strikes knows how many more failed logins each server bears (guesses.go)
//   - turns says whose turn it is, and how long an account waits (queue.go, patience.go, pauses.go)
//   - pace says how fast a server is worked on (pacing.go)
//
// # The way of a message
//
// queue (queue.go) → look at both sides (open.go, lower.go, lowermerge.go, upper.go) → match (mapping.Pair, confirm.go) →
// copy: read once into a bounded spool (package spool, readlower.go, transfer.go), journal the intent, APPEND, learn the UIDs
// (batch.go), compare flags and link (finish.go) → verify (verify.go). What is refused climbs a ladder: as it is, in a
// literal8 (binary.go), quarantine (quarantine.go), from where it is tried again ever more rarely (retry.go). After a crash or a cut recover.go finds
// by the hash of the bytes what arrived. A source folder that is numbered anew is matched again by rebase.go and rebaseborrowed.go; mail
// that a client carries into a folder of the destination's numbers is copied at once by copynow.go.
//
// # The proof
//
// verify.go and verifybox.go hand a folder's links and its two servers to package verify, which lists and reads both sides
// afresh and judges them. It changes nothing but the note, in the account's record, of how it ended. gate.go gathers what
// matters of everything for package gate, which tells what stands in the way of switching the old server off.
//
// Where a destination is odd: suspect.go keeps a message at which a server breaks off from stopping the others,
// altered.go knows copies again that the destination rewrote, swallowed.go looks after what it took and does not have,
// movebycopy.go moves where there is no MOVE. A client's APPEND is journalled like a copy (append.go).
//
// # Settling
//
// A folder that is copied goes over to the destination's own numbers (settle.go): when nothing stands in the way by the
// state (settlewhy.go), both sides are listed afresh and compared while clients go on (agrees.go), then the folder is
// held, looked at once more, and switched in one transaction (switchdraft.go, switch.go). Clients' operations enter a
// folder by its passage (passage.go), which is held for that moment; whoever had the folder open is sent away and sees it
// anew.
// From then on the destination answers, and every edit keeps the links under the destination's numbers (native.go). The
// source is watched on, and late mail is copied as before: it is shown once it is on the destination. A destination's
// UIDVALIDITY that clients know from the old server keeps a folder from settling; as long as nothing is on the destination
// that is helped (clearuids.go).
//
// # A lost or old store
//
// Package lineage tells a store that is an old copy, and a new one whose accounts are known. Whiteouts are gone with the
// store that was lost, so nothing is rebuilt by itself: such an account is not served, both sides are matched as at a
// first meeting and nothing is written to either (rebuild.go), until the admin has said what becomes of mail that users seem to have deleted (rebuildend.go).
// Folders are shown under a greater UIDVALIDITY from then on. Only if the marks are lost too does it begin anew. An account
// that was closed is closed still. An account whose mailbox is gone from the destination goes the same way, by the admin's
// word (anew.go). One that was made anew by hand under the same numbers is found out by landmarks (landmark.go).
//
// # Rules
//
//   - The source is never changed.
//   - Nothing is lost or doubled, whatever is killed when. "UID not learned" is not "copy failed".
//   - Durable before told: an edit is committed and fsynced, then applied, then views are woken (edit.go, commit.go).
//   - A folder is copied in ascending source order by one writer; clients' own APPENDs go through the same one.
//   - A message that was born on the source is answered by the source; flags of copied mail are the destination's.
//   - Never a short answer: a side that is needed and down makes ErrUnavailable.
//   - What only the destination has is never touched; a copy that vanished there was deleted by its user. Many at
//     once are not believed, unless a command of ours was to remove them (leaving.go).
//   - What vanished on the source keeps its source UID, if it was copied or deleted: it may come back (gone.go).
//   - A delete or a move on the source is carried over to an untouched copy when it was seen twice, some time apart,
//     and every other folder was looked at since (losses.go, carry.go, newcomer.go). Much at once is not believed until the
//     admin says so (accept.go).
//   - Clients change the folder tree one at a time, journalled before the destination is asked (treechange.go,
//     treedelete.go, treerename.go, treerenamefinish.go, renameinbox.go). A deleted folder keeps its record and its
//     whiteouts, and comes back with new mail of the source alone (grave.go); a name that was told before is never told with a lower UIDVALIDITY
//     (names.go); the source's old paths go on leading to their folders (alias.go).
//   - A new folder whose name the destination refuses for its signs is made under a strict spelling of it before anything is
//     recorded or shown (treenames.go); the destination itself remembers which, so after a crash nothing is made twice.
//   - A folder that is renamed on the source keeps its links; the shown folder is renamed, too, if it is a user's own
//     (rename.go, renamedest.go). One that is deleted there keeps its copies.
//   - No lock is held over a network call. The sync and writer claims of a folder are; sync is taken first.
//
// # Whose turn it is
//
// queue.go goes over an account's folders; package turns says which folder gets a worker, and how long an account waits
// after an error (patience.go), package pace how fast each server is worked on (pacing.go). What an admin says of pauses
// and priorities is kept in the records (pauses.go, priority.go).
//
// # Leaving
//
// settleloop.go lets folders settle when package settling says so: when they have been complete for a while (complete.go keeps
// since when, and whether a client ever had them open) and it is their turn. settleorder.go is the admin's word for it. An
// account that has settled goes on being watched until closing.go ends that for good: its passwords go in the transaction
// that closes it, then its whiteouts.
//
// # Looking
//
// What a client has open is looked at by its watcher: the servers tell by IDLE (listen.go), or are polled (watch.go). The
// rest costs next to nothing while nothing happens: every five minutes one LIST-STATUS on each side tells how all folders
// are (glance.go), every ten minutes a STATUS of each where there is none, and only those that are not as before are
// opened; all are, once an hour, because flags may not show and some servers tell a stale STATUS. What changed is asked
// for by CHANGEDSINCE, what was deleted is told as VANISHED (vanished.go) and believed with care, and once a day everything is
// listed. There is no IDLE for accounts without a session: it would hold a connection of the source for each, the first
// look of a client that comes is fresh anyway, and a pool of 64 connections could do it for 16 accounts.
//
// # The way back
//
// export.go hands an account over to package export, which finds what exists only on the destination and gives it out
// under the source's names (exportname.go).
//
// # Counting
//
// What a folder's links count up to is kept with every edit and stored in its transaction (tally.go). survey.go adds
// the folders up for reports (report.go, overview.go) and for package metrics (metrics.go), without loading any of them;
// domain.go and rate.go tell how fast it goes, mishap.go what goes wrong.
//
// # Logins
//
// Options.Identify says who a login name is on both sides (package mapping/logins does it); an account keeps the source and the
// name there that it was enrolled with (sources.go). Who decides is Options.Mode (loginsame.go, logincapture.go,
// loginfirst.go); of accounts that have settled it is the destination. A password that was accepted before is likely,
// and is asked of both sides at once; any other may be a guess, and goes to the source first: all users come from one address,
// and a destination that counts failed logins would lock everybody out. Package strikes knows how many more failures each
// server bears and which passwords were refused a short while ago (guesses.go); failures of a driver's own logins count, too
// (ownlogins.go).
//
// A mailbox is made by makemailbox.go, its password sealed and durable before: a record with Made.Intended is no account yet,
// but says whose the mailbox is that is found after a crash. rekey.go gives it its user's new password only while it takes
// one that it was given here. Whatever keeps a user out although a server has accepted the password is kept for the admin
// (needs.go). Users who never log in are enrolled by the admin's word (enrolusers.go), and accountlist.go says who is here, who is
// not, and what each needs. What the destination would delete by age on its own is paused at enrolment (autoclean.go); what
// no copying moves, such as filters and shared folders, is looked for once a day and named (left.go).
//
// A master user may be shown a part of a mailbox, because the source's access lists apply to him; LIST does not say so. At each
// listing by credentials that are not the user's own, sight.go looks at INBOX's rights. While they speak for it the account is
// not done, settles no further and is not closed; who is shown no INBOX is not enrolled. A server that has access lists and
// does not say so (no ACL) is found out only if it hides INBOX.
//
// Passwords are sealed with a key of the account's own (vault.go), which lies in package keyring's file alone: closing the
// account overwrites it, and then no copy of the store tells the password.
//
// # Calls
//
// Engine.Login is the one door. It hands an account that has nothing left to be blended over to the destination
// (splice.go). Session and Mailbox own every transaction; front doors never touch the store.
// News goes up only as a version that grows: Mailbox.Changes compares, Mailbox.Changed wakes.
// recent.go knows up to which message of a folder sessions were told (\Recent).
package backfill
