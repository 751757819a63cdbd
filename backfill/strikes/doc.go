// Package strikes keeps logins through one address from being taken for an attack by the servers behind it.
//
// A mail server counts failed logins by the address they come from, and shuts that address out when there are too many.
// Behind a proxy everybody has one address: a few guesses would shut out all users. So the guesses stop here.
//
//   - Strike: a failed login as the server counts it.
//   - Counter: our own count of one server's strikes. It says how many more may be caused now.
//   - Place: the leave to cause one strike. It is taken before a password is tried, given back when the server accepts the
//     login, and lost for the rule's window otherwise: a login that was cut off before the answer may have been counted.
//   - Known: passwords that a server refused a short while ago, which are refused again without asking it.
//
// A secret that is likely, because it equals the one that was accepted last, needs no place; it counts if it is refused
// nevertheless. What is likely and what is told to clients is the caller's.
//
// # The server's counter
//
// It is not known, only bounded. A rule says so many strikes in so much time, and a server has several: SmarterMail slows
// an address down after 15 in 10 minutes and shuts it out after 25 in 10 or 35 in 50. Ten in ten minutes, kept up for an
// hour, would break the last one; so Per allows three times the number in five times the time, too. It also takes 2 off
// for a success, at most once for each name in 5 minutes, but a server that was upgraded from an older build takes off
// none: Limits.Credit is 0 unless somebody knows better, and then the oldest strikes go, which errs on the safe side.
//
// # Who gets a place
//
// What tells a guesser from somebody who is new is that different passwords come from his networks: one that was refused
// weighs as much as four that were not tried yet, and the first one of these weighs nothing. The same password again is a
// mail program, all the more so when it was put off and comes again. A third of the places is kept for these, some of it
// also for networks without a fault, less for those with a small one.
// A guesser has used up what is left in seconds, and the rest of the places goes round among people who know their
// password, since each of them gives his place back at once. Those who wait are served in this order: networks with fewer
// faults, then names with fewer failures, so that names that never failed go first, then the name that was served longest
// ago. Nobody waits longer than Limits.Wait. A success makes up for some faults of its network, once for a name in a while.
//
// Somebody who tries one password only from each of many networks cannot be told from as many new users. He can make new
// users wait, by one place for each network; he can neither cause more strikes nor stop those whose password is known here.
//
// All memory is bounded; what is forgotten starts anew. Names and secrets are kept as keyed hashes of this run, or not at all.
// Only when strikes were counted outlives the run (Ledger): a program that is started again and again must not cause as many
// each time. Logins under way when it is killed are not noted.
package strikes
