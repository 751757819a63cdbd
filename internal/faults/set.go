package faults

import (
	"math"
	"strconv"
	"strings"
)

// span is one range of a number set, both ends in it.
type span struct{ from, to uint32 }

// set is a number set. The star is the largest number in use.
func parseSet(text string, largest uint32) ([]span, bool) {
	var out []span
	for _, part := range strings.Split(text, ",") {
		a, b, isRange := strings.Cut(part, ":")
		if !isRange {
			b = a
		}
		from, ok1 := setNumber(a, largest)
		to, ok2 := setNumber(b, largest)
		if !ok1 || !ok2 {
			return nil, false
		}
		out = append(out, span{min(from, to), max(from, to)})
	}
	return out, true
}

func setNumber(s string, largest uint32) (uint32, bool) {
	if s == "*" {
		return largest, true
	}
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err == nil && n > 0 && n <= math.MaxUint32
}

func within(set []span, n uint32) bool {
	for _, s := range set {
		if n >= s.from && n <= s.to {
			return true
		}
	}
	return false
}

// picked returns the places in view of the messages a command names; the caller holds mu.
func (c *conn) picked(text string, uid bool) ([]int, error) {
	largest := uint32(len(c.view))
	if uid {
		if largest = 0; len(c.view) > 0 {
			largest = c.view[len(c.view)-1].UID
		}
	}
	set, ok := parseSet(text, largest)
	if !ok {
		return nil, bad("that is no set of numbers")
	}
	var out []int
	for i, m := range c.view {
		switch {
		case uid && !within(set, m.UID), !uid && !within(set, uint32(i+1)):
		case m.gone && uid:
		case m.gone:
			return nil, no("EXPUNGEISSUED", "some of them are gone")
		default:
			out = append(out, i)
		}
	}
	if !uid {
		for _, s := range set {
			if s.to > uint32(len(c.view)) {
				return nil, bad("there are not as many messages")
			}
		}
	}
	return out, nil
}
