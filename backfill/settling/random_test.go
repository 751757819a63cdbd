package settling

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"crossfade/backfill/pace"
)

// TestAllSettle lets random companies settle: whenever the plan names a folder it settles, else time goes on to when the
// plan says. No hour sees more than it may, no folder goes before its time, and all go in the end.
func TestAllSettle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPace(t)
		accounts := drawAccounts(t)
		now, settled := noon, []step(nil)
		for range 2000 {
			plan := New(p, now, false, accounts)
			i, j, ok := plan.Next()
			if !ok {
				again := plan.Again()
				if again.IsZero() {
					break
				}
				if !again.After(now) {
					t.Fatalf("at %v nothing may settle before %v", now, again)
				}
				now = again
				continue
			}
			f := &accounts[i].Folders[j]
			s := step{now, i, f.Bytes, f.Ordered}
			s.check(t, &p, settled, &accounts[i], f)
			settled = append(settled, s)
			f.Settled = now
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "it takes")))
		}
		for i := range accounts {
			for j, f := range accounts[i].Folders {
				never := f.Complete.IsZero() || f.Stopped || accounts[i].Stopped ||
					!f.Ordered && (p.After < 0 || f.LastClient.IsZero() && !accounts[i].NoClients && accounts[i].FirstLogin.IsZero())
				if f.Settled.IsZero() != never {
					t.Fatalf("folder %d/%d %+v of %+v: settled %v", i, j, f, p, !f.Settled.IsZero())
				}
			}
		}
	})
}

// step is one folder that settled.
type step struct {
	at      time.Time
	account int
	bytes   int64
	ordered bool
}

// check tells whether a folder may settle after those before it, by another way than the plan's.
func (s step) check(t *rapid.T, p *Pace, before []step, a *Account, f *Folder) {
	if f.Complete.IsZero() || f.Stopped || a.Stopped || s.at.Before(f.Refused) {
		t.Fatalf("%+v of %+v must not", f, a)
	}
	if s.ordered {
		return
	}
	if p.After < 0 || s.at.Sub(f.Complete) < p.After {
		t.Fatalf("%v is too early for what is complete since %v", s.at, f.Complete)
	}
	if f.LastClient.IsZero() && !a.NoClients && (a.FirstLogin.IsZero() || s.at.Sub(a.FirstLogin) < p.Unseen) {
		t.Fatalf("%v is too early for what nobody has opened", s.at)
	}
	if p.Hours.Any() {
		if in, _, _ := p.Hours.At(s.at); !in {
			t.Fatalf("not at %v", s.at)
		}
	}
	folders, bytes, accounts := 1, s.bytes, map[int]bool{}
	for _, o := range before {
		if s.at.Sub(o.at) < time.Hour {
			folders, bytes, accounts[o.account] = folders+1, bytes+o.bytes, true
		}
	}
	begins := !accounts[s.account] // what an admin ordered may have begun more than there may be
	if p.Folders > 0 && folders > p.Folders || p.Accounts > 0 && begins && len(accounts) >= p.Accounts || p.Bytes > 0 && bytes > p.Bytes && folders > 1 {
		t.Fatalf("%d folders, %d bytes, %d accounts before this one within an hour: %+v", folders, bytes, len(accounts), p)
	}
}

func drawPace(t *rapid.T) Pace {
	p := Pace{
		After:    rapid.SampledFrom([]time.Duration{0, time.Hour, day, Never}).Draw(t, "after"),
		Unseen:   rapid.SampledFrom([]time.Duration{0, 30 * day}).Draw(t, "unseen"),
		Folders:  rapid.IntRange(0, 3).Draw(t, "folders"),
		Accounts: rapid.IntRange(0, 3).Draw(t, "accounts"),
		Bytes:    rapid.Int64Range(0, 1000).Draw(t, "bytes"),
	}
	text := rapid.SampledFrom([]string{"", "22:00-06:00 UTC", "Sat,Sun 10:00-11:00 UTC; Mon 03:00-03:01 UTC"}).Draw(t, "hours")
	h, err := pace.ParseHours(text)
	if err != nil {
		t.Fatal(err)
	}
	p.Hours = h
	return p
}

func drawAccounts(t *rapid.T) []Account {
	some := func(what string) time.Time { // zero, or within some weeks
		if d := rapid.Int64Range(-1, 40).Draw(t, what); d >= 0 {
			return ago(time.Duration(d) * day)
		}
		return time.Time{}
	}
	now := func(what string) bool { return rapid.IntRange(0, 7).Draw(t, what) == 0 }
	accounts := make([]Account, rapid.IntRange(0, 5).Draw(t, "accounts"))
	for i := range accounts {
		accounts[i] = Account{FirstLogin: some("first login"), NoClients: now("no clients"), Stopped: now("account stopped"),
			Folders: make([]Folder, rapid.IntRange(0, 5).Draw(t, "folders"))}
		for j := range accounts[i].Folders {
			accounts[i].Folders[j] = Folder{Complete: some("complete"), LastClient: some("client"), Bytes: rapid.Int64Range(0, 1500).Draw(t, "bytes"),
				Stopped: now("stopped"), Ordered: now("ordered"), Refused: some("refused").Add(41 * day)}
		}
	}
	return accounts
}
