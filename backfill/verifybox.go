package backfill

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill/pace"
	"crossfade/backfill/spool"
	"crossfade/backfill/verify"
	"crossfade/store"
)

// comparedBox is one server's folder as comparisons and exports read it: at the pace of the backfill.
type comparedBox struct {
	mail     Mail
	pace     *pace.Host
	name     string
	validity uint32
}

// sourceBox is a source folder of f.
func (f *folder) sourceBox(ctx context.Context, s store.SourceBox) (verify.Box, error) {
	m, err := f.acct.source(ctx)
	return &comparedBox{mail: m, pace: f.acct.from.pace, name: s.Name, validity: s.UIDValidity}, err
}

// destinationBox is the destination's folder.
func (f *folder) destinationBox(ctx context.Context, rec store.Folder) (verify.Box, error) {
	m, err := f.acct.dest(ctx)
	return &comparedBox{mail: m, pace: f.acct.e.above, name: rec.Name, validity: rec.DestUIDValidity}, err
}

// maxTries is how often a server is asked whose connection ends before it has answered: that is no news of the messages.
const maxTries = 3

// List implements verify.Box.
func (b *comparedBox) List(ctx context.Context, only imap.UIDSet, details bool, each func(verify.Entry) error) (verify.State, error) {
	what := Scan{UIDValidity: b.validity, UIDs: only, Flags: details, Details: details}
	last := uint32(0) // told so far: they ascend
	for try := 1; ; try++ {
		st, err := b.mail.Scan(ctx, b.name, what, func(e Entry) error {
			if e.UID <= last {
				return nil
			}
			last = e.UID
			return each(verify.Entry(e))
		})
		if err == nil || ctx.Err() != nil || !IsUnavailable(err) || try == maxTries {
			return verify.State{Exists: st.Exists, Holds: st.holdable}, err
		}
	}
}

// Read implements verify.Box.
func (b *comparedBox) Read(ctx context.Context, uids imap.UIDSet, each func(*verify.Message) error) error {
	rest, _ := uids.Nums()
	for len(rest) > 0 {
		n := b.pace.Slice(min(runLinks, len(rest)))
		if err := b.pace.Admit(ctx, n); err != nil {
			return err
		}
		if err := b.readRun(ctx, rest[:n], each); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// readRun reads a run of messages.
func (b *comparedBox) readRun(ctx context.Context, run []imap.UID, each func(*verify.Message) error) error {
	came := make(map[imap.UID]bool, len(run))
	take := func(m *Message) error {
		err := each((*verify.Message)(m))
		if err == nil {
			came[imap.UID(m.UID)] = true
		}
		return err
	}
	left := func() []imap.UID {
		return slices.DeleteFunc(slices.Clone(run), func(uid imap.UID) bool { return came[uid] })
	}
	for try := 1; len(left()) > 0; try++ {
		err := b.readOnce(ctx, left, take)
		if err == nil || ctx.Err() != nil || errors.Is(err, ErrUIDValidity) || errors.Is(err, ErrNoFolder) || try == maxTries {
			return err
		}
	}
	return nil
}

// readOnce asks for what has not come. If one message is bad, the others are asked for one by one.
func (b *comparedBox) readOnce(ctx context.Context, left func() []imap.UID, take func(*Message) error) error {
	err := b.mail.Read(ctx, b.name, b.validity, imap.UIDSetNum(left()...), take)
	if !itemOnly(err) {
		return err
	}
	for _, uid := range left() {
		if err := b.mail.Read(ctx, b.name, b.validity, imap.UIDSetNum(uid), take); err != nil && !itemOnly(err) {
			return err
		}
	}
	return nil
}

// Headers implements verify.Box.
func (b *comparedBox) Headers(ctx context.Context, uids imap.UIDSet, each func(uid uint32, header []byte)) error {
	want := RawFetch{UIDValidity: b.validity, UIDs: uids, Items: []string{"BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"}}
	return b.mail.FetchRaw(ctx, b.name, want, func(it *RawItem) error {
		for {
			att, err := it.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			text := att.Value
			if att.Literal != nil {
				if text, err = io.ReadAll(io.LimitReader(att.Literal, spool.HeaderKept)); err != nil {
					return err
				}
				if _, err := io.Copy(io.Discard, att.Literal); err != nil {
					return err
				}
			}
			each(it.UID, spool.HeaderOf(text))
		}
	})
}
