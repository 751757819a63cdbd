// Package maildir writes messages into Maildirs, byte for byte, as Dovecot and Courier lay them out: flags in the
// info part of a file's name, the arrival time as the file's time, keywords as letters that the file dovecot-keywords
// explains.
//
// # Rules
//
//   - A message's file name says which message it is (UIDVALIDITY and UID) and how large, so that writing it twice makes
//     one file, and a file that was cut short is known.
//   - A file is whole and on the disk before it has its name in cur (write to tmp, sync, rename).
//   - Nothing is ever removed. Flags that changed rename a file.
package maildir
