package store

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
)

// A chunk's value is: format (1 byte), count, the columns, CRC-32C of all that and the chunk's number
// (4 bytes, big endian). Links of one chunk resemble each other, so each column is a handful of runs; what is
// left for a copied message is mostly its hash and the digest of its Message-ID.
const (
	chunkFormat = 1
	chunkLinks  = 256
	maxRef      = 1 << 10 // bytes of Link.Ref
)

// Bits of the column that says which other columns a link is in.
const (
	hasState   = 0x07 // the state itself
	isPaired   = 1 << 3
	isTouched  = 1 << 4
	hasDetails = 1 << 5
	hasHash    = 1 << 6
	hasMsgID   = 1 << 7
	hasSrc     = 1 << 8
	hasDst     = 1 << 9
	hasRef     = 1 << 10
	isLost     = 1 << 11
	isLeaving  = 1 << 12
	isAltered  = 1 << 13
	allBits    = 1<<14 - 1
)

// bits is the link's entry in the first column.
func (l *Link) bits() int64 {
	b := int64(l.State)
	set := func(is bool, bit int64) {
		if is {
			b |= bit
		}
	}
	set(l.Paired, isPaired)
	set(l.Touched, isTouched)
	set(l.Lost, isLost)
	set(l.Leaving, isLeaving)
	set(l.Altered, isAltered)
	set(l.HasDetails, hasDetails)
	set(l.HasHash(), hasHash)
	set(l.HasDetails && l.MsgID != 0, hasMsgID)
	set(l.Src != 0, hasSrc)
	set(l.Dst != 0, hasDst)
	set(l.Ref != "", hasRef)
	return b
}

// encodeChunk makes the value of one chunk.
func encodeChunk(chunk uint32, links []Link) ([]byte, error) {
	if len(links) == 0 || len(links) > chunkLinks {
		return nil, fmt.Errorf("store: a chunk of %d links", len(links))
	}
	for i := range links {
		if err := links[i].fits(chunk); err != nil {
			return nil, err
		}
		if i > 0 && links[i].UID <= links[i-1].UID {
			return nil, fmt.Errorf("store: message %d after %d", links[i].UID, links[i-1].UID)
		}
	}
	out := make([]byte, 0, 48*len(links)+64)
	out = append(out, chunkFormat)
	out = binary.AppendUvarint(out, uint64(len(links)))
	out = appendColumns(out, chunk, links)
	return binary.BigEndian.AppendUint32(out, checksum(chunk, out)), nil
}

// fits tells what keeps a link from being written.
func (l *Link) fits(chunk uint32) error {
	switch {
	case l.UID == 0 || ChunkOf(l.UID) != chunk:
		return fmt.Errorf("store: message %d in chunk %d", l.UID, chunk)
	case l.State < Listed || l.State > Above:
		return fmt.Errorf("store: message %d without a state", l.UID)
	case l.HasDetails && l.Size < 0:
		return fmt.Errorf("store: message %d has size %d", l.UID, l.Size)
	case len(l.Ref) > maxRef:
		return fmt.Errorf("%w: message %d has a reference of %d bytes", ErrTooBig, l.UID, len(l.Ref))
	}
	return nil
}

// decodeChunk appends the links of one chunk to links. It never panics, whatever the value, and allocates no more
// than a chunk can hold.
func decodeChunk(links []Link, chunk uint32, value []byte) ([]Link, error) {
	if len(value) < 6 {
		return links, fmt.Errorf("%w: %d bytes", ErrCorrupt, len(value))
	}
	body, sum := value[:len(value)-4], binary.BigEndian.Uint32(value[len(value)-4:])
	if checksum(chunk, body) != sum {
		return links, fmt.Errorf("%w: checksum", ErrCorrupt)
	}
	if body[0] != chunkFormat {
		return links, fmt.Errorf("%w: chunk format %d", ErrCorrupt, body[0])
	}
	r := &reader{rest: body[1:]}
	n := r.uvarint()
	if n == 0 || n > chunkLinks {
		return links, fmt.Errorf("%w: %d links in a chunk", ErrCorrupt, n)
	}
	start := len(links)
	links = slices.Grow(links, int(n))[:start+int(n)]
	clear(links[start:])
	readColumns(r, chunk, links[start:])
	if len(r.rest) != 0 {
		r.fail("bytes left over")
	}
	if r.err != nil {
		return links[:start], r.err
	}
	return links, nil
}

// chunkLen is how many links the chunk says it has; 0 when that cannot be.
func chunkLen(value []byte) int {
	r := &reader{rest: value}
	r.bytes(1)
	if n := r.uvarint(); n <= chunkLinks {
		return int(n)
	}
	return 0
}

// checksum covers the chunk's number too: UIDs are written relative to it, so a value under another key must not pass.
func checksum(chunk uint32, body []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum(binary.BigEndian.AppendUint32(nil, chunk), table), table, body)
}
