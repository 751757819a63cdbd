package strikes

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"

	"crossfade/internal/durable"
)

// maxNoted bounds what is noted of one server.
const maxNoted = 2000

// ErrDamaged: the file cannot be read. The ledger that comes with it is empty and may be used.
var ErrDamaged = errors.New("damaged")

// Ledger is a small file of when servers counted strikes: they go on counting while the program is started again. It is
// safe for concurrent use.
type Ledger struct {
	fsys   durable.FS
	path   string
	failed func(error)

	mu    sync.Mutex
	times map[string][]int64 // Unix time in milliseconds, ascending, by host
}

// OpenLedger reads the file. One that is not there is made with the first strike. failed is told if a strike could not be
// noted.
func OpenLedger(fsys durable.FS, path string, failed func(error)) (*Ledger, error) {
	l := &Ledger{fsys: fsys, path: path, failed: failed, times: map[string][]int64{}}
	data, err := durable.ReadFile(fsys, path)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return nil, err
	}
	var times map[string][]int64
	if err := json.Unmarshal(data, &times); err != nil {
		return l, fmt.Errorf("%s: %w", path, ErrDamaged)
	}
	for host, ms := range times {
		slices.Sort(ms)
		l.times[host] = ms[max(0, len(ms)-maxNoted):]
	}
	return l, nil
}

// Counter makes a counter of a server's strikes that goes on where the last one ended. A nil ledger notes nothing.
func (l *Ledger) Counter(host string, limits Limits) *Counter {
	c := New(limits)
	if l == nil || len(limits.Rules) == 0 {
		return c
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for _, ms := range l.times[host] {
		t := time.UnixMilli(ms)
		if t.After(now) { // the clock was set back
			t = now
		}
		c.strikes = append(c.strikes, t)
	}
	c.prune(now)
	c.struck = func() {
		if err := l.note(host, c); err != nil {
			l.failed(err)
		}
	}
	return c
}

// note writes a server's strikes. Whoever comes second writes what both know.
func (l *Ledger) note(host string, c *Counter) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.mu.Lock()
	last := c.strikes[max(0, len(c.strikes)-maxNoted):]
	times := make([]int64, len(last))
	for i, t := range last {
		times[i] = t.UnixMilli()
	}
	c.mu.Unlock()
	l.times[host] = times
	data, err := json.Marshal(l.times)
	if err != nil {
		return err
	}
	return durable.WriteFile(l.fsys, l.path, data, 0o600)
}
