//go:build integration

package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"crossfade/internal/faults"
	"crossfade/internal/testbed"
)

// TestWorkingDuringKills: kill -9 at random moments of a move while clients store, append, move and delete. What
// the proxy has acknowledged holds at the end; what it had not time to acknowledge was done or was not.
func TestWorkingDuringKills(t *testing.T) {
	t.Parallel()
	rounds(t, "CROSSFADE_TEST_KILLS", func(t *testing.T, n int) {
		bed := testbed.Start(t, []string{"CROSSFADE_DEST_FSYNC=never"}, testbed.Source, testbed.Dest)
		bed.Server(testbed.Source).FillFiles(t, testbed.User(0), "--folders", "20", "--per-folder", "250", "--mean", "1800", "--clean")
		before := snapshot(t, bed.Server(testbed.Source).Addr)
		p := proxyBetween(t, bed, faults.NewRelay(t, bed.Server(testbed.Source).Addr, 3*time.Millisecond).URL(),
			faults.NewRelay(t, bed.Server(testbed.Dest).Addr, 20*time.Millisecond).URL(), "--hold-backfill")
		p.start(t)
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		workers := newWorkers(t, p, seed, 4)
		p.args = p.args[:len(p.args)-1] // from the next start on it copies
		p.kill()
		p.start(t)
		stop := make(chan struct{})
		var group errgroup.Group
		for _, w := range workers {
			group.Go(func() error { return w.run(stop) })
		}
		hit := p.killOften(t, rand.New(rand.NewPCG(seed, 99)), n, before.Count(), workers)
		for end := time.Now().Add(longEnough); servedBy(workers) < 5*n && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		}
		close(stop)
		if err := group.Wait(); err != nil {
			t.Error(err)
		}
		did := map[string]int{}
		for _, w := range workers {
			for what, n := range w.did {
				did[what] += n
			}
		}
		t.Logf("%d of %d kills while mail was moving; the clients did %v", hit, n, did)
		if hit < (n+1)/2 || did["unknown"] == 0 || did["acknowledged"] < 5*n {
			t.Error("that proves too little")
		}
		p.wantWorked(t, before, workers)
	})
}

// TestWorkingWhileMoving: clients work as fast as they can while what they work on is being copied.
func TestWorkingWhileMoving(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t, []string{"CROSSFADE_DEST_FSYNC=never"}, testbed.Source, testbed.Dest)
	bed.Server(testbed.Source).FillFiles(t, testbed.User(0), "--folders", "4", "--per-folder", "400", "--mean", "1800", "--clean")
	before := snapshot(t, bed.Server(testbed.Source).Addr)
	p := proxyBetween(t, bed, bed.Server(testbed.Source).PlainURL(), faults.NewRelay(t, bed.Server(testbed.Dest).Addr, 15*time.Millisecond).URL(), "--hold-backfill")
	p.start(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	workers := newWorkers(t, p, seed, 6)
	stop := make(chan struct{})
	var group errgroup.Group
	for _, w := range workers {
		group.Go(func() error { return w.run(stop) })
	}
	time.Sleep(time.Second)
	if code, out, errs := call("release", "--state", p.state); code != exitWell {
		t.Fatalf("release: %s %s", out, errs)
	}
	for end := time.Now().Add(longEnough); p.report(t).Total.Listed > 0 && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
	}
	const enough = 20
	waits := func(w *worker) bool { return !w.rests && w.served.Load() < enough }
	for end := time.Now().Add(longEnough); slices.ContainsFunc(workers, waits) && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
	}
	close(stop)
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
	for _, w := range workers {
		if w.rests {
			continue
		}
		t.Logf("%s: %v", w.name, w.did)
		if w.did["unknown"] > 0 || w.did["acknowledged"] < enough {
			t.Errorf("%s was not served well", w.name)
		}
	}
	p.wantWorked(t, before, workers)
}

// killOften kills and restarts the proxy n times, each at a random place of its n-th of the move, when clients were served
// since the time before, and returns how often mail was still moving.
func (p *proxyProcess) killOften(t *testing.T, random *rand.Rand, n, count int, workers []*worker) (hit int) {
	t.Helper()
	for i := range n {
		place, before := count-i*count/n-random.IntN(count/n), servedBy(workers)
		for end := time.Now().Add(longEnough); ; time.Sleep(10 * time.Millisecond) {
			r := p.report(t)
			left := r.Total.Listed + r.Total.Copying
			if left <= place && servedBy(workers) > before {
				if left > count/100 {
					hit++
				}
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%d messages are left, %d were to be; clients were served %d times: %+v\n%s", left, place, servedBy(workers)-before, r.Total, p.said)
			}
		}
		p.kill()
		p.start(t)
	}
	return hit
}

// servedBy is how often clients were told that what they wanted is done.
func servedBy(workers []*worker) (n int) {
	for _, w := range workers {
		n += int(w.served.Load())
	}
	return n
}

