package pace

import "time"

// meterSlots seconds are what a meter looks back on.
const meterSlots = 5

// meter counts what happened in each of the last seconds.
type meter struct {
	slots [meterSlots]float64
	at    int64     // the second that slots[at%meterSlots] counts
	since time.Time // of the first count
}

func (m *meter) advance(now time.Time) {
	sec := now.Unix()
	if m.since.IsZero() {
		m.since, m.at = now, sec
	}
	for steps := min(sec-m.at, meterSlots); steps > 0; steps-- {
		m.at++
		m.slots[m.at%meterSlots] = 0
	}
	m.at = max(m.at, sec)
}

func (m *meter) add(now time.Time, n float64) {
	m.advance(now)
	m.slots[m.at%meterSlots] += n
}

// rate is how many a second, over the time that was seen: at least one second.
func (m *meter) rate(now time.Time) float64 {
	if m.since.IsZero() {
		return 0
	}
	m.advance(now)
	sum := 0.0
	for _, n := range m.slots {
		sum += n
	}
	seen := float64(meterSlots-1) + now.Sub(now.Truncate(time.Second)).Seconds()
	return sum / max(1, min(seen, now.Sub(m.since).Seconds()))
}
