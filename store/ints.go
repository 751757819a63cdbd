package store

import (
	"encoding/binary"
	"fmt"
	"math"
)

// The two ways to write a column of numbers; the shorter one is taken.
const (
	asRuns  = 0 // value, length of the run ... until the column is full
	asPlain = 1 // every value
)

// appendInts writes a column. An empty one takes no byte.
func appendInts(out []byte, col []int64) []byte {
	if len(col) == 0 {
		return out
	}
	runs := append(out, asRuns)
	for i := 0; i < len(col); {
		j := i + 1
		for j < len(col) && col[j] == col[i] {
			j++
		}
		runs = binary.AppendVarint(runs, col[i])
		runs = binary.AppendUvarint(runs, uint64(j-i))
		i = j
	}
	size := 1
	for _, n := range col {
		size += varintLen(n)
	}
	if len(runs)-len(out) <= size {
		return runs
	}
	plain := append(out, asPlain)
	for _, n := range col {
		plain = binary.AppendVarint(plain, n)
	}
	return plain
}

func varintLen(n int64) int {
	u, size := uint64(n)<<1^uint64(n>>63), 1
	for ; u >= 0x80; u >>= 7 {
		size++
	}
	return size
}

// reader takes values from the front of a record. After the first error everything it returns is zero or in
// bounds, so that callers check err once, at the end.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrCorrupt, what)
	}
}

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.fail("cut number")
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *reader) varint() int64 {
	n, size := binary.Varint(r.rest)
	if size <= 0 {
		r.fail("cut number")
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// bytes returns the next n bytes, or nil.
func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.fail("cut bytes")
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// ints reads a column into col.
func (r *reader) ints(col []int64) {
	if len(col) == 0 {
		return
	}
	how := r.bytes(1)
	switch {
	case how == nil:
	case how[0] == asRuns:
		r.runs(col)
	case how[0] == asPlain:
		for i := range col {
			col[i] = r.varint()
		}
	default:
		r.fail("unknown column")
	}
}

func (r *reader) runs(col []int64) {
	for len(col) > 0 && r.err == nil {
		n, run := r.varint(), r.uvarint()
		if run == 0 || run > uint64(len(col)) {
			r.fail("a run beyond the column")
			return
		}
		for i := range col[:run] {
			col[i] = n
		}
		col = col[run:]
	}
}

// within returns n when it is in bounds, else the lower bound and an error.
func (r *reader) within(n, low, high int64) int64 {
	if n < low || n > high {
		r.fail("number out of bounds")
		return low
	}
	return n
}

func (r *reader) uid(n int64) uint32      { return uint32(r.within(n, 1, math.MaxUint32)) }
func (r *reader) flagSet(n int64) FlagSet { return FlagSet(r.within(n, 0, math.MaxUint32)) }
