package imapwire

import "fmt"

// Limits bounds what one peer may make a Reader hold. Zero fields mean the defaults.
type Limits struct {
	Line    int   // longest text line in bytes; 0: 1 MiB
	Literal int64 // largest literal that a buffered Frame may hold; 0: 1 MiB. Streamed literals have no limit
	Frame   int64 // largest buffered Frame in bytes; 0: 4 MiB
}

const (
	defaultLine    = 1 << 20
	defaultLiteral = 1 << 20
	defaultFrame   = 4 << 20
)

func (l Limits) orDefaults() Limits {
	if l.Line <= 0 {
		l.Line = defaultLine
	}
	if l.Literal <= 0 {
		l.Literal = defaultLiteral
	}
	if l.Frame <= 0 {
		l.Frame = defaultFrame
	}
	return l
}

// LimitError tells that a peer sent more than a limit allows. The frame it belonged to has been read to its
// end and dropped, so the connection can go on with the next one.
type LimitError struct {
	What  string // "line", "literal" or "frame"
	Limit int64  // in bytes
	Head  []byte // the first bytes of the line or frame, enough to find a command's tag
	Sync  bool   // the peer waits for leave to send a literal: answer NO or BAD and it will not send it
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s longer than %d bytes", e.What, e.Limit)
}

const headSize = 128

func head(b []byte) []byte { return append([]byte(nil), b[:min(len(b), headSize)]...) }
