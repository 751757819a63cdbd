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
//   - DAV: the CalDAV and CardDAV server, at the API's address
//   - Options: every switch; V13 and V2023 are presets
//
// Start puts them together. Each can be used alone.
//
// DAV is a server of its own, on encoding/xml, for the switches must have every answer in hand: emersion/go-webdav's server
// half knows neither sync-collection, getctag, PROPPATCH, COPY nor MOVE, and tells nothing but what its parsers made of an
// object, where here the bytes that were PUT are to come back unless a switch says otherwise. Its client is one of those that
// the server is tried with. Objects are read by go-ical and go-vcard, behind a net, for they panic on some lines; recurrences
// are rrule-go's. A query that cannot tell whether an object is meant tells of it: a short answer would be the worse one.
// Not there: expand, free-busy-query, locks, access lists.
package standin
