// Package durable is a small file layer for what must outlive a power cut: what its functions have returned from
// is on the disk, or the error says that it may not be.
//
// A write reaches the disk only with fsync, and a file's name only with an fsync of its directory; a rename is one
// step, so a reader finds the old file or the new one, never a part. WriteFile puts the three together.
//
// FS is what the functions need of an operating system. OS is the real one. durabletest.Disk is one in memory that
// forgets whatever was not synced when its power is cut, runs full and fails on demand.
//
// Spool and CheckRoom keep some of a disk free, so that running full is an error and not the end.
package durable
