package probe

import (
	"strings"
	"testing"
	"time"
)

// TestApart: what an answer took is not the fault of the clock, and neither is the second that it was cut to.
func TestApart(t *testing.T) {
	sent := time.Date(2026, 3, 4, 5, 6, 7, 900e6, time.UTC)
	seen := sent.Add(10 * time.Second)
	for _, c := range []struct{ at, want time.Duration }{
		{-900 * time.Millisecond, 0}, {0, 0}, {10 * time.Second, 0},
		{11 * time.Second, time.Second}, {-1900 * time.Millisecond, -time.Second},
		{10*time.Second + time.Hour, time.Hour}, {-time.Hour - 900*time.Millisecond, -time.Hour},
	} {
		if got := apart(sent.Add(c.at), sent, seen); got != c.want {
			t.Errorf("%s after it was sent: %s, want %s", c.at, got, c.want)
		}
	}
}

// TestClockLevels: five minutes are let pass, more is not, and whoever is told reads which clock is behind.
func TestClockLevels(t *testing.T) {
	for _, c := range []struct {
		off   time.Duration
		level Level
		words string
	}{
		{0, Green, "agree"}, {time.Second, Green, "agree"}, {-time.Second, Green, "agree"},
		{-90 * time.Second, Green, "1m30s behind"}, {clockSlack, Green, "5m0s ahead"}, {-clockSlack, Green, "5m0s behind"},
		{clockSlack + time.Second, Yellow, "5m1s ahead"}, {-clockSlack - time.Second, Yellow, "5m1s behind"},
	} {
		var got Finding
		notes{Destination, func(f Finding) { got = f }}.clock(c.off)
		if got.Check != "clock" || got.Level != c.level || !strings.Contains(got.Text, c.words) || got.Level == Yellow != strings.Contains(got.Do, "NTP") {
			t.Errorf("%s: %+v", c.off, got)
		}
	}
}
