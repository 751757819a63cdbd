package store

import (
	"encoding/binary"
	"math"

	"crossfade/mapping"
)

// appendColumns writes all columns. readColumns is its mirror image: keep the order.
func appendColumns(out []byte, chunk uint32, links []Link) []byte {
	bits := make([]int64, len(links))
	col := make([]int64, 0, len(links))
	// column collects one number of every link that has the bit (0: of every link) and writes them.
	column := func(bit int64, of func(*Link) int64) {
		col = col[:0]
		for i := range links {
			if bit == 0 || bits[i]&bit != 0 {
				col = append(col, of(&links[i]))
			}
		}
		out = appendInts(out, col)
	}
	for i := range links {
		bits[i] = links[i].bits()
	}
	uid, src, dst, date := int64(chunk)<<8-1, int64(0), int64(0), int64(0)
	out = appendInts(out, bits)
	column(0, func(l *Link) int64 { return step(&uid, int64(l.UID)) - 1 })
	column(hasSrc, func(l *Link) int64 { return step(&src, int64(l.Src)-int64(l.UID)) })
	column(hasDst, func(l *Link) int64 { return step(&dst, int64(l.Dst)) - 1 })
	column(0, func(l *Link) int64 { return int64(l.Box) })
	column(0, func(l *Link) int64 { return int64(l.Flags) })
	column(0, func(l *Link) int64 { return int64(l.Base) - int64(l.Flags) })
	column(0, func(l *Link) int64 { return int64(l.Sent) })
	column(hasDetails, func(l *Link) int64 { return int64(l.Zone) })
	column(hasDetails, func(l *Link) int64 { return l.Size })
	column(hasDetails, func(l *Link) int64 { return step(&date, l.Date) })
	for i := range links {
		out = links[i].appendBytes(out, bits[i])
	}
	return out
}

// appendBytes writes what no neighbour foretells.
func (l *Link) appendBytes(out []byte, bits int64) []byte {
	if bits&hasMsgID != 0 {
		out = binary.BigEndian.AppendUint64(out, uint64(l.MsgID))
	}
	if bits&hasRef != 0 {
		out = binary.AppendUvarint(out, uint64(len(l.Ref)))
		out = append(out, l.Ref...)
	}
	if bits&hasHash != 0 {
		out = append(out, l.Hash[:]...)
	}
	return out
}

// readColumns fills links. Errors stay in r.
func readColumns(r *reader, chunk uint32, links []Link) {
	bits := make([]int64, len(links))
	col := make([]int64, len(links))
	column := func(bit int64, to func(l *Link, n int64)) {
		n := 0
		for i := range links {
			if bit == 0 || bits[i]&bit != 0 {
				n++
			}
		}
		vals := col[:n]
		r.ints(vals)
		for i := range links {
			if bit == 0 || bits[i]&bit != 0 {
				to(&links[i], vals[0])
				vals = vals[1:]
			}
		}
	}
	uid, src, dst, date := int64(chunk)<<8-1, int64(0), int64(0), int64(0)
	r.ints(bits)
	for i := range links {
		links[i].setBits(r, bits[i])
	}
	column(0, func(l *Link, n int64) {
		gap := r.within(n, 0, chunkLinks)
		uid += gap + 1
		l.UID = uint32(r.within(uid, max(1, int64(chunk)<<8), int64(chunk)<<8|255))
	})
	column(hasSrc, func(l *Link, n int64) { src += n; l.Src = r.uid(src + int64(l.UID)) })
	column(hasDst, func(l *Link, n int64) { dst += n + 1; l.Dst = r.uid(dst) })
	column(0, func(l *Link, n int64) { l.Box = uint16(r.within(n, 0, math.MaxUint16)) })
	column(0, func(l *Link, n int64) { l.Flags = r.flagSet(n) })
	column(0, func(l *Link, n int64) { l.Base = r.flagSet(n + int64(l.Flags)) })
	column(0, func(l *Link, n int64) { l.Sent = r.flagSet(n) })
	column(hasDetails, func(l *Link, n int64) { l.Zone = int16(r.within(n, math.MinInt16, math.MaxInt16)) })
	column(hasDetails, func(l *Link, n int64) { l.Size = r.within(n, 0, math.MaxInt64) })
	column(hasDetails, func(l *Link, n int64) { date += n; l.Date = date })
	for i := range links {
		links[i].readBytes(r, bits[i])
	}
}

func (l *Link) setBits(r *reader, bits int64) {
	l.State = State(r.within(bits&hasState, int64(Listed), int64(Above)))
	r.within(bits, 0, allBits)
	l.Paired, l.Touched = bits&isPaired != 0, bits&isTouched != 0
	l.Lost, l.Leaving, l.Altered = bits&isLost != 0, bits&isLeaving != 0, bits&isAltered != 0
	if l.HasDetails = bits&hasDetails != 0; !l.HasDetails {
		l.Size = -1
	}
}

func (l *Link) readBytes(r *reader, bits int64) {
	if bits&hasMsgID != 0 {
		if b := r.bytes(8); b != nil {
			l.MsgID = mapping.MessageID(binary.BigEndian.Uint64(b))
		}
	}
	if bits&hasRef != 0 {
		l.Ref = string(r.bytes(r.uvarint()))
	}
	if bits&hasHash != 0 {
		copy(l.Hash[:], r.bytes(uint64(len(l.Hash))))
	}
	// A second spelling of the same links would be a sign of damage.
	if l.bits() != bits {
		r.fail("a column that says nothing")
	}
}

// step is the difference to the last number, which it moves on. Overflow wraps, here as in reading.
func step(last *int64, n int64) int64 {
	d := n - *last
	*last = n
	return d
}
