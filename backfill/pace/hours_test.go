package pace

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata"
)

func TestHours(t *testing.T) {
	for _, c := range []struct {
		hours, at, until string // until "": not quiet
	}{
		{"Mon-Fri 08:00-18:00 Europe/Berlin", "2026-11-25 06:59 UTC", ""},
		{"Mon-Fri 08:00-18:00 Europe/Berlin", "2026-11-25 07:00 UTC", "2026-11-25 17:00 UTC"},
		{"Mon-Fri 08:00-18:00 Europe/Berlin", "2026-11-25 16:59 UTC", "2026-11-25 17:00 UTC"},
		{"Mon-Fri 08:00-18:00 Europe/Berlin", "2026-11-25 17:00 UTC", ""},
		{"Mon-Fri 08:00-18:00 Europe/Berlin", "2026-11-28 12:00 UTC", ""}, // a Saturday
		{"Mon-Fri 08:00-18:00 Europe/Berlin", "2026-07-01 06:00 UTC", "2026-07-01 16:00 UTC"},
		{"sat,Sunday 00:00-24:00 UTC", "2026-11-29 23:59 UTC", "2026-11-30 00:00 UTC"},
		{"Fri-Mon 10:00-11:00 UTC", "2026-11-30 10:00 UTC", "2026-11-30 11:00 UTC"},
		{"Fri-Mon 10:00-11:00 UTC", "2026-12-01 10:00 UTC", ""},
		{"Mon 22:00-06:00 UTC", "2026-12-01 05:59 UTC", "2026-12-01 06:00 UTC"}, // begun on Monday
		{"Mon 22:00-06:00 UTC", "2026-11-30 05:59 UTC", ""},
		{"08:00-09:00; 17:30-18:00 UTC", "2026-11-25 17:45 UTC", "2026-11-25 18:00 UTC"},
		{"01:00-03:30 Europe/Berlin", "2026-10-25 01:30 UTC", "2026-10-25 02:30 UTC"}, // the clock goes back
	} {
		h, err := ParseHours(c.hours)
		if err != nil {
			t.Fatal(c.hours, err)
		}
		at, err := time.Parse("2006-01-02 15:04 MST", c.at)
		if err != nil {
			t.Fatal(err)
		}
		quiet, _, until := h.At(at)
		got := ""
		if quiet {
			got = until.UTC().Format("2006-01-02 15:04 MST")
		}
		if got != c.until {
			t.Errorf("%s at %s: until %q, want %q", c.hours, c.at, got, c.until)
		}
	}
}

func TestHoursRefused(t *testing.T) {
	for _, s := range []string{"Mon-Fri", "8-18", "08:00", "25:00-26:00", "08:00-08:00", "Foo 08:00-09:00", "08:00-18:00 Nowhere/Land", "08:00-18:00 120%", "08:60-09:00", "-1:00-02:00"} {
		if _, err := ParseHours(s); err == nil || !strings.Contains(err.Error(), "Mon-Fri 08:00-18:00") {
			t.Errorf("%q: %v", s, err)
		}
	}
	if h, err := ParseHours(" "); err != nil || len(h.windows) != 0 {
		t.Error(h, err)
	}
}

// TestQuietHours: the backfill rests in them, or goes on with a share of its pace.
func TestQuietHours(t *testing.T) {
	for _, c := range []struct {
		share    string
		min, max float64 // a second, of 40
	}{{"", 0, 0}, {" 25%", 9, 11}} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(time.Date(2026, 11, 25, 7, 50, 0, 0, time.UTC)))
			hours, err := ParseHours("08:00-09:00 UTC" + c.share)
			if err != nil {
				t.Fatal(err)
			}
			h, w := New("old", Limits{Messages: 40, Quiet: hours}), &worked{server: &windows{rate: 1e9}}
			ctx, stop := context.WithCancel(t.Context())
			go w.work(ctx, h, time.Millisecond)
			before, _ := w.during(10 * time.Minute)
			quiet, _ := w.during(59 * time.Minute)
			if s := h.Stats(); !s.Quiet || s.QuietUntil.UTC().Hour() != 9 {
				t.Errorf("%+v", s)
			}
			time.Sleep(2 * time.Minute)
			after, _ := w.during(10 * time.Minute)
			if before < 38 || after < 38 || quiet < c.min || quiet > c.max {
				t.Errorf("%.1f a second before, %.1f in quiet hours, %.1f after", before, quiet, after)
			}
			halt(stop)
		})
	}
}

// TestBegin: the next of the times, never one that has begun.
func TestBegin(t *testing.T) {
	at := func(s string) time.Time {
		tm, err := time.Parse("Mon 2006-01-02 15:04", s)
		if err != nil {
			t.Fatal(err)
		}
		return tm
	}
	for _, c := range []struct{ hours, now, want string }{
		{"08:00-18:00 UTC", "Wed 2026-12-02 07:00", "Wed 2026-12-02 08:00"},
		{"08:00-18:00 UTC", "Wed 2026-12-02 08:00", "Thu 2026-12-03 08:00"},
		{"Wed 08:00-18:00 UTC", "Wed 2026-12-02 08:00", "Wed 2026-12-09 08:00"},
		{"Sat,Sun 10:00-11:00; Mon 03:00-04:00 UTC", "Sun 2026-12-06 12:00", "Mon 2026-12-07 03:00"},
		{"22:00-06:00 Europe/Berlin", "Wed 2026-12-02 23:00", "Thu 2026-12-03 21:00"},
	} {
		h, err := ParseHours(c.hours)
		if err != nil {
			t.Fatal(err)
		}
		got := h.Begin(at(c.now))
		if !got.Equal(at(c.want)) {
			t.Errorf("%s after %s: %v, want %s", c.hours, c.now, got, c.want)
		}
		if in, _, _ := h.At(got); !in || !h.Any() {
			t.Errorf("%s: %v is not in it", c.hours, got)
		}
	}
	if none := (Hours{}); none.Any() || !none.Begin(time.Now()).IsZero() {
		t.Error("there is none")
	}
}
