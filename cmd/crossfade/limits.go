package main

import (
	"cmp"
	"strconv"
	"strings"

	"crossfade/backfill"
	"crossfade/backfill/pace"
	"crossfade/backfill/strikes"
)

// paces reads how fast each of the two hosts may be worked on.
func (s *settings) paces() (source, destination pace.Limits, err error) {
	quiet, err := pace.ParseHours(s.QuietHours)
	if err != nil {
		return source, destination, usagef("--quiet-hours: %v", err)
	}
	source, destination = pace.Limits{Quiet: quiet}, pace.Limits{Quiet: quiet}
	for _, side := range []struct {
		name                         string
		connections, messages, bytes string
		limits                       *pace.Limits
	}{
		{"source", s.SourceConnections, s.SourceMessages, s.SourceBytes, &source},
		{"destination", s.DestinationConnections, s.DestinationMessages, s.DestinationBytes, &destination},
	} {
		if side.limits.Connections, err = atMost(side.name+"-connections", side.connections); err != nil {
			return source, destination, err
		}
		if side.limits.Messages, err = perSecond(side.name+"-messages", side.messages); err != nil {
			return source, destination, err
		}
		bytes, err := size(side.name+"-bytes", side.bytes)
		if err != nil {
			return source, destination, err
		}
		side.limits.Bytes = float64(bytes)
	}
	return source, destination, nil
}

// strikes reads how many failed logins each server may be caused to count.
func (s *settings) strikes() (l backfill.StrikeLimits, err error) {
	for _, side := range []struct {
		name, text, standard string
		limits               *strikes.Limits
	}{
		{"source-failures", s.SourceFailures, "100/10m", &l.Source},
		{"destination-failures", s.DestinationFailures, "10/10m", &l.Destination},
	} {
		if *side.limits, err = strikes.Parse(cmp.Or(side.text, side.standard)); err != nil {
			return l, usagef("--%s: %v", side.name, err)
		}
	}
	return l, nil
}

// crowd reads how many mail programs may be connected.
func (s *settings) crowd() (c crowd, err error) {
	for _, l := range []struct {
		name, text string
		limit      *int
	}{
		{"max-connections", s.MaxConnections, &c.all},
		{"max-connections-per-user", s.MaxPerUser, &c.user},
		{"max-connections-per-address", s.MaxPerAddress, &c.address},
	} {
		if *l.limit, err = atMost(l.name, l.text); err != nil {
			return c, err
		}
	}
	return c, nil
}

// crowd are limits of connections; 0 is the default.
type crowd struct{ all, user, address int }

// atMost reads a number of connections; "" is no limit.
func atMost(name, text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, usagef("--%s %s: give a number of at least 1, or leave it out", name, text)
	}
	return n, nil
}

// perSecond reads a rate; "" is no limit.
func perSecond(name, text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n > 0) || n > 1e9 {
		return 0, usagef("--%s %s: give a number of messages a second, such as 20 or 0.5, or leave it out", name, text)
	}
	return n, nil
}

// minMemory is the least that --memory may be.
const minMemory = 16 << 20

// memory reads how many bytes of mail may be in memory; 0 is what the engine takes by itself.
func (s *settings) memory() (int64, error) {
	n, err := size("memory", s.Memory)
	if err == nil && n != 0 && n < minMemory {
		return 0, usagef("--memory %s: at least %d MiB are needed", s.Memory, minMemory>>20)
	}
	return n, err
}

// size reads a number of bytes with or without a unit; "" is 0.
func size(name, text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	number := strings.TrimRight(text, "kKMGiBb ")
	unit, ok := map[string]float64{"": 1, "B": 1, "K": 1e3, "KB": 1e3, "KIB": 1 << 10, "M": 1e6, "MB": 1e6, "MIB": 1 << 20,
		"G": 1e9, "GB": 1e9, "GIB": 1 << 30}[strings.ToUpper(strings.TrimSpace(text[len(number):]))]
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !ok || n*unit < 1 || n*unit > 1<<50 {
		return 0, usagef("--%s %s: give a number of bytes with a unit, such as 500KB, 2MB or 64MiB", name, text)
	}
	return int64(n * unit), nil
}
