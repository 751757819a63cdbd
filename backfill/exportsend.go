package backfill

import (
	"cmp"
	"context"
	"errors"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill/spool"
	"crossfade/backfill/verify"
)

// send hands the messages over, bytes and all.
func (x *export) send(ctx context.Context, f *folder, out []outgoing, twins map[uint32][16]byte, kept keptMail) error {
	rec := f.record()
	have := x.opt.Have[f.id]
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
	w, err := x.a.dest(ctx)
	if err != nil {
		return err
	}
	box := &comparedBox{mail: w, pace: x.a.e.above, name: rec.Name, validity: rec.DestUIDValidity}
	err = box.Read(ctx, set, func(m *verify.Message) error {
		o := left[m.UID]
		if o == nil || x.ended != nil { // reading is tried again after an error; handing over is not
			return x.ended
		}
		s, err := x.a.e.bodies.Read(ctx, m.Size, m.Body)
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
func (x *export) body(f *folder, o *outgoing, s *spool.Message, kept keptMail) error {
	o.Size = s.Size
	if !o.Lost {
		if from, ok := x.gone.take(s.Hash); ok {
			x.counts.Moved++
			return x.tell(ExportChange{Kind: "moved", Folder: from.folder, To: f.record().Path.String(), Source: from.box, SourceUID: from.uid})
		}
		if from, ok := kept[s.Hash]; ok {
			x.counts.Copied++
			return x.tell(ExportChange{Kind: "copied", Folder: from.folder, To: f.record().Path.String(), Source: from.box, SourceUID: from.uid, After: o.Flags})
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
		err = x.out.Message(o.ExportMessage, nil)
	} else {
		r, openErr := s.Open()
		if openErr != nil {
			return openErr
		}
		err = errors.Join(x.out.Message(o.ExportMessage, r), r.Close())
	}
	return x.received(err)
}

// notGiven looks after messages that were listed and did not come: deleted meanwhile, or the server does not give them.
func (x *export) notGiven(ctx context.Context, f *folder, left map[uint32]*outgoing) error {
	if len(left) == 0 {
		return nil
	}
	w, err := x.a.dest(ctx)
	if err != nil {
		return err
	}
	rec := f.record()
	there := Scan{UIDValidity: rec.DestUIDValidity}
	for uid := range left {
		there.UIDs.AddNum(imap.UID(uid))
	}
	_, err = w.Scan(ctx, rec.Name, there, func(e Entry) error {
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
