package backfill

import "crossfade/mapping"

// digest is what is compared of a message: the hash of its bytes and what belongs to it.
type digest struct {
	hash  [16]byte
	size  int64
	flags mapping.Flags
	date  int64    // Unix seconds
	text  [16]byte // of what stands behind the header, line ends aside; only where asked for
}
