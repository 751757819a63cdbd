// Package standin stands in for a SmarterMail server in tests. Only tests import it.
//
// No real SmarterMail was at hand when it was made. What it does is what public documents and programs say of SmarterMail;
// where they are silent it is a guess, and the comment of the switch says "defensive": the proxy must get along with both
// positions, and neither is a claim about the real server.
//
//   - Directory: the domains and mailboxes, one for all protocols
//   - IDS: the counter of failed logins, one for all protocols
//   - Gate: who may connect at all: the IDS's blocks, and the PROXY header where one is wanted
//   - IMAP: the IMAP server, a faults.Server under the quirks that the switches say
//   - Filter: gives a real IMAP server SmarterMail's manners on the wire
//   - API: the administrator's REST API, and users' notes and tasks
//   - Options: every switch; V13 and V2023 are presets
//
// Start puts them together. Each can be used alone.
package standin
