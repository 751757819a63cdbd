package settling

import (
	"testing"
	"time"

	"crossfade/backfill/pace"
)

// noon is a Wednesday.
var noon = time.Date(2026, 12, 2, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return noon.Add(-d) }

const day = 24 * time.Hour

func hours(t *testing.T, text string) pace.Hours {
	t.Helper()
	h, err := pace.ParseHours(text)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// calm is a folder that may settle by default, and its account.
func calm() (Account, Folder) {
	return Account{FirstLogin: ago(40 * day)}, Folder{Complete: ago(2 * day), LastClient: ago(day), Bytes: 1000}
}

// TestVerdict changes one thing at a time.
func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		name  string
		do    func(p *Pace, a *Account, f *Folder)
		want  Reason
		until time.Time
	}{
		{"nothing in the way", func(*Pace, *Account, *Folder) {}, May, time.Time{}},
		{"it has", func(_ *Pace, _ *Account, f *Folder) { f.Settled, f.Stopped = ago(day), true }, Done, time.Time{}},
		{"the account is stopped", func(_ *Pace, a *Account, f *Folder) { a.Stopped, f.Ordered = true, true }, Stopped, time.Time{}},
		{"the folder is stopped", func(_ *Pace, _ *Account, f *Folder) { f.Stopped = true }, Stopped, time.Time{}},
		{"something is left", func(_ *Pace, _ *Account, f *Folder) { f.Complete, f.Ordered = time.Time{}, true }, Incomplete, time.Time{}},
		{"tried in vain", func(_ *Pace, _ *Account, f *Folder) { f.Refused, f.Ordered = noon.Add(time.Minute), true }, Refused, noon.Add(time.Minute)},
		{"tried in vain long ago", func(_ *Pace, _ *Account, f *Folder) { f.Refused = noon }, May, time.Time{}},
		{"by command alone", func(p *Pace, _ *Account, _ *Folder) { p.After = Never }, ByCommand, time.Time{}},
		{"and commanded", func(p *Pace, _ *Account, f *Folder) { p.After, f.Ordered = Never, true }, May, time.Time{}},
		{"complete just now", func(_ *Pace, _ *Account, f *Folder) { f.Complete = ago(time.Hour) }, Patience, noon.Add(23 * time.Hour)},
		{"the clock was wrong", func(_ *Pace, _ *Account, f *Folder) { f.Complete = noon.Add(1000 * day) }, Patience, noon.Add(day)},
		{"complete just now and ordered", func(_ *Pace, _ *Account, f *Folder) { f.Complete, f.Ordered = noon, true }, May, time.Time{}},
		{"at once", func(p *Pace, _ *Account, f *Folder) { p.After, f.Complete = 0, noon }, May, time.Time{}},
		{"never opened", func(_ *Pace, a *Account, f *Folder) { f.LastClient, a.FirstLogin = time.Time{}, ago(29*day) }, Unseen, noon.Add(day)},
		{"never opened in a long time", func(_ *Pace, _ *Account, f *Folder) { f.LastClient = time.Time{} }, May, time.Time{}},
		{"nobody ever came", func(_ *Pace, a *Account, f *Folder) { f.LastClient, a.FirstLogin = time.Time{}, time.Time{} }, Unseen, time.Time{}},
		{"nobody uses IMAP there", func(_ *Pace, a *Account, f *Folder) {
			f.LastClient, a.FirstLogin, a.NoClients = time.Time{}, time.Time{}, true
		}, May, time.Time{}},
		{"not waiting for anybody", func(p *Pace, a *Account, f *Folder) {
			p.Unseen, f.LastClient, a.FirstLogin = 0, time.Time{}, ago(time.Minute)
		}, May, time.Time{}},
		{"never opened but ordered", func(_ *Pace, a *Account, f *Folder) {
			f.LastClient, a.FirstLogin, f.Ordered = time.Time{}, time.Time{}, true
		}, May, time.Time{}},
		{"at night only", func(p *Pace, _ *Account, _ *Folder) { p.Hours = hours(t, "22:00-06:00 UTC") }, Hours, noon.Add(10 * time.Hour)},
		{"at noon", func(p *Pace, _ *Account, _ *Folder) { p.Hours = hours(t, "11:00-13:00 UTC") }, May, time.Time{}},
		{"at night only, and ordered", func(p *Pace, _ *Account, f *Folder) { p.Hours, f.Ordered = hours(t, "22:00-06:00 UTC"), true }, May, time.Time{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Default()
			a, f := calm()
			c.do(&p, &a, &f)
			a.Folders = []Folder{f}
			v := New(p, noon, false, []Account{a}).Verdict(0, 0)
			if v.Reason != c.want || !v.Until.Equal(c.until) {
				t.Errorf("%+v, want %q until %v", v, c.want, c.until)
			}
			if v := New(p, noon, true, []Account{a}).Verdict(0, 0); v.Reason != Stopped && v.Reason != Done {
				t.Errorf("everything is stopped: %+v", v)
			}
		})
	}
}

