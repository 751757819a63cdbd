package main

import (
	"encoding/json"
	"fmt"
	"io"
)

// lastLine is the line that ends an answer of many lines, and says so of itself.
type lastLine interface{ ends() bool }

// readLines reads what the proxy streams: a line for each folder, as each becomes known, which each takes with its JSON,
// and a last one, which it returns. An answer that was cut off before that proves nothing. With asJSON all lines are
// passed on to out as they come.
func readLines[Line any, Last lastLine](in io.Reader, out io.Writer, asJSON bool, each func(json.RawMessage, Line)) (last Last, raw json.RawMessage, err error) {
	dec := json.NewDecoder(in)
	for {
		raw = nil // the line before is each's to keep
		if err := dec.Decode(&raw); err != nil {
			return last, nil, fmt.Errorf("the proxy's answer was cut off: %w", err)
		}
		if asJSON {
			if _, err := fmt.Fprintf(out, "%s\n", raw); err != nil {
				return last, nil, err
			}
		}
		var end Last
		if err := json.Unmarshal(raw, &end); err != nil {
			return last, nil, unreadable(err)
		}
		if end.ends() {
			return end, raw, nil
		}
		var line Line
		if err := json.Unmarshal(raw, &line); err != nil {
			return last, nil, unreadable(err)
		}
		each(raw, line)
	}
}

// unreadable is the error of an answer that is not what this version expects.
func unreadable(err error) error { return fmt.Errorf("the proxy's answer cannot be read: %w", err) }
