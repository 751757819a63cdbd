package standin

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-ical"
	"github.com/teambition/rrule-go"
)

// timeRange is a time-range of a query: the start belongs to it, the end does not (RFC 4791 9.9).
type timeRange struct{ start, end time.Time }

// inRange reads a time-range element and asks about it. No element is no condition.
func inRange(f *node, ask func(timeRange) bool) (bool, error) {
	if f == nil {
		return true, nil
	}
	r := timeRange{start: time.Time{}, end: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}
	for name, to := range map[string]*time.Time{"start": &r.start, "end": &r.end} {
		if s := f.attr[name]; s != "" {
			t, err := time.Parse("20060102T150405Z", s)
			if err != nil {
				return false, davError{http.StatusForbidden, "valid-filter", nsCal}
			}
			*to = t
		}
	}
	return ask(r), nil
}

// overlaps is for something that lasts; what has no length is a moment.
func (r timeRange) overlaps(from, to time.Time) bool {
	if !to.After(from) {
		return !from.Before(r.start) && from.Before(r.end)
	}
	return to.After(r.start) && from.Before(r.end)
}

// holds tells whether a property's time is within. A time that cannot be read is: a short answer would be worse.
func (r timeRange) holds(p *ical.Prop) bool {
	t, ok := timeOf(p)
	return !ok || r.overlaps(t, t)
}

// timeOf reads a time. A zone that is not known, as Outlook's own names are not, counts as UTC.
func timeOf(p *ical.Prop) (time.Time, bool) {
	if p == nil {
		return time.Time{}, false
	}
	t, err := p.DateTime(time.UTC)
	if err == nil {
		return t, true
	}
	bare := *p
	bare.Params = ical.Params{}
	t, err = bare.DateTime(time.UTC)
	return t, err == nil
}

// meets tells whether a component is within, any of its recurrences included. When in doubt it is.
func (r timeRange) meets(c *ical.Component) bool {
	start, has := timeOf(c.Props.Get(ical.PropDateTimeStart))
	switch c.Name {
	case ical.CompEvent:
		if !has {
			return true
		}
	case ical.CompToDo:
		due, ends := timeOf(c.Props.Get(ical.PropDue))
		switch {
		case has && ends:
			return r.recurs(c, start, due.Sub(start))
		case ends:
			return r.overlaps(due, due)
		case !has:
			return true // RFC 4791 9.9 asks for COMPLETED and CREATED; most clients want those tasks anyway
		}
	case ical.CompJournal:
		if !has {
			return false
		}
	default:
		return true
	}
	return r.recurs(c, start, length(c, start))
}

// length is how long a component lasts.
func length(c *ical.Component, start time.Time) time.Duration {
	if end, ok := timeOf(c.Props.Get(ical.PropDateTimeEnd)); ok {
		return end.Sub(start)
	}
	if d := c.Props.Get(ical.PropDuration); d != nil {
		if long, err := d.Duration(); err == nil {
			return long
		}
	}
	if p := c.Props.Get(ical.PropDateTimeStart); len(p.Value) == len("20060102") {
		return 24 * time.Hour
	}
	return 0
}

// maxRecurrences are looked at before a component is taken to be within.
const maxRecurrences = 20_000

// recurs tells whether any of a component's recurrences is within. One that makes the parser of rules panic is.
func (r timeRange) recurs(c *ical.Component, start time.Time, long time.Duration) (within bool) {
	defer func() {
		if recover() != nil {
			within = true
		}
	}()
	if c.Props.Get(ical.PropRecurrenceRule) == nil && len(c.Props[ical.PropRecurrenceDates]) == 0 {
		return r.overlaps(start, start.Add(long))
	}
	added, sure := listed(c.Props[ical.PropRecurrenceDates])
	if !sure || slices.ContainsFunc(added, func(t time.Time) bool { return r.overlaps(t, t.Add(long)) }) {
		return true
	}
	not, sure := listed(c.Props[ical.PropExceptionDates])
	opt, err := c.Props.RecurrenceRule()
	if !sure || err != nil || opt != nil && opt.Freq > rrule.DAILY { // hourly rules and finer ones take too long
		return true
	}
	if opt == nil {
		return r.overlaps(start, start.Add(long))
	}
	opt.Dtstart = start
	rule, err := rrule.NewRRule(*opt)
	if err != nil {
		return true
	}
	next := rule.Iterator()
	for range maxRecurrences {
		t, ok := next()
		if !ok || !t.Before(r.end) {
			return false
		}
		if r.overlaps(t, t.Add(long)) && !slices.ContainsFunc(not, t.Equal) {
			return true
		}
	}
	return true
}

// listed are the times of RDATE or EXDATE; sure is whether all could be read. Of a period its start counts.
func listed(props []ical.Prop) (out []time.Time, sure bool) {
	for _, p := range props {
		for _, v := range strings.Split(p.Value, ",") {
			v, _, _ = strings.Cut(v, "/")
			one := ical.Prop{Name: p.Name, Params: ical.Params{}, Value: v}
			if zone := p.Params.Get(ical.PropTimezoneID); zone != "" {
				one.Params.Set(ical.PropTimezoneID, zone)
			}
			t, ok := timeOf(&one)
			if !ok {
				return nil, false
			}
			out = append(out, t)
		}
	}
	return out, true
}
