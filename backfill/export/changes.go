package export

import (
	"crossfade/mapping"
	"crossfade/store"
)

// Change is what a user did to a message that the source has, and the source does not know of. It is told, not
// exported: the message itself is safe.
type Change struct {
	Kind      string        `json:"kind"`             // flags, moved, copied or deleted
	Folder    string        `json:"folder"`           // as clients see it, decoded
	To        string        `json:"to,omitempty"`     // of a message that was moved or copied
	Source    string        `json:"source"`           // the source's folder, raw
	SourceUID uint32        `json:"source_uid"`       // and the message's UID in it
	Before    mapping.Flags `json:"before,omitempty"` // on the source
	After     mapping.Flags `json:"after,omitempty"`  // as clients see them
}

// whiteouts are messages that users deleted while the source has them still, by their bytes: one that turns up in another
// folder was moved.
type whiteouts struct {
	byHash map[[16]byte][]deletedMessage
	moved  map[sourceMessage]bool // those that turned up
}

// sourceMessage names a message of the source.
type sourceMessage struct {
	box string
	uid uint32
}

type deletedMessage struct {
	sourceMessage
	folder string
}

// add takes a folder's whiteouts.
func (w *whiteouts) add(f Folder, lost func(*store.Folder, *store.Link) bool) error {
	if err := f.Open(); err != nil {
		return err
	}
	defer f.Close()
	rec := f.Record()
	path := rec.Path.String()
	for _, l := range f.Links(func(l *store.Link) bool {
		return l.State == store.Whiteout && l.Src != 0 && l.HasHash() && !lost(&rec, l)
	}) {
		if m := (sourceMessage{rec.Sources[l.Box].Name, l.Src}); !w.moved[m] {
			w.byHash[l.Hash] = append(w.byHash[l.Hash], deletedMessage{m, path})
		}
	}
	return nil
}

// take finds a deleted message of these bytes, each once.
func (w *whiteouts) take(hash [16]byte) (deletedMessage, bool) {
	list := w.byHash[hash]
	if len(list) == 0 {
		return deletedMessage{}, false
	}
	w.byHash[hash] = list[1:]
	w.moved[list[0].sourceMessage] = true
	return list[0], true
}

func (x *export) tell(c Change) error { return x.received(x.out.Change(c)) }

// changes tells what users changed on messages that the source has.
func (x *export) changes() error {
	moved, err := x.borrowed()
	if err != nil {
		return err
	}
	for _, f := range x.a.Folders() {
		if err := x.changesOf(f, moved); err != nil {
			return err
		}
	}
	return nil
}

// borrowed finds messages that are shown in another folder than the source has them in: where, by what they are.
func (x *export) borrowed() (map[sourceMessage][]string, error) {
	out := make(map[sourceMessage][]string)
	for _, f := range x.a.Folders() {
		if err := f.Open(); err != nil {
			return nil, err
		}
		rec := f.Record()
		for _, l := range f.Links(func(l *store.Link) bool {
			return l.Src != 0 && l.State != store.Whiteout && rec.Sources[l.Box].Borrowed
		}) {
			m := sourceMessage{rec.Sources[l.Box].Name, l.Src}
			out[m] = append(out[m], rec.Path.String())
		}
		f.Close()
	}
	return out, nil
}

// changesOf tells of one folder's messages. Each message of the source is told of in the folder that it belongs to.
func (x *export) changesOf(f Folder, moved map[sourceMessage][]string) error {
	if err := f.Open(); err != nil {
		return err
	}
	defer f.Close()
	rec := f.Record()
	path := rec.Path.String()
	links := f.Links(func(l *store.Link) bool {
		return l.Src != 0 && !x.lostBelow(&rec, l) && !rec.Sources[l.Box].Borrowed
	})
	for _, l := range links {
		m := sourceMessage{rec.Sources[l.Box].Name, l.Src}
		c := Change{Folder: path, Source: m.box, SourceUID: m.uid}
		to := moved[m]
		switch {
		case l.State == store.Whiteout && len(to) > 0:
			x.counts.Moved++
			c.Kind, c.To, to = "moved", to[0], to[1:]
		case x.gone.moved[m]: // told when its bytes turned up
		case l.State == store.Whiteout:
			x.counts.Deleted++
			c.Kind = "deleted"
		case l.Flags != l.Base:
			x.counts.Flags++
			c.Kind, c.Before, c.After = "flags", f.Flags(l.Base), f.Flags(l.Flags)
		}
		if c.Kind != "" {
			if err := x.tell(c); err != nil {
				return err
			}
		}
		for _, t := range to {
			x.counts.Copied++
			if err := x.tell(Change{Kind: "copied", Folder: path, To: t, Source: m.box, SourceUID: m.uid}); err != nil {
				return err
			}
		}
	}
	return nil
}
