package pace

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Hours are the times of the week in which the backfill rests or slows down. The zero value is never.
type Hours struct {
	windows []window
	share   float64
	zone    *time.Location
}

// window is one time of the day on some days; it may reach over midnight and belongs to the day it begins on.
type window struct {
	days     [7]bool // by time.Weekday
	from, to int     // minutes of the day; to may be 24*60
}

const hoursForm = `say it like "Mon-Fri 08:00-18:00 Europe/Berlin", several joined by ";", and "25%" behind it to go on with a quarter of the pace`

// ParseHours reads quiet hours: [days] FROM-TO, several joined by semicolons, then optionally a time zone and the
// share of its pace that the backfill keeps in them. Without days every day is meant; without a zone, the machine's.
func ParseHours(text string) (Hours, error) {
	h := Hours{zone: time.Local}
	for part := range strings.SplitSeq(text, ";") {
		words := strings.Fields(part)
		if len(words) == 0 {
			continue
		}
		w := window{days: [7]bool{true, true, true, true, true, true, true}}
		if days, ok := parseDays(words[0]); ok {
			w.days, words = days, words[1:]
		}
		if len(words) == 0 || !w.parse(words[0]) {
			return Hours{}, fmt.Errorf("%q is no time of the week; %s", strings.TrimSpace(part), hoursForm)
		}
		h.windows = append(h.windows, w)
		for _, word := range words[1:] {
			if err := h.extra(word); err != nil {
				return Hours{}, err
			}
		}
	}
	if len(h.windows) == 0 {
		return Hours{}, nil
	}
	return h, nil
}

// extra reads what may follow the times: a share or a zone.
func (h *Hours) extra(word string) error {
	if percent, ok := strings.CutSuffix(word, "%"); ok {
		n, err := strconv.Atoi(percent)
		if err != nil || n < 0 || n > 100 {
			return fmt.Errorf("%q is no share of 0%% to 100%%; %s", word, hoursForm)
		}
		h.share = float64(n) / 100
		return nil
	}
	zone, err := time.LoadLocation(word)
	if err != nil {
		return fmt.Errorf("%q is no time zone; %s", word, hoursForm)
	}
	h.zone = zone
	return nil
}

// parseDays reads "Mon-Fri", "Sat,Sun" or "Wed".
func parseDays(s string) (days [7]bool, ok bool) {
	for part := range strings.SplitSeq(s, ",") {
		from, to, isRange := strings.Cut(part, "-")
		a, ok := weekday(from)
		b := a
		if ok && isRange {
			b, ok = weekday(to)
		}
		if !ok {
			return [7]bool{}, false
		}
		for d := a; ; d = (d + 1) % 7 {
			days[d] = true
			if d == b {
				break
			}
		}
	}
	return days, true
}

func weekday(s string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(s, d.String()) || strings.EqualFold(s, d.String()[:3]) {
			return d, true
		}
	}
	return 0, false
}

// parse reads "08:00-18:00".
func (w *window) parse(s string) bool {
	from, to, ok := strings.Cut(s, "-")
	if !ok {
		return false
	}
	var ok1, ok2 bool
	w.from, ok1 = minutes(from)
	w.to, ok2 = minutes(to)
	return ok1 && ok2 && w.from != w.to && w.from < 24*60
}

func minutes(s string) (int, bool) {
	hour, minute, ok := strings.Cut(s, ":")
	h, err1 := strconv.Atoi(hour)
	m, err2 := strconv.Atoi(minute)
	if !ok || err1 != nil || err2 != nil || len(minute) != 2 || h < 0 || m < 0 || m > 59 || h*60+m > 24*60 {
		return 0, false
	}
	return h*60 + m, true
}

// At tells whether a moment lies in quiet hours, the share of its pace that the backfill keeps in them, and when
// they end. Windows that follow each other closely are told one by one.
func (h Hours) At(now time.Time) (quiet bool, share float64, until time.Time) {
	if len(h.windows) == 0 {
		return false, 0, time.Time{}
	}
	now = now.In(h.zone)
	for _, w := range h.windows {
		for _, back := range []int{0, 1} { // a window that began yesterday may go on today
			y, m, d := now.AddDate(0, 0, -back).Date()
			begin := time.Date(y, m, d, 0, w.from, 0, 0, h.zone)
			end := time.Date(y, m, d, 0, w.to, 0, 0, h.zone)
			if w.to < w.from {
				end = time.Date(y, m, d+1, 0, w.to, 0, 0, h.zone)
			}
			if w.days[begin.Weekday()] && !now.Before(begin) && now.Before(end) && end.After(until) {
				quiet, until = true, end
			}
		}
	}
	return quiet, h.share, until
}

// Any tells whether there are such times at all.
func (h Hours) Any() bool { return len(h.windows) > 0 }

// Begin is when the next of the times begins after now; zero if there are none.
func (h Hours) Begin(now time.Time) (next time.Time) {
	if !h.Any() {
		return next
	}
	y, m, d := now.In(h.zone).Date()
	for _, w := range h.windows {
		for ahead := range 8 {
			begin := time.Date(y, m, d+ahead, 0, w.from, 0, 0, h.zone)
			if w.days[begin.Weekday()] && begin.After(now) {
				if next.IsZero() || begin.Before(next) {
					next = begin
				}
				break
			}
		}
	}
	return next
}
