package gate

import (
	"context"
	"fmt"
	"slices"
	"time"
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

// namedItems is how many accounts or folders a condition names.
const namedItems = 20

// item names something that stands in the way.
func (c *Condition) item(colour Colour, format string, args ...any) {
	c.Colour = c.Colour.worse(colour)
	if len(c.Items) == namedItems {
		c.More++
		return
	}
	c.Items = append(c.Items, fmt.Sprintf(format, args...))
}

// count is how many things were named.
func (c *Condition) count() int { return len(c.Items) + c.More }

// found says what was found and what to do about it, if anything stands in the way: the text is told how much.
func (c *Condition) found(text, do string, more ...any) {
	if n := c.count(); n > 0 {
		c.Text, c.Do = fmt.Sprintf(text, append([]any{n}, more...)...), do
	}
}

// Options say what is asked.
type Options struct {
	Account string        // "": all
	Quiet   time.Duration // how long nothing must have arrived on the source, default 14 days
	MaxAge  time.Duration // how old the last full comparison may be, default 24 h
	Accept  []string      // names of conditions that the admin accepts as they are
}

// Report answers the question whether the old server may be switched off: only if Colour is green.
type Report struct {
	Colour      Colour      `json:"colour"`
	Time        time.Time   `json:"time"`
	Source      string      `json:"source_server"`
	Destination string      `json:"destination_server"`
	Accounts    int         `json:"accounts"`
	Conditions  []Condition `json:"conditions"`
}

// asking is one asking: what the conditions look at.
type asking struct {
	State
	opt Options
}

// conditions are what is asked, in the order in which they are told. A new one is a function more.
func conditions() []func(context.Context, *asking) (Condition, error) {
	return []func(context.Context, *asking) (Condition, error){
		knownAccounts, nothingToRebuild, listedFolders, nothingHidden, noProblems, notHeld, notCleaned, allCopied, nothingUnfiled, nothingInFlight, quarantineSigned, verifiedLately, quietSource, settledFolders, aliasesUnused, forwards, leftBehind, neverCame, clients,
	}
}

// Ask tells whether the old server may be switched off, and what is to be done before.
func Ask(ctx context.Context, s State, opt Options) (Report, error) {
	if opt.Quiet <= 0 {
		opt.Quiet = 14 * 24 * time.Hour
	}
	if opt.MaxAge <= 0 {
		opt.MaxAge = 24 * time.Hour
	}
	a := &asking{s, opt}
	r := Report{Colour: Green, Time: s.Time.UTC(), Source: s.Source, Destination: s.Destination, Accounts: len(s.Accounts)}
	names := make(map[string]bool)
	for _, condition := range conditions() {
		c, err := condition(ctx, a)
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
