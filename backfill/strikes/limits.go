package strikes

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Rule bounds the strikes within a sliding window.
type Rule struct {
	Strikes int
	Window  time.Duration
}

// Limits are how many strikes one server may be caused to count. Without rules there is no limit; strikes are counted
// all the same, over countedFor.
type Limits struct {
	Rules []Rule
	// Credit is how many strikes the server takes off for a success, at most once for each name in CreditEvery (0: 5 min).
	Credit      int
	CreditEvery time.Duration
	Wait        time.Duration // longest wait for a place; 0: 15 s
}

// countedFor is the window of what is told if there is no rule.
const countedFor = 10 * time.Minute

// Per allows n strikes in a window, three times as many in five times the window, since servers have rules for those who
// keep it up, and two fifths of them in a fifth of it: the first wave of an attack, whose networks have done nothing yet,
// must not take all there is.
func Per(n int, window time.Duration) Limits {
	return Limits{Rules: []Rule{{n, window}, {3 * n, 5 * window}, {(2*n + 4) / 5, window / 5}}}
}

// maxStrikes and maxWindow bound what Parse takes.
const (
	maxStrikes = 10_000
	maxWindow  = 24 * time.Hour
)

// Parse reads a number of strikes and a time, such as "10/10m", or "off" for no limit.
func Parse(text string) (Limits, error) {
	text = strings.TrimSpace(text)
	if strings.EqualFold(text, "off") {
		return Limits{}, nil
	}
	number, window, found := strings.Cut(text, "/")
	n, err := strconv.Atoi(strings.TrimSpace(number))
	if !found || err != nil || n < 1 || n > maxStrikes {
		return Limits{}, errForm(text)
	}
	d, err := time.ParseDuration(strings.TrimSpace(window))
	if err != nil || d < time.Second || d > maxWindow {
		return Limits{}, errForm(text)
	}
	return Per(n, d), nil
}

func errForm(text string) error {
	return fmt.Errorf("%q: give a number of failed logins and a time, such as 10/10m, or off", text)
}

// kept is for how long strikes matter, and how many of them.
func (l *Limits) kept() (window time.Duration, strikes int) {
	window = countedFor
	for _, r := range l.Rules {
		window, strikes = max(window, r.Window), max(strikes, r.Strikes)
	}
	return window, max(2*strikes, maxStrikes)
}

// kept is how many of a rule's places are kept for those who are less in doubt.
func (r Rule) kept(doubt int) int {
	if r.Strikes == 1 {
		return 0
	}
	reserve := (r.Strikes + 2) / 3
	return (doubt*reserve + maxDoubt - 1) / maxDoubt
}
