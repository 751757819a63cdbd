// Package mailsort puts messages in the order of RFC 5256 (SORT, THREAD) and RFC 5957 (display names), from nothing but
// header fields, dates and sizes. It asks nobody and keeps nothing; everything is a function of its arguments, and no
// input, however broken, costs more than its length.
//
// # The way
//
// Fields tells which header fields a set of keys needs; a Gatherer takes what a server answers for one message after the
// other; what comes out are columns, one for each key, which never change: new messages make a new column ([Texts.With]).
// A column tells for each message a number that orders as the key does, so that messages are compared as numbers however
// often they are sorted.
//
// # Words
//
//   - base subject: what is left of a Subject without Re:, Fwd:, [list] and the like (RFC 5256 2.1)
//   - sent date: the Date field in UTC (RFC 5256 2.2); the caller has the INTERNALDATE for those without one
//   - folded: as i;unicode-casemap compares it (RFC 5051)
//   - rank: the place of a text among all texts of its column
//   - node: a message, or one that is only referred to, in a thread (thread.go); a dummy has no message
//
// # Bounds
//
// A text is compared by its first maxText bytes, and of a References field the first and the last count if there are more
// than maxReferences: the middle of such a chain is told by the messages that stand there.
package mailsort
