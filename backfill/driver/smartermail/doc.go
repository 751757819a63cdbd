// Package smartermail is the driver for SmarterMail as the destination: another driver's mail, joined with the
// administrator's REST API.
//
// New wraps a mail driver (IMAP) that the caller made. Everything that driver can do shows through, the optional features
// too. What comes on top: mailboxes are made and given passwords (backfill.Provisioner), and the folders that the server
// empties on its own are known (backfill.AutoCleaner).
//
// Words:
//
//   - The client (client.go) makes one HTTP exchange: bounded in time and bytes, its answer checked.
//   - The answer (answer.go) is JSON that may say success:false under any status, 200 too.
//   - The keys (keys.go) are the access tokens: one login for all callers at once, refreshed before it ends. A key for a
//     domain is had with the administrator's.
//   - Half a login is one that SmarterMail calls a success although its token opens nothing: a second factor is wanted, or
//     a new password. It is refused here with words for the admin.
//   - The bar keeps the client from trying a password again that was refused: the server counts failed logins of all
//     protocols by address, and everybody's mail goes through this one. Those that fail all the same are told to whoever
//     keeps the count (counted.go).
//
// Rules:
//
//   - No secret is in an error or a log: not a password, not a token, not what a server repeats of them.
//   - A call is made again only if it changes nothing, or if the server said that it did not take it (401). What may have
//     been done is backfill.ErrUncertain.
//   - A password is changed by reading all of a user and writing all of it back: some builds empty what they are not given.
//   - A mailbox's language is set when it is made, before any mail is there: its default folders are named after it, and a
//     folder of another language's name forbids the change for ever.
//   - What public sources do not agree upon (paths, forms, names of fields) is tried or read in every form they give. Names
//     of the auto-clean rules are in no source: clean.go reads whatever looks like some, and says so if nothing does.
//
// Notes and tasks (notes.go, tasks.go) can be read and written as a user. The engine does not move them yet.
package smartermail
