package pace

import (
	"math"
	"time"
)

// A turn moves so much of a second's messages at most: little, because servers count in their own ways, but more
// where the turns take so long that the rate is not reached.
const (
	shortTurn = 40 * time.Millisecond
	longTurn  = time.Second
)

// bucket is a token bucket that may be overdrawn: a turn goes when there is anything in it, and the next one waits
// until the debt is paid. So a message larger than a second's bytes passes, and is paid for.
type bucket struct {
	level float64
	at    time.Time
}

// wait is how long until a turn may go; rate 0 is no limit. What was not used for longer than spare is lost.
func (b *bucket) wait(now time.Time, rate float64, spare time.Duration) time.Duration {
	if rate <= 0 {
		b.level, b.at = 0, now
		return 0
	}
	b.level = min(b.level+rate*now.Sub(b.at).Seconds(), 1+rate*spare.Seconds())
	b.at = now
	if b.level >= 0 {
		return 0
	}
	return time.Duration(math.Ceil(-b.level / rate * float64(time.Second)))
}

// take pays for a turn.
func (b *bucket) take(n float64) { b.level -= n }

// turn is how long the turns are that a rate is cut into.
type turn time.Duration

// adapt makes turns shorter when they waited for their tokens, and longer when tokens waited for them.
func (t *turn) adapt(waited bool) {
	if waited {
		*t = max(turn(shortTurn), *t*9/10)
	} else {
		*t = min(turn(longTurn), *t*5/4)
	}
}
