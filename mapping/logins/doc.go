// Package logins says what a login name means: whose mailbox it is on the source and on the destination.
//
// Users type `alice`, `Alice@Example.com` and `EX\alice` and mean one mailbox. A name is first made an address: a bare name
// gets the default domain, the Windows domain's name is replaced by the mail domain that stands for it, the domain is folded
// and spelt in ASCII (RFC 5890). Then the table of users says what it is on both sides, or else the templates do.
//
// # One mailbox, one key
//
// The key of a mailbox is its login on the destination, folded. Two different mailboxes of a source never get one key, and
// one of a source never gets two, unless the table says so: that would mix two users' mail. So a template that leaves the
// domain out is good for one domain only, a template's parts must be told apart again by whoever reads the result, and a
// name that the table gives to one user is refused to all others. Rules.Identify is a pure function: the same name always
// means the same.
//
// # What is no name
//
// Names with control characters, with `/`, `*` or `%`, with two `@`, with a part that is empty or a domain that cannot be one
// are no names: some of them mean "this user's mailbox, with that user's password" to some servers. If a server has such
// names all the same, the table may hold them.
package logins
