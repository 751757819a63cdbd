package export

import "crossfade/store"

// lostBelow tells a copy of which the source does not have the message any more, or may not have: all is in doubt of a
// source folder that is not there, or from which so much vanished that it is not believed.
func (x *export) lostBelow(rec *store.Folder, l *store.Link) bool {
	return l.Src != 0 && (l.Lost || rec.Sources[l.Box].Gone || x.doubted[rec.Sources[l.Box].Name])
}

// doubtedBelow are the source folders that are in doubt.
func (x *export) doubtedBelow() map[string]bool {
	out := make(map[string]bool)
	for _, f := range x.a.Folders() {
		for _, name := range f.Doubted() {
			out[name] = true
		}
	}
	return out
}

// keptMail are messages that the source has, by their bytes.
type keptMail map[[16]byte]deletedMessage

// keptBelow finds what the source may have of messages that the destination alone seems to have: a client's COPY of a copy
// is made by the destination, and only its bytes tell what it is of. So that none is lost, only those count that were
// copied from the source with these bytes, that nobody deleted since, and that the source's own folder was seen to hold
// after the export began.
func (x *export) keptBelow(out []outgoing) (keptMail, error) {
	sizes := make(map[int64]bool)
	for i := range out {
		if !out[i].Lost {
			sizes[out[i].Size] = true
		}
	}
	kept := make(keptMail)
	for _, f := range x.a.Folders() {
		if err := f.Open(); err != nil {
			return nil, err
		}
		x.keptIn(f, sizes, kept)
		f.Close()
	}
	return kept, nil
}

// keptIn adds what one folder has of messages of these sizes.
func (x *export) keptIn(f Folder, sizes map[int64]bool, kept keptMail) {
	rec := f.Record()
	if !f.SeenBelow().After(x.began) || !rec.Deleted.IsZero() {
		return
	}
	path := rec.Path.String()
	for _, l := range f.Links(func(l *store.Link) bool {
		return l.State == store.Copied && l.Src != 0 && l.HasHash() && l.HasDetails && !l.Altered && sizes[l.Size] && !x.lostBelow(&rec, l) && !rec.Sources[l.Box].Borrowed
	}) {
		kept[l.Hash] = deletedMessage{sourceMessage{rec.Sources[l.Box].Name, l.Src}, path}
	}
}
