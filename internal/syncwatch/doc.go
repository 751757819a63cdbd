// Package syncwatch runs a program of a test and knows, at any moment, what a power cut would leave of the files in one
// directory. It traces the program's system calls (ptrace, no rights needed to trace a child): what was in a file when
// fsync, fdatasync or msync was called, or an O_DSYNC write returned, is on the disk once the call has ended well,
// and so are a directory's names after its fsync. Everything else is lost, or kept by chance, page by page.
//
// Run looks at the bytes; KillAfter only counts what was made durable, and kills the program behind a chosen call.
//
// Writes through a memory map need no system call, so no file system that looks at calls sees them come; here they
// count when they are synced, by the file's bytes at that moment.
package syncwatch
