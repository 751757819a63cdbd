package standin

import (
	"slices"
	"strings"

	"github.com/emersion/go-ical"
)

// Invitation is mail that the server would have sent by itself (RFC 6638 3.2).
type Invitation struct {
	From, To string
	Method   string // REQUEST, REPLY, CANCEL (RFC 5546)
	UID      string
}

// Sent is the mail that was sent so far.
func (d *DAV) Sent() []Invitation {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.sent)
}

// schedule sends what a change of an object causes: was is what stood there, is what stands there now; either may be nil.
// The caller holds mu. An event that nobody is to come to, or that another program schedules, causes nothing.
func (d *DAV) schedule(l *davLink, was *davObject, is *davItem) {
	if !d.opt.Schedules || l.kind != Calendar {
		return
	}
	var before *ical.Component
	if was != nil {
		before = mainOf(was.item)
	}
	after := mainOf(is)
	switch {
	case after != nil && (before == nil || meaning(before) != meaning(after)):
		d.invite(l.owner, after, "REQUEST")
	case after == nil && before != nil:
		d.invite(l.owner, before, "CANCEL")
	}
}

// invite sends a method to all attendees if the owner of the event is its organizer, or else the owner's own answer to the
// organizer, if there is one yet.
func (d *DAV) invite(owner string, event *ical.Component, method string) {
	organizer := event.Props.Get(ical.PropOrganizer)
	if organizer == nil || silent(organizer) {
		return
	}
	from, uid := mailOf(organizer), valueOf(event, ical.PropUID)
	for i := range event.Props[ical.PropAttendee] {
		a := &event.Props[ical.PropAttendee][i]
		to, answer := mailOf(a), strings.ToUpper(a.Params.Get("PARTSTAT"))
		switch {
		case silent(a) || to == from:
		case from == owner:
			d.sent = append(d.sent, Invitation{From: from, To: to, Method: method, UID: uid})
		case to == owner && answer != "" && answer != "NEEDS-ACTION":
			d.sent = append(d.sent, Invitation{From: to, To: from, Method: "REPLY", UID: uid})
		}
	}
}

// mainOf is the event that is not an exception of another; nil if there is none.
func mainOf(it *davItem) *ical.Component {
	if it == nil || it.cal == nil {
		return nil
	}
	var first *ical.Component
	for _, c := range it.cal.Children {
		if c.Name == ical.CompEvent && (first == nil || c.Props.Get(ical.PropRecurrenceID) == nil) {
			first = c
		}
	}
	return first
}

// meaning are the values that somebody else cares for: an alarm is none.
func meaning(c *ical.Component) string {
	var b strings.Builder
	for _, name := range []string{"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "SUMMARY", "LOCATION", "STATUS", "ORGANIZER", "ATTENDEE"} {
		for _, p := range c.Props[name] {
			b.WriteString(name + ":" + strings.ToLower(p.Value) + ";" + p.Params.Get("PARTSTAT") + "\n")
		}
	}
	return b.String()
}

// silent: another program schedules for this one (RFC 6638 7.1).
func silent(p *ical.Prop) bool {
	agent := strings.ToUpper(p.Params.Get("SCHEDULE-AGENT"))
	return agent == "CLIENT" || agent == "NONE"
}

func mailOf(p *ical.Prop) string {
	return strings.TrimPrefix(strings.ToLower(p.Value), "mailto:")
}
