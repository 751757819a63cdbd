// Package imapwire reads and writes the IMAP wire format (RFC 3501, RFC 9051) for both ends of a connection.
//
// Words:
//
//   - A frame is one command or one response: text lines joined by literals, up to a line end that no literal
//     marker precedes.
//   - A piece is the text of a frame up to its line end or up to the next literal.
//   - A literal is a counted run of bytes announced by {n}, {n+} (RFC 7888), ~{n} or ~{n+} (RFC 3516) at the end of a line.
//
// The Reader cuts the stream into pieces and streams literals; it never holds a literal in memory unless the
// caller asks for a whole Frame, and then only up to a limit. The Scanner walks over a frame and tolerates what
// real clients and servers send: doubled blanks, 8-bit text in quoted strings, NIL where a list belongs. It
// keeps raw bytes, so that what is only passed on is passed on unchanged.
//
// Rules:
//
//   - Nothing a peer sends causes a panic, an endless loop or an allocation beyond the limits.
//   - A cut line or literal is io.ErrUnexpectedEOF; io.EOF only ever means an end between frames.
//   - A refused literal's bytes are never taken for the next command: they are read and dropped, or, where the
//     peer waits for leave to send them, never asked for.
//   - Human-readable text of a status response is never taken for the start of a literal.
package imapwire
