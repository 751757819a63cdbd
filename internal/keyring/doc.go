// Package keyring keeps a data key for each account in a small file that is overwritten in place, so that what is sealed
// with an account's key can be erased everywhere at once.
//
// A database does not erase: what was deleted lies in its old files until it rewrites them, and in every backup of them.
// So credentials are sealed with a data key of their account, and the data key lies here alone, wrapped with the master
// key. When the key is destroyed, all that was ever sealed with it is noise, whoever has the database and the master key.
//
// The file begins with a line that names it. After that every account has a slot of 64 bytes, found by its number: "key1",
// a nonce and the key under AES-256-GCM, with the number as associated data. An empty or destroyed slot is all zeros. A
// slot lies within one sector. If a power cut tears it nevertheless it does not open, and is an empty one: nothing is
// sealed with a key before it is on the disk, and a key that was being destroyed was to go. Slots are written in place
// and synced; there are no renames and no second copies.
//
// A file that is lost, or was made with another master key, costs each user one more login, since an account without a
// key gets a new one when its password is sealed next.
//
// # What overwriting in place does not reach
//
//   - A file system that copies on write (btrfs, ZFS, APFS, a snapshot of any kind or of the machine) keeps the old bytes
//     until it needs the room. On btrfs the file is overwritten in place if its directory has the attribute C (chattr +C)
//     before it is made, and there is no snapshot.
//   - A flash disk writes elsewhere and erases later. Reading that takes the disk apart; full-disk encryption helps.
//   - A backup of this file is a copy of the keys. Backups of the database alone are safe to keep; those of this file are
//     to be kept as short as passwords may be remembered. To leave it out of backups is a choice: users log in once more
//     after a restore.
//   - The master key alone opens nothing that was destroyed here; but with it whoever has an old copy of this file has the
//     keys in it. Keep it elsewhere.
package keyring
