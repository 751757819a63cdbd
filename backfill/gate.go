package backfill

import (
	"context"
	"fmt"
	"slices"
	"time"

	"crossfade/store"
)

// Colour is how much stands in the way of switching the old server off.
type Colour string

// The colours, from nothing to much.
const (
	Green  Colour = "green"
	Yellow Colour = "yellow" // wait, or look at it
	Red    Colour = "red"    // something would be lost
)

// worse is the darker of two colours.
func (c Colour) worse(d Colour) Colour {
	for _, dark := range []Colour{Red, Yellow} {
		if c == dark || d == dark {
			return dark
		}
	}
	return Green
}

// Condition is one line of the gate's answer.
type Condition struct {
	Name   string   `json:"name"`
	Colour Colour   `json:"colour"`
	Text   string   `json:"text"`
	Do     string   `json:"do,omitempty"`    // what to do about it
	Items  []string `json:"items,omitempty"` // accounts, folders or messages, the first ones
	More   int      `json:"more,omitempty"`  // how many are not named
	// Accepted: whoever asked accepts it as it is, so it stands in nobody's way.
	Accepted bool `json:"accepted,omitempty"`
}

// gateItems is how many accounts or folders a condition names.
const gateItems = 20

// item names something that stands in the way.
func (c *Condition) item(colour Colour, format string, args ...any) {
	c.Colour = c.Colour.worse(colour)
	if len(c.Items) == gateItems {
		c.More++
		return
	}
	c.Items = append(c.Items, fmt.Sprintf(format, args...))
}

// count is how many things stand in the way.
func (c *Condition) count() int { return len(c.Items) + c.More }

// GateOptions say what is asked.
type GateOptions struct {
	Account string        // "": all
	Quiet   time.Duration // how long nothing must have arrived on the source, default 14 days
	MaxAge  time.Duration // how old the last full comparison may be, default 24 h
	Accept  []string      // names of conditions that the admin accepts as they are
}

// GateReport answers the question whether the old server may be switched off: only if Colour is green.
type GateReport struct {
	Colour      Colour      `json:"colour"`
	Time        time.Time   `json:"time"`
	Source      string      `json:"source_server"`
	Destination string      `json:"destination_server"`
	Accounts    int         `json:"accounts"`
	Conditions  []Condition `json:"conditions"`
}

// gate is one asking: what the conditions look at.
type gate struct {
	e        *Engine
	opt      GateOptions
	now      time.Time
	accounts []gateAccount
}

// gateAccount is an account with its record and sums.
type gateAccount struct {
	*account
	rec      store.Account
	sums     sums
	sessions int
	listed   bool // its folders were listed since the program started
	problem  string
	doubt    string
}

// conditions are what the gate asks, in the order in which they are told. A new one is a function more.
func conditions() []func(context.Context, *gate) (Condition, error) {
	return []func(context.Context, *gate) (Condition, error){
		knownAccounts, nothingToRebuild, listedFolders, noProblems, notHeld, allCopied, nothingInFlight, quarantineSigned, verifiedLately, quietSource, clients,
	}
}

// Finish tells whether the old server may be switched off, and what is to be done before. It changes nothing.
func (e *Engine) Finish(ctx context.Context, opt GateOptions) (GateReport, error) {
	if opt.Quiet <= 0 {
		opt.Quiet = 14 * 24 * time.Hour
	}
	if opt.MaxAge <= 0 {
		opt.MaxAge = 24 * time.Hour
	}
	g := &gate{e: e, opt: opt, now: time.Now()}
	r := GateReport{Colour: Green, Time: g.now.UTC()}
	r.Source, r.Destination = e.Servers()
	if err := g.look(); err != nil {
		return r, err
	}
	r.Accounts = len(g.accounts)
	names := make(map[string]bool)
	for _, condition := range conditions() {
		c, err := condition(ctx, g)
		if err != nil {
			return r, err
		}
		names[c.Name] = true
		if c.Colour == "" {
			c.Colour = Green
		}
		if c.Colour != Green && slices.Contains(opt.Accept, c.Name) {
			c.Accepted = true
		} else {
			r.Colour = r.Colour.worse(c.Colour)
		}
		r.Conditions = append(r.Conditions, c)
	}
	for _, name := range opt.Accept {
		if !names[name] {
			return r, fmt.Errorf("there is no condition %q to accept", name)
		}
	}
	return r, ctx.Err()
}

// look gathers what all conditions need.
func (g *gate) look() error {
	all, err := g.e.accountsNamed(g.opt.Account)
	if err != nil {
		return err
	}
	for _, a := range all {
		ga := gateAccount{account: a, doubt: a.doubtful()}
		err := g.e.store.View(func(rx *store.Rx) (err error) {
			ga.rec, err = rx.Account(a.id)
			return err
		})
		if err != nil {
			return err
		}
		for _, f := range a.all() {
			f.countOnce()
			f.glance(&ga.sums)
		}
		a.surveyed(&ga.sums)
		a.mu.Lock()
		ga.sessions, ga.listed, ga.problem = a.sessions, !a.treeInfo.at.IsZero(), a.problems.Text
		a.mu.Unlock()
		g.accounts = append(g.accounts, ga)
	}
	return nil
}
