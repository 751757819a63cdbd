// Package store keeps the state of a migration: accounts, folders, links, intents, quarantine. It is typed records
// over a small ordered key-value interface (KV), so that another engine is one short package.
//
// # Words
//
//   - engine: an implementation of KV. store/badger keeps it in files, store/memory in memory. Both pass the suites
//     in store/storetest.
//   - record: one typed value. Accounts, folders, intents, claims and quarantine are JSON: few, and readable in a dump.
//   - link: one message known on one side or both, under the UID that clients know. Links are many, so they
//     are kept in chunks: the 256 UIDs that share all but the last byte are one value, written column by column.
//   - flag set: flags are interned per folder; a link holds numbers. Sets are numbered from 1 without holes and
//     never change.
//   - claim: the right of one owner to write to a folder, with an expiry.
//
// # Rules
//
//   - Durable before spoken. When Update returns nil, everything it wrote is on the disk. Nothing that a client may
//     rely on (a UID, a deletion, a flag) is told before that.
//   - All or nothing. An Update whose function fails, or that is cut off by a crash, leaves no trace.
//   - Updates run one after the other and each sees what came before; there are no conflicts to retry. Those that
//     wait at the same time share one sync of the disk. So the function is quick and talks to no server.
//   - An Update is bounded (MaxUpdate, MaxRecords). A large folder is written some chunks at a time.
//   - Numbers of accounts and folders are never given out twice.
//   - What is read is checked: a damaged record is ErrCorrupt, and every index in a loaded folder can be used.
//   - Raw names keep their bytes, whatever their charset.
//   - Secrets come sealed. The store does not look into them and puts no value into an error.
//   - A state written by a newer version is not touched (ErrNewer).
package store
