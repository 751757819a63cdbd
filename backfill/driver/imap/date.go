package imap

import (
	"net/mail"
	"strings"
	"time"
)

// dateLayout is date-time of RFC 3501 9, as APPEND wants it.
const dateLayout = "02-Jan-2006 15:04:05 -0700"

// parseDate reads an INTERNALDATE, also in forms that only resemble one. ok is false if there is no telling.
func parseDate(s string) (t time.Time, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return time.Time{}, false
	}
	for _, layout := range [...]string{"2-Jan-2006 15:04:05 -0700", "2-Jan-2006 15:04:05 MST", "2-Jan-2006 15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return sane(t), true
		}
	}
	if t, err := mail.ParseDate(s); err == nil {
		return sane(t), true
	}
	return time.Time{}, false
}

// sane replaces a zone that is none on earth, which the next server would refuse, or that cannot be written
// in hours and minutes.
func sane(t time.Time) time.Time {
	if _, offset := t.Zone(); offset < -14*3600 || offset > 14*3600 || offset%60 != 0 {
		return t.UTC()
	}
	return t
}
