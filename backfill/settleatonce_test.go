package backfill

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"crossfade/backfill/settling"
)

// settlingNow counts the accounts of which a folder settles just now, and the most folders of one of them. While it goes
// over them one may end and the next one begin, and both be counted: only what is seen twice is true.
func (e *Engine) settlingNow() (accounts, most int) {
	for was, now := []string(nil), e.settlingOnce(); ; was, now = now, e.settlingOnce() {
		if !slices.Equal(was, now) {
			continue
		}
		ofOne := map[string]int{}
		for _, account := range now {
			ofOne[account]++
			most = max(most, ofOne[account])
		}
		return len(ofOne), most
	}
}

// settlingOnce are the accounts of the folders that are seen to settle.
func (e *Engine) settlingOnce() (out []string) {
	for _, a := range e.known() {
		for _, f := range a.all() {
			f.mu.RLock()
			if f.settles {
				out = append(out, a.name)
			}
			f.mu.RUnlock()
		}
	}
	return out
}

// TestSettleAtOnce: several accounts settle side by side, not too many, and of each one folder at a time. The pace counts
// those that are under way.
func TestSettleAtOnce(t *testing.T) {
	for _, c := range []struct {
		pace settling.Pace
		want int
	}{{settling.Pace{}, settleAtOnce}, {settling.Pace{Folders: 2}, 2}, {settling.Pace{Accounts: 3}, 3}} {
		t.Run(fmt.Sprint(c.want), func(t *testing.T) {
			b := newBed(t)
			const accounts = 6
			for _, s := range []*fakeServer{b.src, b.dst} { // the accounts share what they have
				many(s.boxes["INBOX"], 3)
			}
			b.start(false)
			for i := range accounts {
				s, err := b.e.Login(t.Context(), fmt.Sprintf("u%d@example.test", i), "pw")
				must(t, err)
				must(t, s.Close())
			}
			b.wait()
			b.end()
			var mu sync.Mutex
			most, full := 0, make(chan struct{})
			b.dst.onScan = func(string, int) {
				n, ofOne := b.e.settlingNow()
				mu.Lock()
				if ofOne > 1 || n > c.want {
					t.Errorf("%d accounts settle at once, %d folders of one", n, ofOne)
				}
				if most < c.want && n == c.want {
					close(full)
				}
				most = max(most, n)
				mu.Unlock()
				if n > 0 { // until all have begun that may
					select {
					case <-full:
					case <-time.After(time.Minute):
					}
				}
			}
			b.settles(c.pace)
			b.start(false)
			<-full
			if c.want == settleAtOnce {
				b.eventually(func() error {
					if r := b.e.Status(); r.Accounts[accounts-1].Parting.Stage != stageSettled {
						return fmt.Errorf("%+v", r.Accounts[accounts-1].Parting)
					}
					return nil
				})
			}
			b.end()
			if most != c.want {
				t.Errorf("%d accounts settled at once, want %d", most, c.want)
			}
		})
	}
}
