package standin

import (
	"slices"
	"strings"
	"testing"
)

// TestInvitations: who PUTs an event invites its attendees, or answers its organizer; changing an alarm tells nobody; and
// without the switch nothing is sent at all.
func TestInvitations(t *testing.T) {
	meeting := func(uid, organizer, part string, more ...string) string {
		return event(uid, append(more, "ORGANIZER:mailto:"+organizer, "ATTENDEE:mailto:ann@example.test", "ATTENDEE;PARTSTAT="+part+":mailto:joe@example.test")...)
	}
	const a, joe, boss = inCalendar + "a.ics", "joe@example.test", "boss@example.test"
	alarm := []string{"BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT5M", "END:VALARM"}
	request := Invitation{joe, "ann@example.test", "REQUEST", "m"}
	for _, c := range []struct {
		name string
		off  bool
		say  []string
		want []Invitation
	}{
		{"as the organizer", false, []string{put(a, meeting("m", joe, "ACCEPTED"))}, []Invitation{request}},
		{"nothing of it", true, []string{put(a, meeting("m", joe, "ACCEPTED"))}, nil},
		{"an alarm", false, []string{put(a, meeting("m", joe, "ACCEPTED")), put(a, meeting("m", joe, "ACCEPTED", alarm...))}, []Invitation{request}},
		{"another place", false, []string{put(a, meeting("m", joe, "ACCEPTED")), put(a, meeting("m", joe, "ACCEPTED", "LOCATION:Here"))}, []Invitation{request, request}},
		{"called off", false, []string{put(a, meeting("m", joe, "ACCEPTED")), "DELETE " + a}, []Invitation{request, {joe, "ann@example.test", "CANCEL", "m"}}},
		{"called off in silence", false, []string{put(a, meeting("m", joe, "ACCEPTED")), "DELETE " + a + "\nSchedule-Reply: F"}, []Invitation{request}},
		{"as an attendee", false, []string{put(a, meeting("m", boss, "ACCEPTED"))}, []Invitation{{joe, boss, "REPLY", "m"}}},
		{"who has not answered", false, []string{put(a, meeting("m", boss, "NEEDS-ACTION"))}, nil},
		{"scheduled by the client", false, []string{put(a, strings.Replace(meeting("m", joe, "ACCEPTED"), "ORGANIZER", "ORGANIZER;SCHEDULE-AGENT=CLIENT", 1))}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := startDAV(t, davWith(func(o *DAVOptions) { o.Schedules = !c.off }))
			for _, what := range c.say {
				if got := asks(t, s.DAV.URL, joe, "pw", what); !strings.HasPrefix(got, "20") {
					t.Fatal(got)
				}
			}
			if got := s.DAV.Sent(); !slices.Equal(got, c.want) {
				t.Errorf("sent %v, want %v", got, c.want)
			}
		})
	}
}
