package probe

import (
	"fmt"
)

// Level says how bad a finding is.
type Level int

// Green: all is well. Yellow: it works, and costs something. Red: do not start like this.
const (
	Green Level = iota
	Yellow
	Red
)

func (l Level) String() string { return [...]string{"green", "yellow", "red"}[max(Green, min(l, Red))] }

// MarshalText makes a level a word in JSON.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (l *Level) UnmarshalText(text []byte) error {
	for _, k := range []Level{Green, Yellow, Red} {
		if k.String() == string(text) {
			*l = k
			return nil
		}
	}
	return fmt.Errorf("no such level: %q", text)
}

// Side is what a finding is about.
type Side string

// The sides, in the order in which they are told.
const (
	Here        Side = "here" // the machine that the proxy is to run on
	Source      Side = "source"
	Destination Side = "destination"
	Between     Side = "both" // the one against the other
)

// Finding is one thing that was found out.
type Finding struct {
	Side  Side   `json:"side"`
	Check string `json:"check"` // a name that does not change
	Level Level  `json:"level"`
	Text  string `json:"text"`
	Do    string `json:"do,omitempty"` // what to do about it
}

// Survey is what the test account holds on the source.
type Survey struct {
	Folders  int   `json:"folders"`
	Messages int64 `json:"messages"`
	Bytes    int64 `json:"bytes"`
	Largest  int64 `json:"largest"` // message, in bytes
	Whole    bool  `json:"whole"`   // all folders were listed
}

// notes collects findings of one side.
type notes struct {
	side Side
	tell func(Finding)
}

func (n notes) green(check, format string, args ...any) {
	n.tell(Finding{Side: n.side, Check: check, Level: Green, Text: fmt.Sprintf(format, args...)})
}

func (n notes) yellow(check, do, format string, args ...any) {
	n.tell(Finding{Side: n.side, Check: check, Level: Yellow, Text: fmt.Sprintf(format, args...), Do: do})
}

func (n notes) red(check, do, format string, args ...any) {
	n.tell(Finding{Side: n.side, Check: check, Level: Red, Text: fmt.Sprintf(format, args...), Do: do})
}

// Bytes writes a size for people.
func Bytes(n int64) string {
	switch {
	case n < 10_000:
		return fmt.Sprintf("%d bytes", n)
	case n < 10_000_000:
		return fmt.Sprintf("%d kB", n/1000)
	case n < 10_000_000_000:
		return fmt.Sprintf("%d MB", n/1_000_000)
	}
	return fmt.Sprintf("%d GB", n/1_000_000_000)
}
