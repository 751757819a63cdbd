package probe

import (
	"context"
	"fmt"
	"time"
)

// clockSlack is how far two clocks may be apart before it is worth a word of advice.
const clockSlack = 5 * time.Minute

// clock compares the destination's time with this machine's: it dates a message that comes without a date. The source
// could be asked in no such way, as nothing is written there.
func clock(ctx context.Context, n notes, s *scratch) error {
	l := newLetter("a message of now")
	header := l.date
	l.date = time.Time{}
	sent := time.Now()
	results, got, err := s.put(ctx, l)
	seen := time.Now()
	switch {
	case err != nil:
		return err
	case results[0].Err != nil:
		n.yellow("clock", "clients that send no date cannot save mail there, with the proxy or without",
			"it refuses a message without a date: %s", words(results[0].Err))
	case len(got) != 1:
		n.red("clock", help, "a message without a date was acknowledged, and %d are there", len(got))
	case got[0].Date.Sub(header).Abs() < time.Minute:
		n.green("clock", "it dates a message that comes without a date from its header: its clock is not to be seen")
	default:
		n.clock(apart(got[0].Date, sent, seen))
	}
	return nil
}

// apart is how far a clock was off that read at, at some moment from sent to seen: less than 0 if it is behind. Servers
// leave the fraction of a second out.
func apart(at, sent, seen time.Time) time.Duration {
	sent = sent.Truncate(time.Second)
	switch {
	case at.Before(sent):
		return at.Sub(sent)
	case at.After(seen):
		return at.Sub(seen)
	}
	return 0
}

func (n notes) clock(off time.Duration) {
	side := "ahead of"
	if off < 0 {
		side = "behind"
	}
	text := fmt.Sprintf("its clock is %s %s this machine's", off.Abs().Round(time.Second), side)
	switch {
	case off.Abs() > clockSlack:
		n.yellow("clock", "let both machines ask a time server (NTP): new mail gets the time of the one and logs that of the other, and certificates and logins may fail", "%s", text)
	case off.Abs() > time.Second:
		n.green("clock", "%s", text)
	default:
		n.green("clock", "its clock and this machine's agree")
	}
}
