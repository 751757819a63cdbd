package imap

import (
	"context"
	"errors"
	"time"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
)

// need says what a call needs of its connection.
type need struct {
	op       string
	box      string        // the mailbox to have selected; "" none
	apart    string        // a mailbox not to have selected, if that can be
	none     bool          // to have no mailbox selected, if that can be
	write    bool          // by SELECT, not EXAMINE
	validity uint32        // its UIDVALIDITY; 0: any
	once     bool          // must not be sent twice
	fresh    bool          // on a new connection
	reselect bool          // even if it is selected
	uids     goimap.UIDSet // messages that must be in view
}

// do runs fn on a connection that fits. When a connection from the pool turns out dead before it answered
// anything, and nothing was sent that must not be sent twice, it tries once more on a new one.
func (a *account) do(ctx context.Context, n need, fn func(*conn) error) error {
	if !backfill.IsBackground(ctx) {
		defer a.d.pace.Client()()
	}
	long := n.op == "fetch" && !backfill.IsBackground(ctx)
	for try := 0; ; try++ {
		began := time.Now()
		c, err := a.acquire(ctx, want{box: n.box, apart: n.apart, write: n.write, fresh: n.fresh || try > 0, login: n.fresh, long: long})
		a.d.metrics.waited(ctx, began)
		if err != nil {
			return a.explain(n.op, err)
		}
		c.long = long
		pooled := !c.used.IsZero()
		err = a.run(ctx, c, n, fn)
		if err == nil {
			return nil
		}
		if try > 0 || !pooled || c.broken == nil || !c.harmless || ctx.Err() != nil || errors.Is(err, errSilent) {
			err = a.explain(n.op, err)
			a.note(err)
			return err
		}
	}
}

// run uses one connection and gives it back.
func (a *account) run(ctx context.Context, c *conn, n need, fn func(*conn) error) (err error) {
	defer a.release(ctx, c)
	stop := c.wire.Watch(ctx)
	defer func() {
		if !stop() && c.broken == nil {
			c.broken = context.Cause(ctx)
		}
	}()
	c.harmless = true
	hush := a.d.guard(ctx, c)
	defer func() { hush() }()
	if err := c.prepare(ctx, n); err != nil {
		return err
	}
	if n.once || n.op == "IDLE" { // see silence.go
		hush()
	}
	c.answered = false
	began := time.Now()
	if err = fn(c); err == nil {
		err = c.renumbered()
	}
	a.d.metrics.took(ctx, n.op, began)
	c.harmless = !n.once && !c.answered
	var e *backfill.Error
	if errors.As(err, &e) && e.Scope == backfill.FolderScope {
		c.selected = false // perhaps the mailbox is gone: look again next time
	}
	return err
}

// prepare sees that the connection lives and has the mailbox selected.
func (c *conn) prepare(ctx context.Context, n need) error {
	c.now, c.needed = false, 0
	rest := staleAfter
	if n.once {
		rest = time.Second
	}
	if !c.used.IsZero() && time.Since(c.used) > rest {
		if err := c.awake(ctx); err != nil {
			return err
		}
	}
	if n.none {
		return c.unselect()
	}
	if n.box == "" {
		return nil
	}
	same := c.selected && c.box == n.box
	opens := !same || n.reselect || n.write && !c.writable
	var known backfill.Landmarks
	if opens || !c.proved { // before it is opened: what is learned meanwhile may be beyond the UIDNEXT that is told
		known = c.a.known(n.box)
	}
	if opens {
		if err := c.selectBox(n.box, n.write || same && c.writable); err != nil {
			return err
		}
	}
	if err := c.checkValidity(n); err != nil {
		return err
	}
	if err := c.prove(n, known); err != nil {
		return err
	}
	if c.needed = n.validity; n.validity == 0 && n.op == "scan" { // a listing is of one numbering
		c.needed = c.state.UIDValidity
	}
	return c.view(n.uids)
}

// view sees that messages are in the connection's view of the selected mailbox. What has come since the SELECT, over
// another connection, is not (RFC 3501 7.4.1, 7.3.1): Dovecot answers OK to a STORE, COPY or EXPUNGE of it and does
// nothing. A NOOP takes it in.
func (c *conn) view(uids goimap.UIDSet) error {
	highest := uint64(0)
	for _, r := range uids {
		_, hi := bounds(r)
		highest = max(highest, hi)
	}
	if len(uids) == 0 || c.now || highest < uint64(c.inView) {
		return nil
	}
	if err := c.must("NOOP"); err != nil {
		return err
	}
	c.inView = u32(highest + 1)
	return nil
}

func (c *conn) checkValidity(n need) error {
	if n.validity == 0 || c.state.UIDValidity == n.validity {
		return nil
	}
	return &backfill.Error{Op: n.op, Host: c.host, Scope: backfill.FolderScope, Patience: backfill.Later, Err: backfill.ErrUIDValidity}
}

// wireError is a connection that broke; what it means depends on the operation.
type wireError struct{ err error }

func (w *wireError) Error() string { return w.err.Error() }
func (w *wireError) Unwrap() error { return w.err }

// explain gives an error the operation and the scope. Errors of callbacks pass through as they are.
func (a *account) explain(op string, err error) error {
	var e *backfill.Error
	var w *wireError
	switch {
	case errors.As(err, &e):
		return err
	case errors.As(err, &w):
		return &backfill.Error{Op: op, Host: a.d.Host(), Scope: backfill.HostScope, Patience: backfill.Now, Err: err}
	case errors.Is(err, errClosed), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &backfill.Error{Op: op, Host: a.d.Host(), Scope: backfill.AccountScope, Patience: backfill.Now, Err: err}
	}
	return err
}
