package imap

import (
	"bufio"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"crossfade/internal/imapwire"
)

// handOver passes on what a client says before it can have heard what its server offers. No literal that the server would
// take for commands passes: the command is made one that the server does not know, so that its answer comes from there and
// in its turn.
type handOver struct {
	most  int64     // longest literal that the server takes unasked (RFC 7888); -1: none
	until time.Time // the client has heard it by then
}

const (
	// hearing is how long a client may take to hear the answer to its login.
	hearing = 10 * time.Second
	// maxHandOver is how much of one command is held before it is passed on.
	maxHandOver = 1 << 20
	// unknownCommand tells people who read the server's answer what was wrong.
	unknownCommand = "X-NO-NONSYNC-LITERALS"
)

// handOverTo is the hand-over to a server with these capabilities.
func handOverTo(caps []string) handOver {
	h := handOver{most: -1, until: time.Now().Add(hearing)}
	switch {
	case offers(caps, "LITERAL+"):
		h.most = imapwire.NonSyncPlus
	case offers(caps, "LITERAL-"), offers(caps, "IMAP4rev2"):
		h.most = imapwire.NonSyncMinus
	}
	return h
}

// run returns nil when everything may pass from now on; what it has read and not passed on is f's first.
func (h handOver) run(f *flow) error {
	if h.most == math.MaxInt64 {
		return nil
	}
	r := bufio.NewReaderSize(f, smallFlow)
	for r.Buffered()+len(f.first) > 0 || time.Now().Before(h.until) {
		more, err := h.command(r, f)
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	held, _ := r.Peek(r.Buffered()) // cannot fail: it is there
	f.first = append(slices.Clone(held), f.first...)
	return nil
}

var errTooMuch = errors.New("a command of more than a megabyte behind the login")

// command passes one command on. more tells that the next one may have been sent in the dark as well.
func (h handOver) command(r *bufio.Reader, f *flow) (more bool, err error) {
	var held []byte
	for {
		at := len(held)
		held, err = appendLine(held, r)
		if err != nil {
			return false, errors.Join(f.pass(held), err)
		}
		size, nonSync, found := imapwire.Marker(held[at:])
		switch {
		case !found:
			return !turns(held), f.pass(held)
		case !nonSync: // the client waits for the server's leave, so it hears what came before
			return false, f.pass(held)
		case size > h.most:
			if err := drop(r, size); err != nil {
				return false, err
			}
			return true, f.pass([]byte(tagOf(held) + " " + unknownCommand + "\r\n"))
		case size > maxHandOver-int64(len(held)):
			return false, errTooMuch
		}
		at = len(held)
		held = append(held, make([]byte, size)...)
		if n, err := io.ReadFull(r, held[at:]); err != nil {
			if errors.Is(err, io.ErrUnexpectedEOF) {
				err = io.EOF
			}
			return false, errors.Join(f.pass(held[:at+n]), err)
		}
	}
}

// appendLine appends a line with its end.
func appendLine(b []byte, r *bufio.Reader) ([]byte, error) {
	for {
		part, err := r.ReadSlice('\n')
		b = append(b, part...)
		switch {
		case len(b) > maxHandOver:
			return nil, errTooMuch
		case !errors.Is(err, bufio.ErrBufferFull):
			return b, err
		}
	}
}

// drop reads a literal and what follows of its command. A literal that the client asks leave for is its end: the answer is
// no.
func drop(r *bufio.Reader, size int64) error {
	for {
		if _, err := io.CopyN(io.Discard, r, size); err != nil {
			return err
		}
		line, err := appendLine(nil, r)
		if err != nil {
			return err
		}
		var nonSync, found bool
		if size, nonSync, found = imapwire.Marker(line); !found || !nonSync {
			return nil
		}
	}
}

// turns tells whether what follows a command's answer may be no command in plain text.
func turns(command []byte) bool {
	s := imapwire.NewScanner(command)
	s.SP()
	s.Word()
	s.SP()
	name := strings.ToUpper(strings.TrimSpace(string(s.Word())))
	return slices.Contains([]string{"COMPRESS", "STARTTLS", "AUTHENTICATE", "UNAUTHENTICATE"}, name)
}

// tagOf is a command's tag, or one that fits.
func tagOf(command []byte) string {
	s := imapwire.NewScanner(command)
	s.SP()
	if tag := string(s.Word()); isTag(tag) {
		return tag
	}
	return "x"
}