// TestPaced: what settled within the hour counts, and it is told when there is room again.
func TestPaced(t *testing.T) {
	settled := func(since time.Duration, bytes int64) Folder { return Folder{Settled: ago(since), Bytes: bytes} }
	_, next := calm()
	for _, c := range []struct {
		name     string
		pace     Pace
		here     []Folder // in the folder's account, settled before
		others   []Folder // each in an account of its own
		bytes    int64
		until    time.Duration
		mayStill bool
	}{
		{"no bounds", Pace{}, []Folder{settled(0, 1e12)}, nil, 1e12, 0, true},
		{"folders", Pace{Folders: 2}, []Folder{settled(10*time.Minute, 0)}, []Folder{settled(20*time.Minute, 0)}, 1, 40 * time.Minute, false},
		{"folders, one more", Pace{Folders: 3}, []Folder{settled(10*time.Minute, 0)}, []Folder{settled(20*time.Minute, 0)}, 1, 0, true},
		{"long ago", Pace{Folders: 1, Accounts: 1, Bytes: 1}, []Folder{settled(time.Hour, 5)}, nil, 1, 0, true},
		{"another account", Pace{Accounts: 1}, nil, []Folder{settled(15*time.Minute, 0)}, 1, 45 * time.Minute, false},
		{"the same account", Pace{Accounts: 1}, []Folder{settled(15*time.Minute, 0)}, nil, 1, 0, true},
		{"two accounts, the earlier is forgotten first", Pace{Accounts: 2}, nil, []Folder{settled(50*time.Minute, 0), settled(15*time.Minute, 0)}, 1, 10 * time.Minute, false},
		{"bytes", Pace{Bytes: 100}, nil, []Folder{settled(30*time.Minute, 50), settled(20*time.Minute, 30)}, 21, 30 * time.Minute, false},
		{"bytes that fit", Pace{Bytes: 100}, nil, []Folder{settled(30*time.Minute, 50), settled(20*time.Minute, 30)}, 20, 0, true},
		{"larger than an hour's", Pace{Bytes: 100}, nil, nil, 1e9, 0, true},
		{"larger than an hour's, after others", Pace{Bytes: 100}, nil, []Folder{settled(30*time.Minute, 50), settled(20*time.Minute, 30)}, 1e9, 40 * time.Minute, false},
		{"the clock was wrong", Pace{Folders: 1}, nil, []Folder{{Settled: noon.Add(1000 * day)}}, 1, time.Hour, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := next
			f.Bytes = c.bytes
			accounts := []Account{{FirstLogin: noon, Folders: append([]Folder{f}, c.here...)}}
			for _, o := range c.others {
				accounts = append(accounts, Account{Folders: []Folder{o}})
			}
			p := New(c.pace, noon, false, accounts)
			v, want := p.Verdict(0, 0), Verdict{Paced, noon.Add(c.until)}
			if c.mayStill {
				want = Verdict{Reason: May}
			}
			if v.Reason != want.Reason || !v.Until.Equal(want.Until) {
				t.Errorf("%+v, want %+v", v, want)
			}
			if _, _, ok := p.Next(); ok != c.mayStill || !p.Again().Equal(want.Until) {
				t.Errorf("next %v, again %v", ok, p.Again())
			}
			accounts[0].Folders[0].Ordered = true
			if v := New(c.pace, noon, false, accounts).Verdict(0, 0); v.Reason != May {
				t.Errorf("ordered: %+v", v)
			}
		})
	}
}

// TestOrder: what is ordered goes first, then accounts that have begun, then what has been complete for longest.
func TestOrder(t *testing.T) {
	folder := func(complete time.Duration) Folder { return Folder{Complete: ago(complete), LastClient: noon} }
	accounts := []Account{
		{Folders: []Folder{folder(3 * day), folder(5 * day)}},
		{Folders: []Folder{folder(2 * day), {Settled: ago(time.Minute)}}},
		{Folders: []Folder{folder(time.Hour)}},
	}
	accounts[2].Folders[0].Ordered = true
	for _, want := range [][2]int{{2, 0}, {1, 0}, {0, 1}, {0, 0}} {
		i, j, ok := New(Default(), noon, false, accounts).Next()
		if !ok || [2]int{i, j} != want {
			t.Fatalf("%d/%d %v, want %v", i, j, ok, want)
		}
		accounts[i].Folders[j] = Folder{Settled: ago(2 * day)}
		if want[0] == 1 { // it is not the one that has begun any more
			accounts[1].Folders[1].Settled = ago(day)
		}
	}
	p := New(Default(), noon, false, accounts)
	if _, _, ok := p.Next(); ok || !p.Again().IsZero() {
		t.Error("something goes on for ever")
	}
}

// TestCount: every reason is named, whether it holds for a folder or not.
func TestCount(t *testing.T) {
	a, f := calm()
	a.Folders = []Folder{f, {Settled: noon}, {}, {Stopped: true}, {Stopped: true}}
	got := counted(Default(), noon, false, []Account{a})
	if len(got) != len(Reasons()) || got[Incomplete] != 1 || got[May] != 1 || got[Stopped] != 2 || got[Done] != 0 || got[Patience] != 0 {
		t.Errorf("%v", got)
	}
}

// TestUnderWay: a folder that is under way counts as settled, and keeps the others of its account waiting.
func TestUnderWay(t *testing.T) {
	next := func(pace Pace, now ...bool) [2]int {
		var accounts []Account
		for _, is := range now {
			a, f := calm()
			a.Folders = []Folder{f, f}
			a.Folders[0].Now = is
			accounts = append(accounts, a)
		}
		i, j, ok := New(pace, noon, false, accounts).Next()
		if !ok {
			return [2]int{-1, -1}
		}
		return [2]int{i, j}
	}
	none := [2]int{-1, -1}
	for _, c := range []struct {
		what string
		got  [2]int
		want [2]int
	}{
		{"the next account", next(Pace{}, true, false), [2]int{1, 0}},
		{"all are under way", next(Pace{}, true, true), none},
		{"one an hour", next(Pace{Folders: 1}, true, false), none},
		{"two an hour", next(Pace{Folders: 2}, true, false), [2]int{1, 0}},
		{"one account an hour", next(Pace{Accounts: 1}, true, false), none},
		{"so many bytes an hour", next(Pace{Bytes: 1500}, true, false), none},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
		}
	}
}
