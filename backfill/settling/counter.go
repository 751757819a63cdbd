package settling

import "time"

// Counter counts how many folders wait for what, as Plan.Count does, for who is shown them one by one: there may be a
// hundred thousand, and every scrape asks.
type Counter struct {
	plan    Plan // knows what settled within the hour, and no folder
	account Account
	at      int // the account's index
	counts  map[Reason]int
	ready   []ready // whether the pace lets them go is known at the end
}

// ready is a folder that nothing but the pace may keep waiting.
type ready struct {
	account int
	bytes   int64
}

// NewCounter begins a count. stopped: nothing settles, by an admin's command.
func NewCounter(pace Pace, now time.Time, stopped bool) *Counter {
	c := &Counter{plan: emptyPlan(pace, now, stopped), at: -1, counts: make(map[Reason]int)}
	for _, r := range Reasons() {
		c.counts[r] = 0
	}
	return c
}

// Account goes on to the next account. Its folders are shown afterwards; those it brings are not looked at.
func (c *Counter) Account(a Account) {
	c.account = a
	c.at++
}

// Folder counts a folder of the present account.
func (c *Counter) Folder(f *Folder) {
	c.plan.note(c.at, f)
	if f.Now {
		c.counts[May]++
		return
	}
	switch v := c.plan.pace.patient(c.plan.now, c.plan.stopped, &c.account, f); {
	case v.Reason == Done:
	case v.Reason == May && !f.Ordered && c.plan.pace.bounded():
		c.ready = append(c.ready, ready{c.at, f.Bytes})
	default:
		c.counts[v.Reason]++
	}
}

// Count is how many folders wait for what; those that have settled are not among them. Nothing is to be counted afterwards.
func (c *Counter) Count() map[Reason]int {
	c.plan.order()
	for _, r := range c.ready {
		if c.plan.paced(r.account, r.bytes).After(c.plan.now) {
			c.counts[Paced]++
		} else {
			c.counts[May]++
		}
	}
	c.ready = nil
	return c.counts
}
