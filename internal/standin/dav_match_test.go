package standin

import (
	"strings"
	"testing"
)

// TestDAVFilters: what the filters of RFC 4791 9.7 and RFC 6352 10.5 let through.
func TestDAVFilters(t *testing.T) {
	task := func(lines ...string) string {
		return strings.Replace(other("VTODO", "t"), "SUMMARY", strings.Join(append(lines, "SUMMARY"), "\n"), 1)
	}
	timed := func(start string, more ...string) string {
		e := strings.Replace(event("e", more...), "DTSTART:20260301T100000Z\nDTEND:20260301T110000Z", start, 1)
		return e
	}
	within := func(comp, start, end string) string {
		return `<C:comp-filter name="VCALENDAR"><C:comp-filter name="` + comp + `"><C:time-range start="` + start + `" end="` + end + `"/></C:comp-filter></C:comp-filter>`
	}
	has := func(prop, inner string) string {
		return `<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:prop-filter name="` + prop + `">` + inner + `</C:prop-filter></C:comp-filter></C:comp-filter>`
	}
	who := func(inner string) string { return `<A:prop-filter name="EMAIL">` + inner + `</A:prop-filter>` }
	const march = "20260301T000000Z"
	for _, c := range []struct {
		name, body, filter string
		want               bool
	}{
		{"any event", event("e"), `<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"/></C:comp-filter>`, true},
		{"no task", event("e"), `<C:comp-filter name="VCALENDAR"><C:comp-filter name="VTODO"/></C:comp-filter>`, false},
		{"no task is wanted", event("e"), `<C:comp-filter name="VCALENDAR"><C:comp-filter name="VTODO"><C:is-not-defined/></C:comp-filter></C:comp-filter>`, true},
		{"within a day", event("e"), within("VEVENT", march, "20260302T000000Z"), true},
		{"over before", event("e"), within("VEVENT", "20260301T110000Z", "20260302T000000Z"), false},
		{"begins after", event("e"), within("VEVENT", march, "20260301T100000Z"), false},
		{"goes on around", event("e"), within("VEVENT", "20260301T102000Z", "20260301T103000Z"), true},
		{"no end asked", event("e"), within("VEVENT", march, ""), true},
		{"a whole day", timed("DTSTART;VALUE=DATE:20260301"), within("VEVENT", "20260301T230000Z", "20260302T000000Z"), true},
		{"that is over", timed("DTSTART;VALUE=DATE:20260301"), within("VEVENT", "20260302T000000Z", "20260303T000000Z"), false},
		{"with a duration", timed("DTSTART:20260301T100000Z\nDURATION:PT3H"), within("VEVENT", "20260301T123000Z", "20260302T000000Z"), true},
		{"a moment", timed("DTSTART:20260301T100000Z"), within("VEVENT", "20260301T100000Z", "20260301T100001Z"), true},
		{"in a zone", timed("DTSTART;TZID=America/New_York:20260301T100000"), within("VEVENT", "20260301T145900Z", "20260301T150100Z"), true},
		{"in a zone of Outlook's", timed("DTSTART;TZID=W. Europe Standard Time:20260301T100000"), within("VEVENT", march, "20260302T000000Z"), true},
		{"every week", event("e", "RRULE:FREQ=WEEKLY"), within("VEVENT", "20270228T000000Z", "20270301T000000Z"), true},
		{"on other days", event("e", "RRULE:FREQ=WEEKLY"), within("VEVENT", "20270301T000000Z", "20270302T000000Z"), false},
		{"until then", event("e", "RRULE:FREQ=WEEKLY;UNTIL=20260401T000000Z"), within("VEVENT", "20270228T000000Z", "20270301T000000Z"), false},
		{"but not that day", event("e", "RRULE:FREQ=DAILY", "EXDATE:20260310T100000Z,20260311T100000Z"), within("VEVENT", "20260311T000000Z", "20260312T000000Z"), false},
		{"and one day more", event("e", "RDATE:20260401T100000Z"), within("VEVENT", "20260401T000000Z", "20260402T000000Z"), true},
		{"every second: not looked at", event("e", "RRULE:FREQ=SECONDLY;UNTIL=20260302T000000Z"), within("VEVENT", "20280101T000000Z", ""), true},
		{"a task without dates", task(), within("VTODO", march, "20260302T000000Z"), true},
		{"a task that is due", task("DUE:20260301T120000Z"), within("VTODO", march, "20260302T000000Z"), true},
		{"a task that was due", task("DUE:20260201T120000Z"), within("VTODO", march, "20260302T000000Z"), false},
		{"a property", event("e"), has("SUMMARY", ""), true},
		{"a property that is not there", event("e"), has("LOCATION", ""), false},
		{"and must not be", event("e"), has("LOCATION", "<C:is-not-defined/>"), true},
		{"text in any letter case", event("e"), has("summary", "<C:text-match>LUN</C:text-match>"), true},
		{"in this one", event("e"), has("SUMMARY", `<C:text-match collation="i;octet">LUN</C:text-match>`), false},
		{"not this text", event("e"), has("SUMMARY", `<C:text-match negate-condition="yes">lun</C:text-match>`), false},
		{"the second of two", event("e", "ATTENDEE:mailto:a@b", "ATTENDEE;PARTSTAT=DECLINED:mailto:c@d"), has("ATTENDEE", `<C:text-match>c@d</C:text-match><C:param-filter name="PARTSTAT"><C:text-match>DECL</C:text-match></C:param-filter>`), true},
		{"not one half each", event("e", "ATTENDEE:mailto:a@b", "ATTENDEE;PARTSTAT=DECLINED:mailto:c@d"), has("ATTENDEE", `<C:text-match>a@b</C:text-match><C:param-filter name="PARTSTAT"/>`), false},
		{"a card", contact("c"), who(`<A:text-match match-type="ends-with">EXAMPLE.TEST</A:text-match>`), true},
		{"equals is all of it", contact("c"), who(`<A:text-match match-type="equals">ann</A:text-match>`), false},
		{"one of two conditions", contact("c"), who(`<A:text-match>ann</A:text-match><A:text-match>bob</A:text-match>`), true},
		{"any of two properties", contact("c"), `<A:prop-filter name="NICKNAME"/>` + who(""), true},
		{"no condition", contact("c"), "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			kind, ns := Calendar, "C"
			if strings.HasPrefix(c.body, "BEGIN:VCARD") {
				kind, ns = Contacts, "A"
			}
			it, err := readItem(kind, []byte(c.body), true)
			if err != nil {
				t.Fatal(err)
			}
			f, err := parseXML([]byte("<" + ns + ":filter" + declared + ">" + c.filter + "</" + ns + ":filter>"))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := it.matches(f); err != nil || got != c.want {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

// TestDAVObjects: what is taken for an object. Lines that the parsers panic on, or nest too deep for, are none.
func TestDAVObjects(t *testing.T) {
	for _, c := range []struct {
		name, body string
		kind       Kind
		want       error
	}{
		{"an event", event("e"), Calendar, nil},
		{"a card", contact("c"), Contacts, nil},
		{"a card is no event", contact("c"), Calendar, errFaulty},
		{"an event is no card", event("e"), Contacts, errFaulty},
		{"nothing", "", Calendar, errFaulty},
		{"no card", "", Contacts, errFaulty},
		{"no end", "BEGIN:VCALENDAR\nVERSION:2.0\n", Calendar, errFaulty},
		{"no UID", strings.Replace(event("e"), "UID:e\n", "", 1), Calendar, errRules},
		{"two UIDs", strings.Replace(event("e"), "END:VCALENDAR", "BEGIN:VEVENT\nUID:f\nEND:VEVENT\nEND:VCALENDAR", 1), Calendar, errRules},
		{"two kinds", strings.Replace(event("e"), "END:VCALENDAR", "BEGIN:VTODO\nUID:e\nEND:VTODO\nEND:VCALENDAR", 1), Calendar, errRules},
		{"a parameter without an end", event("e", "X;A="), Calendar, errFaulty},
		{"a quote that goes on", event("e", `X;A="b"c:d`), Calendar, errFaulty},
		{"too deep", strings.Repeat("BEGIN:VCALENDAR\n", 100_000), Calendar, errFaulty},
		{"too deep, folded", strings.Repeat("BEG\r\n IN:VCALENDAR\n", 100_000), Calendar, errFaulty},
		{"too long a parameter", event("e", "X;A="+strings.Repeat("b", maxParams)+":c"), Calendar, errFaulty},
		{"a long value", event("e", "ATTACH;ENCODING=BASE64;VALUE=BINARY:"+strings.Repeat("YQ==", 100_000)), Calendar, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := readItem(c.kind, []byte(c.body), false); err != c.want {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}
