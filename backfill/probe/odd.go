package probe

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"crossfade/backfill"
)

// oddity is a message of a kind that old mailboxes hold.
type oddity struct {
	check, what string
	text        []byte
}

func oddities() []oddity {
	change := func(old, new string) []byte {
		l := newLetter("an odd message")
		return bytes.Replace(l.text, []byte(old), []byte(new), 1)
	}
	header := func(line string) []byte { return change("MIME-Version:", line+"\r\nMIME-Version:") }
	return []oddity{
		{"odd-nul", "NUL bytes", change("may be", "may\x00be")},
		{"odd-header-utf8", "UTF-8 in headers", header("X-Name: Größe, Đã xử lý")},
		{"odd-header-latin1", "other 8-bit bytes in headers", header("X-Name: Gr\xf6\xdfe")},
		{"odd-header-control", "control characters in headers", header("X-Name: a\x01\x02\x7fb")},
		{"odd-header-line", "a header line without a colon", header("this line has no colon")},
		{"odd-header-from", "a '>From ' line in the header", header(">From a@example.org Sun Oct  9 08:07:06 2011")},
		{"odd-bare-lf", "lines that end in LF alone", change("may be deleted. ", "may be\ndeleted. ")},
		{"odd-bare-cr", "lines that end in CR alone", change("may be deleted. ", "may be\rdeleted. ")},
		{"odd-long-line", "a line of 60,000 characters", change("may be", strings.Repeat("may be ", 60_000/7))},
		{"odd-long-header", "a header line of 20,000 characters", header("X-Name: " + strings.Repeat("v", 20_000))},
		{"odd-no-newline", "no line end at the end", bytes.TrimRight(newLetter("an odd message").text, " \r\n")},
		{"odd-no-body", "a header and no body", change("\r\n\r\nA test", "\r\nX-A: test")[:200]},
		{"odd-no-header", "no header", []byte("\r\njust text\r\n")},
		{"odd-empty", "no bytes at all", nil},
	}
}

// odd writes messages of odd kinds, one by one.
func odd(ctx context.Context, n notes, s *scratch) error {
	var kept []string
	for _, o := range oddities() {
		whole, err := oddOne(ctx, n, s, o)
		if err != nil {
			return &aboutError{"a message with " + o.what, err}
		}
		if whole {
			kept = append(kept, o.what)
		}
	}
	if len(kept) > 0 {
		n.green("odd", "messages with these keep every byte: %s", strings.Join(kept, "; "))
	}
	return nil
}

// oddOne tells of one message, unless it kept every byte.
func oddOne(ctx context.Context, n notes, s *scratch, o oddity) (whole bool, err error) {
	results, got, err := s.put(ctx, letter{date: newLetter("").date, text: o.text})
	var unseen *unseenError
	if errors.As(err, &unseen) {
		n.red(o.check, "have the server mended: a folder that holds such a message could not be followed",
			"once it holds a message with %s it cannot list the folder: %s", o.what, words(err))
		return false, s.fresh(ctx)
	}
	if err != nil && !fatal(err) { // it takes a bad message for a bad folder
		results, err = []backfill.AppendResult{{Err: err}}, nil
	}
	switch {
	case err != nil:
		return false, err
	case results[0].Err != nil:
		n.yellow(o.check, "mail of that kind stays on the old server, readable through the proxy, and is reported",
			"it refuses a message with %s: %s", o.what, words(results[0].Err))
	case len(got) != 1:
		n.red(o.check, help, "a message with %s was acknowledged, and %d are there", o.what, len(got))
	default:
		how := differ(o.text, got[0].text)
		if how == "" {
			return true, nil
		}
		n.yellow(o.check, "mail of that kind is reported as altered by the server", "it alters a message with %s: %s", o.what, how)
	}
	return false, nil
}

// large writes messages of growing size until one is refused.
func large(ctx context.Context, n notes, s *scratch) error {
	taken := int64(0)
	for _, size := range []int64{1e6, 10e6, 30e6, 50e6} {
		l := newLetter("a large message")
		item := backfill.AppendItem{Date: l.date, Size: size, Open: func() (io.ReadCloser, error) {
			return io.NopCloser(io.LimitReader(io.MultiReader(bytes.NewReader(l.text), lines{}), size)), nil
		}}
		results, err := step(ctx, func(ctx context.Context) ([]backfill.AppendResult, error) {
			return s.Append(ctx, s.box, []backfill.AppendItem{item})
		})
		if err == nil {
			err = results[0].Err
		}
		if full(err) { // that says nothing about the size
			n.yellow("large", "", "it takes a message of %s; for one of %s the account has no room", Bytes(taken), Bytes(size))
			return nil
		}
		if err != nil {
			s.size = taken
			n.yellow("large", "raise its limit if there is larger mail on the old server; what is refused stays there and is reported",
				"it takes a message of %s and refuses one of %s: %s", Bytes(taken), Bytes(size), words(err))
			return onlyFatal(err)
		}
		got, err := s.arrived(ctx)
		if err != nil {
			return err
		}
		if len(got) != 1 || got[0].Size != size {
			n.red("large", help, "a message of %s was acknowledged and is not there as it was", Bytes(size))
			return nil
		}
		taken = size
	}
	n.green("large", "it takes a message of %s", Bytes(taken))
	return nil
}

// lines is text without an end, in lines of 64 bytes.
type lines struct{}

func (lines) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	for i := 64; i <= len(b); i += 64 {
		b[i-2], b[i-1] = '\r', '\n'
	}
	return len(b), nil
}
