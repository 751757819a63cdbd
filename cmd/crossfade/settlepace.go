package main

import (
	"strconv"
	"time"

	"crossfade/backfill/pace"
	"crossfade/backfill/settling"
)

// settling reads when and how fast folders settle.
func (s *settings) settling() (p settling.Pace, err error) {
	p = settling.Default()
	if p.After, err = settleAfter(s.SettleAfter, p.After); err != nil {
		return p, err
	}
	for _, n := range []struct {
		name, text string
		value      *int
	}{{"settle-folders", s.SettleFolders, &p.Folders}, {"settle-accounts", s.SettleAccounts, &p.Accounts}} {
		if n.text == "" {
			continue
		}
		if *n.value, err = atMost(n.name, n.text); err != nil {
			return p, err
		}
	}
	if s.SettleBytes != "" {
		if p.Bytes, err = size("settle-bytes", s.SettleBytes); err != nil {
			return p, err
		}
	}
	if s.SettleUnseen != "" {
		days, err := strconv.Atoi(s.SettleUnseen)
		if err != nil || days < 0 || days > 10_000 {
			return p, usagef("--settle-unseen %s: give a number of days, such as 30; 0 does not wait for anybody", s.SettleUnseen)
		}
		p.Unseen = time.Duration(days) * 24 * time.Hour
	}
	if p.Hours, err = pace.ParseHours(s.SettleHours); err != nil {
		return p, usagef("--settle-hours: %v", err)
	}
	if _, share, _ := p.Hours.At(time.Now()); share > 0 {
		return p, usagef("--settle-hours %s: folders settle in these times or they do not; leave the %% out", s.SettleHours)
	}
	return p, nil
}

func settleAfter(text string, unsaid time.Duration) (time.Duration, error) {
	switch text {
	case "":
		return unsaid, nil
	case "never":
		return settling.Never, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, usagef("--settle-after %s: give a time such as 24h, 90m or 0s, or never", text)
	}
	return d, nil
}
