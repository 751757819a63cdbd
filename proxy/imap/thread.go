package imap

import (
	"context"
	"strings"

	"crossfade/internal/mailsort"
)

// algorithm is a way to thread.
type algorithm struct {
	want mailsort.Set
	run  func(*mailsort.Table) *mailsort.Threads
}

// algorithms are those of RFC 5256 4.
var algorithms = map[string]algorithm{
	"ORDEREDSUBJECT": {mailsort.SetOf(mailsort.Subject, mailsort.Date), (*mailsort.Table).OrderedSubject},
	"REFERENCES":     {mailsort.SetOf(mailsort.Subject, mailsort.Date, mailsort.References), (*mailsort.Table).References},
}

// thread is THREAD and UID THREAD (RFC 5256 4).
func (c *conn) thread(ctx context.Context, cmd *command) error {
	if err := cmd.space(); err != nil {
		return err
	}
	name, _ := cmd.args.Atom()
	by, ok := algorithms[strings.ToUpper(string(name))]
	if !ok {
		return badError("THREAD does not know this algorithm")
	}
	if err := cmd.space(); err != nil {
		return err
	}
	hits, err := c.hits(ctx, cmd, (*searchParser).charsetName)
	if err != nil {
		return err
	}
	k := c.newKeying(by.want)
	defer k.done()
	t, err := k.table(ctx, hits)
	if err != nil {
		return err
	}
	if err := k.hold(t.ThreadBytes()); err != nil {
		return err
	}
	c.writeThreads(cmd, t, by.run(t))
	return nil
}

// writeThreads answers with threads.
func (c *conn) writeThreads(cmd *command, t *mailsort.Table, threads *mailsort.Threads) {
	b := append(c.scratch[:0], "* THREAD"...)
	if len(t.UIDs) > 0 {
		b = append(b, ' ')
	}
	seqs := seqCursor{view: c.view}
	b = threads.Append(b, func(b []byte, place int32) []byte {
		n := t.UIDs[place]
		if !cmd.uid {
			n = seqs.of(n)
		}
		return number(b, uint64(n))
	}, c.spill)
	c.bytes(append(b, "\r\n"...))
	c.scratch = b[:0]
}
