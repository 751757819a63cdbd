// Package gate answers one question: may the old server be switched off?
//
// The engine takes a State of everything that matters, as plain data (state.go). Ask holds it against the conditions, one
// function for each (conditions.go), and makes a Report of what they say (gate.go). A condition is green, yellow (wait, or
// look at it) or red (something would be lost), names what stands in the way, and says what to do about it.
//
// # Rules
//
//   - The gate is open only if every condition is green or was accepted by name by whoever asks.
//   - What is not known stands in the way: an account that was not listed, a comparison that was never made.
//   - Nothing is changed and no server is asked.
//   - A new condition is a function more, and a field of State if it looks at something new.
package gate
