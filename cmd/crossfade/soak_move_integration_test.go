//go:build integration

package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"crossfade/internal/faults"
	"crossfade/internal/testbed"
)

// move is one round of a soak.
type move struct {
	bed      *testbed.Bed
	proxy    *proxyProcess
	relays   []*faults.Relay // before the source and the destination
	accounts []account
	longest  time.Duration // between two kills
}

// account is one of those that move. Clients work in some.
type account struct {
	user    string
	before  testbed.Snapshot
	workers []*worker
	above   testbed.Lasting // what was ever seen of it on the destination; of those alone that have no clients
}

// see reads the source.
func (a *account) see(addr string) (err error) {
	a.before, err = testbed.Read(addr, a.user, testbed.Pass)
	return err
}

// each does something for all accounts, three at a time.
func (m *move) each(t *testing.T, do func(int, *account) error) {
	t.Helper()
	var group errgroup.Group
	group.SetLimit(3)
	for i := range m.accounts {
		group.Go(func() error {
			if err := do(i, &m.accounts[i]); err != nil {
				return fmt.Errorf("%s: %w", m.accounts[i].user, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

func (m *move) count() (n int) {
	for _, a := range m.accounts {
		n += a.before.Count()
	}
	return n
}

func (m *move) bytes() (n int64) {
	for _, a := range m.accounts {
		for _, f := range a.before.Folders {
			for _, msg := range f.Messages {
				n += int64(msg.Size)
			}
		}
	}
	return n
}

// enrol logs every account in while nothing is copied yet, and gives every fourth one, the first included, clients.
// Then the proxy is started such that it copies.
func (m *move) enrol(t *testing.T, seed uint64) {
	t.Helper()
	m.longest = time.Second + time.Duration(len(m.accounts))*150*time.Millisecond
	m.relays = []*faults.Relay{
		faults.NewRelay(t, m.bed.Server(testbed.Source).Addr, 3*time.Millisecond),
		faults.NewRelay(t, m.bed.Server(testbed.Dest).Addr, 15*time.Millisecond),
	}
	m.proxy = proxyBetween(t, m.bed, m.relays[0].URL(), m.relays[1].URL(), "--hold-backfill")
	m.proxy.start(t)
	for i := range m.accounts {
		a := &m.accounts[i]
		if i%4 == 0 {
			a.workers = newWorkersFor(t, m.proxy, a.user, seed+uint64(i)<<32, 2)
		} else {
			enrolAs(t, m.proxy.imap, a.user)
		}
		for _, w := range a.workers {
			w.pause = 30 * time.Millisecond
		}
	}
	m.proxy.args = m.proxy.args[:len(m.proxy.args)-1]
	m.proxy.kill()
	m.proxy.start(t)
}

// work lets the clients begin and returns what makes them end.
func (m *move) work(t *testing.T) (stop func()) {
	t.Helper()
	end := make(chan struct{})
	var group errgroup.Group
	for _, a := range m.accounts {
		for _, w := range a.workers {
			group.Go(func() error {
				if err := w.run(end); err != nil {
					return fmt.Errorf("%s: %w", w.user, err)
				}
				return nil
			})
		}
	}
	return sync.OnceFunc(func() {
		close(end)
		if err := group.Wait(); err != nil {
			t.Error(err)
		}
	})
}

func (m *move) cuts() int { return m.relays[0].Cuts() + m.relays[1].Cuts() }

// settleDown ends the trouble.
func (m *move) settleDown() {
	for _, r := range m.relays {
		r.CutRandomly(1, 1<<40, 0)
	}
}

// troubled is what was done to a move.
type troubled struct {
	killed, hit                int
	proxy, source, destination int
}

// trouble kills and cuts while mail is moving, until all has been done or the move is over.
func (m *move) trouble(t *testing.T, random *rand.Rand, kills, cuts int) (did troubled) {
	t.Helper()
	mean := max(20_000, m.bytes()/int64(cuts/2+1))
	for i, r := range m.relays {
		r.CutRandomly(random.Uint64(), mean, (cuts+i)/2)
	}
	total := m.count()
	for did.killed < kills || m.cuts() < cuts {
		time.Sleep(time.Duration(random.Int64N(int64(m.longest))))
		left := m.left(t)
		if left <= total/100 {
			return did // what is left of the trouble is for another round
		}
		if did.killed == kills {
			continue // only cuts are still to come
		}
		m.kill(t, random, &did)
		did.killed++
		m.look(t, did.killed)
		if m.left(t) > total/100 {
			did.hit++
		}
	}
	return did
}

// look sees what is on the destination of one account without clients, each in its turn: from there nothing may go, and what
// is put in again has another number. While a folder is made a look may fail; compare wants enough of them.
func (m *move) look(t *testing.T, turn int) {
	t.Helper()
	a := &m.accounts[turn%len(m.accounts)]
	if a.workers != nil {
		a = &m.accounts[(turn+1)%len(m.accounts)]
	}
	if a.workers != nil {
		return
	}
	if a.above == nil {
		a.above = testbed.Lasting{}
	}
	if err := a.above.See(m.bed.Server(testbed.Dest).Addr, a.user); err != nil {
		t.Logf("%s: a look at the destination: %v", a.user, err)
	}
}

// left is how much has not moved, also where no folder has been listed yet. What clients do makes it a little less than it
// is.
func (m *move) left(t *testing.T) int {
	t.Helper()
	r := m.proxy.report(t)
	if r.Done {
		return 0
	}
	return m.count() - r.Total.Copied - r.Total.Whiteouts
}

// kill is the end of a process and its next life: four times of the proxy, then once of a server.
func (m *move) kill(t *testing.T, random *rand.Rand, did *troubled) {
	t.Helper()
	if did.killed%5 != 4 {
		m.proxy.kill()
		m.proxy.start(t)
		did.proxy++
		return
	}
	name := []string{testbed.Source, testbed.Dest}[random.IntN(2)]
	m.bed.Server(name).Kill(t)
	m.bed.Server(name).Start(t)
	if name == testbed.Source {
		did.source++
	} else {
		did.destination++
	}
}

// compare holds every account's destination against its source, message by message, or against what its clients know.
func (m *move) compare(t *testing.T) {
	t.Helper()
	source, dest := m.bed.Server(testbed.Source).Addr, m.bed.Server(testbed.Dest).Addr
	seen := 0
	for i := range m.accounts {
		a := &m.accounts[i]
		if a.workers != nil {
			m.proxy.wantFates(t, a.user, a.before, a.workers)
			continue
		}
		above := snapshotOf(t, dest, a.user)
		if bad := testbed.Compare(a.before, above, testbed.CompareOptions{}); bad != nil {
			t.Errorf("%s: destination:\n%s", a.user, strings.Join(bad, "\n"))
		}
		if bad := a.above.Gone(above); bad != nil {
			t.Errorf("%s: of %d copies that were there:\n%s", a.user, a.above.Count(), strings.Join(bad[:min(len(bad), 20)], "\n"))
		}
		seen += a.above.Count()
		if bad := a.before.Diff(snapshotOf(t, source, a.user)); bad != nil {
			t.Errorf("%s: the source was changed:\n%s", a.user, strings.Join(bad, "\n"))
		}
	}
	if len(m.accounts) > 1 && seen == 0 {
		t.Error("no copy was seen before the end")
	}
	t.Logf("%d copies that were seen between kills are where they were", seen)
	if code, out, errs := call("verify", "--state", m.proxy.state); code != exitWell {
		t.Errorf("verify: %d\n%s\n%s", code, out, errs)
	}
	m.proxy.stop(t)
}

// tell logs the round and adds up what clients did.
func (m *move) tell(t *testing.T, did troubled, cut int, all map[string]int) {
	t.Helper()
	for _, a := range m.accounts {
		for _, w := range a.workers {
			for what, n := range w.did {
				all[what] += n
			}
		}
	}
	t.Logf("%d messages, %d MB; kills: %d of the proxy, %d of the source, %d of the destination, %d while mail was moving; %d cuts",
		m.count(), m.bytes()/1e6, did.proxy, did.source, did.destination, did.hit, cut)
}