// wantWorked waits for the end of the move and holds both sides against what the workers know.
func (p *proxyProcess) wantWorked(t *testing.T, before testbed.Snapshot, workers []*worker) {
	t.Helper()
	p.wantDone(t, longEnough)
	p.wantFates(t, testbed.User(0), before, workers)
	if code, out, errs := call("verify", "--state", p.state); code != exitWell {
		t.Errorf("verify: %d\n%s\n%s", code, out, errs)
	}
	p.stop(t)
}

// wantDone waits for the end of the move.
func (p *proxyProcess) wantDone(t *testing.T, patience time.Duration) {
	t.Helper()
	for end := time.Now().Add(patience); !p.report(t).Done; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not done: %+v\n%s", p.report(t), p.said)
		}
	}
}

// wantFates holds both sides of an account against what its workers know.
func (p *proxyProcess) wantFates(t *testing.T, user string, before testbed.Snapshot, workers []*worker) {
	t.Helper()
	shown, above := snapshotOf(t, p.imap, user), snapshotOf(t, p.bed.Server(testbed.Dest).Addr, user)
	same := testbed.CompareOptions{Map: func(s string) string { return s }}
	if bad := testbed.Compare(shown, above, same); bad != nil {
		t.Errorf("%s: the destination is not what clients see:\n%s", user, strings.Join(bad, "\n"))
	}
	copies := map[string][]placed{}
	for folder, f := range shown.Folders {
		for uid, m := range f.Messages {
			copies[m.Sum] = append(copies[m.Sum], placed{folder, uid, m.Flags, m.Date})
		}
	}
	wrong := 0
	for _, w := range workers {
		for sum, m := range w.mail {
			if !m.allows(copies[sum]) {
				if wrong++; wrong <= 20 {
					t.Errorf("%s: %s: %s\nmay be %s\nand is %v", user, sum, m.last, m, copies[sum])
				}
			}
			delete(copies, sum)
		}
	}
	if wrong > 0 || len(copies) > 0 {
		t.Errorf("%s: %d messages are not what they may be, %d came from nowhere", user, wrong, len(copies))
	}
	if bad := before.Diff(snapshotOf(t, p.bed.Server(testbed.Source).Addr, user)); bad != nil {
		t.Errorf("%s: the source was changed:\n%s", user, strings.Join(bad, "\n"))
	}
}

// placed is one copy of a message.
type placed struct {
	folder string
	uid    uint32 // 0: not known
	flags  string
	date   int64
}

// fate is what a worker knows of one message.
type fate struct {
	may  [][]placed // the ways in which it may be there
	last string     // what was done to it last
}

// settled tells where the only copy of the message is, if that is known for sure.
func (f *fate) settled() (placed, bool) {
	if len(f.may) != 1 || len(f.may[0]) != 1 || f.may[0][0].uid == 0 {
		return placed{}, false
	}
	return f.may[0][0], true
}

// allows tells whether the message may be there in these copies.
func (f *fate) allows(got []placed) bool {
	return slices.ContainsFunc(f.may, func(want []placed) bool {
		left := slices.Clone(got)
		for _, w := range want {
			i := slices.IndexFunc(left, func(g placed) bool { return g == w || w.uid == 0 && g == placed{w.folder, g.uid, w.flags, w.date} })
			if i < 0 {
				return false
			}
			left = slices.Delete(left, i, i+1)
		}
		return len(left) == 0
	})
}

func (f *fate) String() string {
	var out []string
	for _, way := range f.may {
		out = append(out, fmt.Sprint(way))
	}
	return strings.Join(out, " or ")
}

// newWorkers shares all messages out.
func newWorkers(t *testing.T, p *proxyProcess, seed uint64, n int) []*worker {
	t.Helper()
	return newWorkersFor(t, p, testbed.User(0), seed, n)
}

// newWorkersFor shares all messages of an account out. Those that are there more than once cannot be told apart, so
// nobody touches them: one more worker, who rests, knows where they must be.
func newWorkersFor(t *testing.T, p *proxyProcess, user string, seed uint64, n int) []*worker {
	t.Helper()
	seen := snapshotOf(t, p.imap, user)
	var workers []*worker
	for i := range n + 1 {
		m := &mailModel{random: rand.New(rand.NewPCG(seed, uint64(i))), dir: t.TempDir(), Snapshot: seen}
		w := &worker{name: fmt.Sprint("worker", i), addr: p.imap, user: user, rests: i == n, random: m.random, mail: map[string]*fate{},
			did: map[string]int{}, trash: m.role(t, `\trash`), folders: slices.Sorted(maps.Keys(seen.Folders))}
		for range 2000 {
			if !w.rests {
				w.letters = append(w.letters, m.letter(t, w.name))
			}
		}
		workers = append(workers, w)
	}
	all := map[string][]placed{}
	for folder, f := range seen.Folders {
		for uid, m := range f.Messages {
			all[m.Sum] = append(all[m.Sum], placed{folder, uid, m.Flags, m.Date})
		}
	}
	for i, sum := range slices.Sorted(maps.Keys(all)) {
		w := workers[i%n]
		if len(all[sum]) > 1 {
			w = workers[n]
		}
		w.mail[sum] = &fate{may: [][]placed{all[sum]}}
	}
	return workers
}
