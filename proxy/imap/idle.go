package imap

import (
	"bytes"
	"context"
	"os"
	"time"
)

// gather is how long changes are gathered before they are told during IDLE: a burst costs one look at the
// folder, and nobody notices the delay.
const gather = 50 * time.Millisecond

// idle is IDLE (RFC 2177): what changes is told as it comes, bursts in one go, until the client sends DONE.
func (c *conn) idle(ctx context.Context, cmd *command) error {
	if err := cmd.end(); err != nil {
		return err
	}
	c.line("+ idling")
	c.does(doingIdle)
	silence := time.NewTimer(c.srv.opts.IdleTimeout)
	defer silence.Stop()
	ready := time.NewTimer(0) // fires when the changes may be told
	defer ready.Stop()
	told := false // the client knows all there was when the folder was last looked at
	for c.wire.Buffered() == 0 {
		var changed <-chan struct{}
		if told {
			changed = c.view.Wait()
		}
		if err := c.pause(); err != nil {
			return err
		}
		w := c.link.watch(nil)
		var err error
		select {
		case <-w.done:
		case <-ready.C:
			if c.switched() {
				err = errSwitched
				break
			}
			c.news(cmd)
			told = c.view != nil
		case <-changed:
			told = false
			ready.Reset(gather)
		case <-c.drain:
			err = errDraining
		case <-silence.C:
			err = os.ErrDeadlineExceeded
		case <-ctx.Done():
			err = ctx.Err()
		}
		if speaks := w.stop(); speaks {
			break
		}
		if err != nil {
			return c.leave(err)
		}
	}
	line, err := c.wire.ReadLine()
	if err != nil {
		return &lostError{err}
	}
	if !bytes.EqualFold(bytes.TrimSpace(line), []byte("DONE")) {
		return badError("DONE was expected")
	}
	return nil
}

// leave ends the connection from inside a command.
func (c *conn) leave(err error) error {
	c.bye = true
	c.sayWhy(err)
	return errAnswered
}
