package backfill

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"crossfade/mapping"
	"crossfade/store"
	"crossfade/store/memory"
)

// company is an engine that was started over the state of many accounts, half of each folder copied.
func company(t testing.TB, accounts, folders, domains int) *Engine {
	t.Helper()
	st, err := store.Open(memory.New())
	must(t, err)
	half := tally{}
	half.states[store.Listed], half.states[store.Copied] = 500, 500
	half.own = half.states
	half.bytes[store.Copied], half.unsized[store.Listed] = 500*20_000, 500
	for n := range accounts {
		must(t, st.Update(func(tx *store.Tx) error {
			name := fmt.Sprintf("u%d@d%d.test", n, n%domains)
			a := store.Account{ID: store.AccountID(n + 1), Key: "new\x00" + name, Aliases: []string{"new\x00" + name}, DestLogin: name}
			err := tx.PutAccount(a)
			for i := range folders {
				f := store.Folder{ID: store.FolderID(n*folders + i + 1), Account: a.ID, Kind: "mail", Name: fmt.Sprint("Folder ", i), Path: mapping.Path{fmt.Sprint("Folder ", i)},
					Sources: []store.SourceBox{{Name: "x", UIDValidity: 7, UIDNext: 1001}}, DestUIDValidity: 8, Identity: store.Identity{UIDValidity: 7, Fixed: true}}
				err = errors.Join(err, tx.PutFolder(f), tx.PutTally(a.ID, f.ID, half.stored()))
			}
			return err
		}))
	}
	e, err := New(Options{Source: newFake("old", ".", 1), Destination: newFake("new", "/", 2), Store: st, Hold: true})
	must(t, err)
	t.Cleanup(func() { must(t, e.Close()) })
	return e
}

// BenchmarkScrape scrapes 2,000 accounts with 50 folders each.
func BenchmarkScrape(b *testing.B) {
	e := company(b, 2000, 50, 70)
	r := prometheus.NewRegistry()
	r.MustRegister(e.Collector())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Gather(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOverview makes what the status page shows of as many.
func BenchmarkOverview(b *testing.B) {
	e := company(b, 2000, 50, 70)
	b.ReportAllocs()
	for b.Loop() {
		if o := e.Overview(); o.Progress.Source != 100_000_000 {
			b.Fatal(o.Progress)
		}
	}
}

// TestScrapeIsCheap: a scrape loads no folder, and its series are as many for many accounts as for few.
func TestScrapeIsCheap(t *testing.T) {
	series := map[string]int{}
	for _, accounts := range []int{130, 1300} {
		e := company(t, accounts, 4, 65)
		r := prometheus.NewRegistry()
		r.MustRegister(e.Collector())
		families, err := r.Gather()
		must(t, err)
		for _, f := range families {
			if n := len(f.GetMetric()); series[f.GetName()] != 0 && series[f.GetName()] != n || n > maxDomains+1 {
				t.Errorf("%s: %d series, with fewer accounts %d", f.GetName(), n, series[f.GetName()])
			}
			series[f.GetName()] = len(f.GetMetric())
		}
		o := e.Overview()
		if len(o.Unfinished) != shownAccounts || o.MoreUnfinished != accounts-shownAccounts || *o.Progress.Ratio != 0.5 || len(o.Domains) != maxDomains+1 {
			t.Errorf("overview: %d accounts and %d more, %d domains, %+v", len(o.Unfinished), o.MoreUnfinished, len(o.Domains), o.Progress)
		}
		for _, a := range e.known() {
			for _, f := range a.all() {
				if f.loaded {
					t.Fatal("a folder was loaded")
				}
			}
		}
	}
	if series["crossfade_domain_accounts"] != maxDomains+1 {
		t.Errorf("%d domains", series["crossfade_domain_accounts"])
	}
}

// TestErrorsAreClassed: whatever a server says, errors are counted under few names.
func TestErrorsAreClassed(t *testing.T) {
	e := company(t, 1, 1, 1)
	at := func(host string, scope Scope, code, text string, err error) error {
		return fmt.Errorf("wrapped: %w", &Error{Op: "X", Host: host, Scope: scope, Code: code, Text: text, Err: err})
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{at("old", FolderScope, "THROTTLED", "slow down", nil), "source folder throttled"},
		{at("new", AccountScope, "OVERQUOTA", "full", nil), "destination account overquota"},
		{at("new", Item, "X-"+strings.Repeat("y", 1000), "?", nil), "destination item other_code"},
		{at("elsewhere", HostScope, "", "", io.EOF), "unknown host cut"},
		{at("old", HostScope, "", "", os.ErrDeadlineExceeded), "source host timeout"},
		{at("new", FolderScope, "", "", ErrUIDValidity), "destination folder uidvalidity"},
		{at("new", Item, "", "no NUL please", nil), "destination item refused"},
		{fmt.Errorf("x: %w", store.ErrFull), "state all disk_full"},
		{ErrUnavailable, "unknown host unavailable"},
		{errors.New("odd"), "unknown folder other"},
	} {
		if got := strings.Join([]string{e.sideOf(c.err), scopeOf(c.err), causeOf(c.err)}, " "); got != c.want {
			t.Errorf("%v: %s, want %s", c.err, got, c.want)
		}
		e.mishap(c.err)
	}
	ch := make(chan prometheus.Metric, 100)
	e.mishaps.count.Collect(ch)
	if len(ch) != 10 {
		t.Errorf("%d series of 10 errors", len(ch))
	}
}

// TestQueueAges: the survey tells how long opened folders wait, and what was not looked at for longest.
func TestQueueAges(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	var q queueSurvey
	busy, idle := glance{sourced: true, listed: true, checked: now.Add(-time.Minute)}, glance{sourced: true, listed: true, checked: now}
	busy.left = 1
	q.add(&busy, seenFolder{opened: now.Add(-10 * time.Second)}, now, now)
	q.add(&busy, seenFolder{opened: now.Add(-2 * time.Hour), viewers: 1}, now, now)
	q.add(&busy, seenFolder{opened: now.Add(-3 * time.Hour)}, now, now)
	q.add(&idle, seenFolder{opened: now.Add(-time.Minute), viewers: 1}, now, now)
	q.add(&glance{sourced: true}, seenFolder{}, now.Add(-30*time.Minute), now)
	if want := (queueSurvey{opened: 2, others: 2, oldestOpened: 2 * time.Hour, oldestLook: 30 * time.Minute}); q != want {
		t.Errorf("%+v, want %+v", q, want)
	}
}
