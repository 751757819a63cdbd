package faults

import (
	"fmt"
	"strconv"
	"strings"
)

// Vanished is how a Server answers who asks what vanished since a mod-sequence (RFC 7162 3.2.6).
type Vanished int

// Kinds of answers. VanishedUntold leaves all out, VanishedHalf every other one; VanishedLiving names, besides, the
// first message that is still there; VanishedAll names all numbers there can be; VanishedGaps names all numbers that no
// message has, as a server does that has forgotten what was when; VanishedTwice says everything twice.
const (
	VanishedTold Vanished = iota
	VanishedUntold
	VanishedHalf
	VanishedLiving
	VanishedAll
	VanishedGaps
	VanishedTwice
)

// tomb is a message that was expunged.
type tomb struct {
	uid    uint32
	modseq uint64
}

// earlier tells what vanished since a mod-sequence, of the numbers that the command names; the caller holds mu.
func (c *conn) earlier(set string, since uint64) {
	only, ok := parseSet(set, ^uint32(0))
	if !ok {
		return
	}
	var gone []uint32
	for _, t := range c.box.tombs {
		if t.modseq > since && within(only, t.uid) {
			gone = append(gone, t.uid)
		}
	}
	how := c.s.quirks.Vanished
	switch how {
	case VanishedUntold:
		return
	case VanishedHalf:
		for i := 0; i < len(gone); i++ {
			gone = append(gone[:i], gone[i+1:]...)
		}
	case VanishedLiving:
		if len(c.view) > 0 {
			gone = append(gone, c.view[0].UID)
		}
	case VanishedAll:
		c.line("* VANISHED (EARLIER) 1:4294967295")
		return
	case VanishedGaps:
		gone = gone[:0]
		for uid := uint32(1); uid < c.box.next; uid++ {
			if i := firstFrom(c.box.msgs, uid); i == len(c.box.msgs) || c.box.msgs[i].UID != uid {
				gone = append(gone, uid)
			}
		}
	}
	if len(gone) == 0 {
		return
	}
	c.line("* VANISHED (EARLIER) " + spelled(gone))
	if how == VanishedTwice {
		c.line("* VANISHED (EARLIER) " + spelled(gone))
	}
}

// spelled writes numbers as a set.
func spelled(uids []uint32) string {
	var out []string
	for i := 0; i < len(uids); {
		n := i + 1
		for n < len(uids) && uids[n] == uids[n-1]+1 {
			n++
		}
		if n-i > 1 {
			out = append(out, fmt.Sprintf("%d:%d", uids[i], uids[n-1]))
		} else {
			out = append(out, strconv.FormatUint(uint64(uids[i]), 10))
		}
		i = n
	}
	return strings.Join(out, ",")
}
