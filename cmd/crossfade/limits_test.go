package main

import (
	"strings"
	"testing"

	"crossfade/backfill"
	"crossfade/backfill/pace"
	"crossfade/backfill/strikes"
)

func TestPaces(t *testing.T) {
	s := settings{SourceConnections: "4", SourceMessages: "2.5", SourceBytes: "1.5 MB", DestinationBytes: "64KiB", QuietHours: "Mon-Fri 08:00-18:00 UTC"}
	source, destination, err := s.paces()
	if err != nil {
		t.Fatal(err)
	}
	if source.Connections != 4 || source.Messages != 2.5 || source.Bytes != 1.5e6 || destination.Connections != 0 || destination.Bytes != 64<<10 {
		t.Errorf("%+v %+v", source, destination)
	}
	if p := (settings{}); p.Memory != "" {
		t.Error(p)
	}
}

func TestPacesRefused(t *testing.T) {
	for _, c := range []struct {
		s    settings
		want string
	}{
		{settings{SourceConnections: "0"}, "--source-connections 0: give a number of at least 1"},
		{settings{DestinationConnections: "many"}, "--destination-connections many"},
		{settings{SourceMessages: "-1"}, "--source-messages -1"},
		{settings{SourceMessages: "NaN"}, "--source-messages NaN"},
		{settings{DestinationMessages: "x"}, "--destination-messages x"},
		{settings{SourceBytes: "2 parsecs"}, "--source-bytes 2 parsecs"},
		{settings{DestinationBytes: "-5MB"}, "500KB, 2MB or 64MiB"},
		{settings{QuietHours: "at night"}, `--quiet-hours: "at night" is no time of the week`},
	} {
		if _, _, err := c.s.paces(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.s, err)
		}
	}
}

func TestMemory(t *testing.T) {
	for text, want := range map[string]int64{"": 0, "64MiB": 64 << 20, "1GB": 1e9, "16777216": 16 << 20} {
		if n, err := (&settings{Memory: text}).memory(); err != nil || n != want {
			t.Errorf("%q: %d %v", text, n, err)
		}
	}
	if _, err := (&settings{Memory: "1MB"}).memory(); err == nil || !strings.Contains(err.Error(), "at least 16 MiB") {
		t.Error(err)
	}
}

// TestNoLimits: nothing said is nothing limited.
func TestNoLimits(t *testing.T) {
	source, _, err := (&settings{}).paces()
	if err != nil || source.Connections != 0 || source.Messages != 0 || source.Bytes != 0 {
		t.Errorf("%+v %v", source, err)
	}
	if h := pace.New("x", source); h.Slice(7) != 7 {
		t.Error("a limit from nowhere")
	}
}

// TestCrowd: the limits of connections are read, and one that makes no sense is named.
func TestCrowd(t *testing.T) {
	c, err := (&settings{MaxConnections: "500", MaxPerUser: "7"}).crowd()
	if want := (crowd{all: 500, user: 7}); err != nil || c != want {
		t.Errorf("%+v, want %+v: %v", c, want, err)
	}
	for _, s := range []settings{{MaxConnections: "0"}, {MaxPerUser: "many"}, {MaxPerAddress: "-3"}} {
		if _, err := s.crowd(); err == nil || !strings.Contains(err.Error(), "--max-connections") {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

// TestStrikes: how many failed logins a server may be caused to count, with limits if nothing is said.
func TestStrikes(t *testing.T) {
	for _, c := range []struct {
		set                 settings
		source, destination int
		want                string
	}{
		{settings{}, 100, 10, ""},
		{settings{SourceFailures: "off", DestinationFailures: "5/1h"}, 0, 5, ""},
		{settings{SourceFailures: "7"}, 0, 0, "--source-failures"},
		{settings{DestinationFailures: "7/week"}, 0, 0, "--destination-failures"},
	} {
		l, err := c.set.strikes()
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
			continue
		}
		first := func(l strikes.Limits) int {
			if len(l.Rules) == 0 {
				return 0
			}
			return l.Rules[0].Strikes
		}
		if err != nil || first(l.Source) != c.source || first(l.Destination) != c.destination {
			t.Errorf("%+v %v", l, err)
		}
	}
}

// TestPrintLogins: a server on which logins fail is named, with what waits.
func TestPrintLogins(t *testing.T) {
	var b strings.Builder
	printLogins(&b, []backfill.LoginReport{{Side: "source", Host: "old", Failures: 3, Seconds: 600}, {Side: "destination", Host: "new", Failures: 10, Limit: 10, Seconds: 600, Waiting: 2, Declined: 5}})
	want := "source old: 3 logins failed in 10m0s\ndestination new: 10 logins failed in 10m0s, at most 10 may; 2 with unknown passwords wait, 5 were put off so far\n"
	if b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}
