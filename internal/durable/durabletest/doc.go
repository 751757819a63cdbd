// Package durabletest has a disk in memory for tests of what must outlive a power cut: it forgets what was not
// synced, or keeps some of it, as real disks do.
package durabletest
