package main

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"crossfade/backfill/settling"
)

func TestSettlePace(t *testing.T) {
	p, err := (&settings{}).settling()
	if err != nil || !reflect.DeepEqual(p.After, 24*time.Hour) || p.Unseen != 30*24*time.Hour || p.Folders == 0 || p.Accounts == 0 || p.Bytes == 0 || p.Hours.Any() {
		t.Errorf("%+v %v", p, err)
	}
	p, err = (&settings{SettleAfter: "90m", SettleFolders: "7", SettleAccounts: "3", SettleBytes: "2GB", SettleUnseen: "0", SettleHours: "Sat,Sun 01:00-05:00 UTC"}).settling()
	if err != nil || p.After != 90*time.Minute || p.Folders != 7 || p.Accounts != 3 || p.Bytes != 2e9 || p.Unseen != 0 || !p.Hours.Any() {
		t.Errorf("%+v %v", p, err)
	}
	if p, err = (&settings{SettleAfter: "never"}).settling(); err != nil || p.After != settling.Never {
		t.Errorf("%+v %v", p, err)
	}
}

func TestSettlePaceRefused(t *testing.T) {
	for _, c := range []struct {
		s    settings
		want string
	}{
		{settings{SettleAfter: "tomorrow"}, "--settle-after tomorrow: give a time such as 24h"},
		{settings{SettleAfter: "-1h"}, "--settle-after -1h"},
		{settings{SettleFolders: "0"}, "--settle-folders 0: give a number of at least 1"},
		{settings{SettleAccounts: "x"}, "--settle-accounts x"},
		{settings{SettleBytes: "much"}, "--settle-bytes much"},
		{settings{SettleUnseen: "-1"}, "--settle-unseen -1: give a number of days"},
		{settings{SettleUnseen: "30d"}, "--settle-unseen 30d"},
		{settings{SettleHours: "at night"}, `--settle-hours: "at night" is no time of the week`},
		{settings{SettleHours: "00:00-23:59 25% UTC"}, "leave the % out"},
	} {
		if _, err := c.s.settling(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.s, err)
		}
	}
}
