package backfill

import (
	"context"
	"errors"

	"crossfade/store"
)

// capture is the login of mode Capture: the source decides. A mailbox that the destination does not have is made; one that
// was made here and has not been given another password since is given the source's new one.
func (t *attempt) capture(ctx context.Context) error {
	if t.likely && t.a != nil { // else its mailbox may not be made yet
		src, dst, srcErr, dstErr := t.askBoth(ctx, t.askSource)
		switch {
		case srcErr == nil && dstErr == nil, dstErr == nil && IsUnavailable(srcErr):
			return t.enter(src, dst)
		case srcErr != nil:
			end(src, dst)
			return srcErr
		case !passwordRefused(dstErr):
			end(src, nil)
			return dstErr
		}
		return t.captured(ctx, src, dstErr)
	}
	src, err := t.askSource(ctx)
	if err != nil {
		return err
	}
	return t.captured(ctx, src, nil)
}

// captured goes on when the source has accepted the password. refused is what the destination said of it; nil: it was not
// asked yet. One login of a mailbox goes on at a time.
func (t *attempt) captured(ctx context.Context, src Mail, refused error) error {
	leave, err := t.e.doors.enter(ctx, t.key)
	if err != nil {
		end(src, nil)
		return err
	}
	defer leave()
	was := t.rec.ID
	if err := t.find(); err != nil {
		end(src, nil)
		return err
	}
	switch {
	case t.a != nil && t.a.proven(t.secret): // by another connection of the same mail program
		end(src, nil)
		return nil
	case t.rec.ID != was:
		refused = nil
	}
	p, _ := t.e.opt.Destination.(Provisioner)
	dst, err := t.open(ctx, p, src, refused)
	if err != nil {
		end(src, nil)
		return err
	}
	return t.enter(src, dst)
}

// open opens the mailbox on the destination by all means. The administrator's interface is asked before a password is tried
// that will be refused: each failure counts against everybody's address.
func (t *attempt) open(ctx context.Context, p Provisioner, src Mail, refused error) (Writer, error) {
	var unasked error // why the interface does not answer
	if p != nil && (t.a == nil || refused != nil || t.ours()) {
		info, err := p.Mailbox(ctx, t.id.DestLogin)
		switch unasked = err; {
		case errors.Is(err, ErrNoMailbox) && t.a == nil:
			return t.makeMailbox(ctx, p, src)
		case errors.Is(err, ErrNoMailbox):
			if t.mayMakeAgain() {
				return t.makeMailbox(ctx, p, src)
			}
			return nil, t.refuse(NeedVanished, "the mailbox is not on the new server any more: restore it there from a backup, or see what 'crossfade accounts again' would do; do not just make it anew, since what is known of the old one would be taken for the new one's")
		case err == nil:
			if err := t.usable(info); err != nil {
				return nil, err
			}
		case isCode(err, CodeCannot):
			return nil, t.refuse(NeedCannot, "the new server cannot have a mailbox of that name: "+textOf(err))
		case isCode(err, CodeAlias):
			return nil, t.refuse(NeedAlias, "the name is an alias or a list on the new server, and no mailbox: "+textOf(err))
		}
	}
	if p != nil && unasked == nil && t.ours() && !(t.likely && refused == nil) {
		return t.rekey(ctx, p, refused)
	}
	if refused == nil {
		w, err := t.askAgain(ctx)
		if err == nil || !passwordRefused(err) {
			return w, err
		}
		refused = err
	}
	switch {
	case p == nil:
		t.want(NeedRefused, "the new server refuses the password that the old one accepts, or has no such mailbox; it cannot be asked, because --destination-api is not given")
		return nil, refused
	case unasked != nil:
		return nil, t.refuse(NeedAPI, "the administrator's interface of the new server does not answer, so that a mailbox can neither be made nor looked at: "+unasked.Error())
	case t.ours():
		return t.rekey(ctx, p, refused)
	case t.rec.Made != nil:
		return nil, t.refuse(NeedChanged, "the mailbox was given another password on the new server, which is not the old server's: its user must use one password on both")
	}
	return nil, t.refuse(NeedExists, "the mailbox was on the new server already, with another password, and is not taken over: give it the old server's password if it is this user's")
}

// ours tells whether the mailbox was made here, and is not known to have another password than it was given.
func (t *attempt) ours() bool { return t.rec.Made != nil && !t.rec.Made.Changed }

// usable tells why a mailbox cannot be opened with its password alone; nil if it can.
func (t *attempt) usable(info MailboxInfo) error {
	if bars := info.bars(); len(bars) > 0 {
		return t.refuse(bars[0].Kind, bars[0].Text)
	}
	return nil
}

// bars are what keeps a mailbox from being opened with its password alone.
func (info *MailboxInfo) bars() (out []AccountNeed) {
	if info.Disabled {
		out = append(out, AccountNeed{Kind: NeedDisabled, Text: "the mailbox is disabled on the new server: enable it there"})
	}
	if info.TwoFactor {
		out = append(out, AccountNeed{Kind: NeedTwoFactor, Text: "the mailbox asks for a second factor on the new server, which mail programs cannot give: switch that off until the mailbox has moved"})
	}
	if info.PasswordExpired {
		out = append(out, AccountNeed{Kind: NeedExpired, Text: "the mailbox's password has run out on the new server"})
	}
	return out
}

// intended tells whether a record is that of a mailbox of which it is not known whether it was made.
func intended(rec store.Account) bool { return rec.Made != nil && rec.Made.Intended }

func isCode(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// textOf is what a server said.
func textOf(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Text != "" {
		return e.Text
	}
	return err.Error()
}
