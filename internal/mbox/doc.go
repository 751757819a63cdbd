// Package mbox writes messages into mbox files in the mboxrd form: a "From " line before each message, a blank line
// behind it, lines end in LF, and lines that begin with any number of > and "From " get one > more. A reader takes that
// one away again, so that nothing is lost but the difference between CRLF and LF and a missing last line end.
//
// Beside each file lies a journal, FILE.index: a line for each message that is in the file whole, with where it ends.
// What stands behind the last of them was cut off and is written again.
package mbox
