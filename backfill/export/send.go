package export

import (
	"cmp"
	"context"
	"errors"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill/spool"
	"crossfade/backfill/verify"
)

// send hands the messages over, bytes and all.
func (x *export) send(ctx context.Context, f Folder, out []outgoing, twins map[uint32][16]byte, kept keptMail) error {
	rec := f.Record()
	have := x.opt.Have[f.ID()]
	left := make(map[uint32]*outgoing)
	var set imap.UIDSet
	for i := range out {
		o := &out[i]
		if have.UIDValidity == rec.DestUIDValidity && have.UIDs.Contains(imap.UID(o.UID)) {
			o.Had = true
			if err := x.message(o, nil); err != nil {
				return err
			}
			continue
		}
		left[o.UID] = o
		set.AddNum(imap.UID(o.UID))
	}
	if len(left) == 0 {
		return nil
	}
	box, err := f.Destination(ctx)
	if err != nil {
		return err
	}
	err = box.Read(ctx, set, func(m *verify.Message) error {
		o := left[m.UID]
		if o == nil || x.ended != nil { // reading is tried again after an error; handing over is not
			return x.ended
		}
		s, err := x.a.Spool(ctx, m.Size, m.Body)
		if err != nil {
			return err
		}
		defer s.Close()
		delete(left, m.UID)
		if below, ok := twins[o.link.UID]; ok && below == s.Hash {
			return nil // the source has it
		}
		return x.body(f, o, s, kept)
	})
	if x.ended != nil || err != nil {
		return cmp.Or(x.ended, err)
	}
	return x.notGiven(ctx, f, left)
}

// body hands one message over, unless it is one that its user moved or copied: the source has it still.
func (x *export) body(f Folder, o *outgoing, s *spool.Message, kept keptMail) error {
	o.Size = s.Size
	if !o.Lost {
		if from, ok := x.gone.take(s.Hash); ok {
			x.counts.Moved++
			return x.tell(Change{Kind: "moved", Folder: from.folder, To: f.Record().Path.String(), Source: from.box, SourceUID: from.uid})
		}
		if from, ok := kept[s.Hash]; ok {
			x.counts.Copied++
			return x.tell(Change{Kind: "copied", Folder: from.folder, To: f.Record().Path.String(), Source: from.box, SourceUID: from.uid, After: o.Flags})
		}
	}
	return x.message(o, s)
}

func (x *export) message(o *outgoing, s *spool.Message) (err error) {
	x.counts.Messages++
	if o.Had {
		x.counts.Had++
	}
	if s == nil {
		err = x.out.Message(o.Message, nil)
	} else {
		r, openErr := s.Open()
		if openErr != nil {
			return openErr
		}
		err = errors.Join(x.out.Message(o.Message, r), r.Close())
	}
	return x.received(err)
}

// notGiven looks after messages that were listed and did not come: deleted meanwhile, or the server does not give them.
func (x *export) notGiven(ctx context.Context, f Folder, left map[uint32]*outgoing) error {
	if len(left) == 0 {
		return nil
	}
	box, err := f.Destination(ctx)
	if err != nil {
		return err
	}
	var there imap.UIDSet
	for uid := range left {
		there.AddNum(imap.UID(uid))
	}
	_, err = box.List(ctx, there, false, func(e verify.Entry) error {
		o := left[e.UID]
		if o == nil {
			return nil
		}
		delete(left, e.UID)
		o.NoFile = "the new server lists the message and does not give it"
		x.counts.Failed++
		return x.message(o, nil)
	})
	return err
}
