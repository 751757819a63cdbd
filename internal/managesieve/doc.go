// Package managesieve reads the filter scripts that a mail server keeps for a user (ManageSieve, RFC 5804), and tells what
// they do (Sieve, RFC 5228). It is a reader only: LISTSCRIPTS and GETSCRIPT, nothing that changes anything.
//
// Rules: what a server sends is bounded before it is kept, passwords travel over TLS only unless the caller says that the
// line is safe, and no error holds a password.
package managesieve
