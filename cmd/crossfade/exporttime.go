package main

import (
	"strconv"
	"strings"
	"time"
)

// sinceTime reads a time: RFC 3339, a date (its first moment here), or how long ago: 36h, 90m, 10d, 2w.
func sinceTime(name, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02 15:04", time.DateTime} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return now.Add(-d), nil
	}
	for unit, days := range map[string]int{"d": 1, "w": 7} {
		if number, ok := strings.CutSuffix(text, unit); ok {
			if n, err := strconv.Atoi(number); err == nil && n > 0 && n < 100_000 {
				return now.AddDate(0, 0, -n*days), nil
			}
		}
	}
	return time.Time{}, usagef("--%s %s: give a date (2026-03-01), a time (2026-03-01T18:00:00+01:00) or how long ago it is (36h, 10d)", name, text)
}
