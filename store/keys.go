package store

import "encoding/binary"

// Every key begins with one of these bytes. Numbers follow in big endian, so that keys ascend as they do.
const (
	keySchema     = 'v' // schema version
	keyCounter    = '#' // + name: last number given out
	keyAccount    = 'A' // + account
	keyAccountKey = 'K' // + Account.Key: account
	keyAlias      = 'N' // + login name: account
	keyFolder     = 'F' // + account, folder
	keyFlags      = 'G' // + account, folder, id: flags
	keyLinks      = 'L' // + account, folder, chunk: links
	keyQuarantine = 'Q' // + account, folder, uid
	keyIntent     = 'I' // + account, folder
	keyClaim      = 'C' // + account, folder
	keyControl    = 'P' // what an admin said about all accounts
	keyTally      = 'T' // + account, folder: what its links count up to
	keyDeleted    = 'D' // + account, folder: its records are yet to be removed
	keyName       = 'U' // + account, hash of the path: what was shown under a name that was given up
	keyRenaming   = 'R' // + account: a RENAME is under way
	keyNeed       = 'W' // + hash of the login name: what its user waits for
)

func numKey(kind byte, nums ...uint32) []byte {
	k := make([]byte, 1, 1+4*len(nums))
	k[0] = kind
	for _, n := range nums {
		k = binary.BigEndian.AppendUint32(k, n)
	}
	return k
}

func textKey(kind byte, text string) []byte { return append([]byte{kind}, text...) }

func folderKey(kind byte, acc AccountID, id FolderID, more ...uint32) []byte {
	return numKey(kind, append([]uint32{uint32(acc), uint32(id)}, more...)...)
}

// lastNum reads the number that ends a key of exactly n numbers.
func lastNum(key []byte, n int) (uint32, bool) {
	if len(key) != 1+4*n {
		return 0, false
	}
	return binary.BigEndian.Uint32(key[len(key)-4:]), true
}
