package pace

import "time"

const (
	raiseAfter  = 20 * time.Second // the found number of connections grows by one after so long
	minCrowd    = time.Minute      // but not above what was refused before this has passed
	maxCrowd    = 10 * time.Minute
	busyBackOff = 0.75
)

// conns finds how many connections a server bears.
type conns struct {
	found   int // 0: no limit was found
	refused int // so many were too many
	raise   time.Time
	above   time.Time // when as many as were refused may be tried again
	crowd   time.Duration
	full    bool // as many as allowed were in use since the last raise
}

// crowded takes a refusal because of too many connections: open are left.
func (c *conns) crowded(now time.Time, open int) {
	limit := max(1, open)
	if c.found != 0 && limit > c.found {
		limit = c.found // refusals of connections that were asked for before
	}
	c.crowd = min(max(minCrowd, 2*c.crowd), maxCrowd)
	c.set(now, limit)
	c.refused, c.above = limit+1, now.Add(c.crowd)
}

// busy takes a sign of overload.
func (c *conns) busy(now time.Time, open int) {
	if open <= 1 {
		return
	}
	limit := max(1, int(float64(open)*busyBackOff))
	if c.found == 0 || limit < c.found {
		c.set(now, limit)
	}
}

func (c *conns) set(now time.Time, limit int) {
	c.found, c.raise, c.full = limit, now.Add(raiseAfter), false
}

// grow raises the limit by one when it was reached and has held for a while.
func (c *conns) grow(now time.Time, most int) {
	switch {
	case c.found == 0 || !c.full || now.Before(c.raise):
	case c.found+1 >= c.refused && c.refused != 0 && now.Before(c.above):
	case c.found+1 > most:
		*c = conns{}
	default:
		c.set(now, c.found+1)
	}
}
