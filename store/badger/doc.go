// Package badger is the store's engine on disk: Badger, an embedded log-structured tree.
//
// # What is added to Badger
//
//   - One sync for many. Badger syncs once for every transaction. Here the updates that arrive while the disk is busy
//     are run one after the other over each other's writes and committed together; each returns when its
//     writes are on the disk. That also makes updates strictly serial: there are no conflicts.
//   - A failed write ends the store. After a failed sync nobody knows what is on the disk, so everything after it is
//     refused until the program starts again and reads what is there.
//   - A floor for free space. Badger writes through a memory map, where a full disk is not an error but
//     a signal that kills the process. So updates are refused while there is still some room (store.ErrFull).
//   - Logs without a byte in them, which a power cut may leave, are removed before Badger trips over them.
//   - Small settings. Values stay below Badger's threshold for its value log, so that log remains empty and needs no
//     collecting; old versions go when tables are compacted.
//
// That what Update acknowledged survives a power cut is seen by a test that traces every sync of a writing process
// (internal/syncwatch) and opens what would be left.
package badger
