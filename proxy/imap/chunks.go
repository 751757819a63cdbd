package imap

import (
	"iter"
	"slices"
)

// chunk is how many messages are looked at in one go: enough that asking costs little for each, few enough
// that what is known of them takes little memory.
const chunk = 4096

// chunks cuts a list of UIDs into parts.
func chunks(uids []uint32) iter.Seq[[]uint32] { return slices.Chunk(uids, chunk) }
