package backfill

import (
	"context"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"crossfade/store"
)

// FolderReport compares one folder's two sides message by message: both are listed and read whole, now.
type FolderReport struct {
	Account string   `json:"account"`
	Folder  string   `json:"folder"` // decoded, for people
	Name    string   `json:"name"`   // raw, on the destination
	Sources []string `json:"sources,omitempty"`
	// OK: nothing waits, nothing is missing, nothing was refused, and no bytes or flags differ. Dates are only
	// counted: a server may be unable to hold one, such as one in the future.
	OK          bool `json:"ok"`
	Source      int  `json:"source"` // messages there now
	Destination int  `json:"destination"`
	Equal       int  `json:"equal"`            // on both sides with the same bytes
	Waiting     int  `json:"waiting"`          // not copied yet
	Deleted     int  `json:"deleted"`          // on the source, deleted by their user since
	DestOnly    int  `json:"destination_only"` // came to the destination by themselves
	Missing     int  `json:"missing"`          // copied, but not on the destination now
	Different   int  `json:"different"`        // copied, but the bytes are not the same
	Unknown     int  `json:"unknown"`          // on the destination, known to no link: possibly doubled
	FlagsDiffer int  `json:"flags_differ"`
	DatesDiffer int  `json:"dates_differ"`
	// Refused are the messages in quarantine with the destination's own words.
	Refused []Refused `json:"refused,omitempty"`
	Problem string    `json:"problem,omitempty"`
}

// Refused is one message that the destination does not have because it refused it.
type Refused struct {
	UID    uint32 `json:"uid"` // as clients see it
	Reason string `json:"reason"`
	Code   string `json:"code,omitempty"`
	Words  string `json:"words,omitempty"` // the server's own
}

// Verify compares both sides of an account ("" for all) folder by folder. It changes nothing on either side.
func (e *Engine) Verify(ctx context.Context, name string, each func(FolderReport) error) error {
	e.mu.Lock()
	var accounts []*account
	for _, a := range e.accounts {
		if name == "" || canonical(a.name) == canonical(name) {
			accounts = append(accounts, a)
		}
	}
	e.mu.Unlock()
	if len(accounts) == 0 && name != "" {
		return fmt.Errorf("no account %q is known: accounts are enrolled by their first login", name)
	}
	for _, a := range accounts {
		for _, f := range a.all() {
			r, err := f.verify(ctx)
			if err != nil {
				r.Problem, r.OK = err.Error(), false
				if ctx.Err() != nil {
					return ctx.Err()
				}
			}
			if err := each(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// verify reads one folder on both sides, as the background work it is: nobody waits for it.
func (f *folder) verify(ctx context.Context) (FolderReport, error) {
	rec := f.record()
	r := FolderReport{Account: f.acct.name, Folder: rec.Path.String(), Name: rec.Name, Problem: f.problem().Text}
	for _, b := range ownSources(rec) {
		r.Sources = append(r.Sources, rec.Sources[b].Name)
	}
	if err := f.use(); err != nil {
		return r, err
	}
	defer f.done()
	ctx = WithBackground(ctx)
	links := f.where(func(*store.Link) bool { return true })
	below, err := f.digestsBelow(ctx, &r)
	if err != nil {
		return r, err
	}
	above, err := f.digestsAbove(ctx)
	if err != nil {
		return r, err
	}
	r.Destination = len(above)
	for i := range links {
		if now, ok := f.get(links[i].UID); !ok || now.State != links[i].State || now.Dst != links[i].Dst {
			r.Waiting++ // it changed while both sides were read: not judged this time
			delete(above, links[i].Dst)
			continue
		}
		f.compare(&r, &links[i], below, above)
	}
	for _, l := range f.where(func(l *store.Link) bool { return l.Dst != 0 }) {
		delete(above, l.Dst) // came while both sides were read
	}
	r.Unknown = len(above)
	if err := f.refusals(&r); err != nil {
		return r, err
	}
	r.OK = r.Waiting+r.Missing+r.Different+r.Unknown+r.FlagsDiffer+len(r.Refused) == 0 && r.Problem == ""
	return r, nil
}

// refusals adds the quarantined messages; in a folder that the destination refuses, all of them.
func (f *folder) refusals(r *FolderReport) error {
	qs, err := f.quarantined()
	if err != nil {
		return err
	}
	for _, q := range qs {
		if l, ok := f.get(q.UID); !ok || l.State != store.Quarantined {
			continue // on its way again
		}
		r.Refused = append(r.Refused, Refused{UID: q.UID, Reason: q.Reason, Code: q.Code, Words: q.Words})
	}
	f.mu.RLock()
	refused, ok := f.problems["create"]
	f.mu.RUnlock()
	if ok {
		for _, l := range f.where(func(l *store.Link) bool { return l.State == store.Listed }) {
			r.Refused = append(r.Refused, Refused{UID: l.UID, Reason: "the destination refuses the folder", Words: refused.Text})
		}
		r.Waiting -= min(r.Waiting, f.counted().states[store.Listed])
	}
	return nil
}

// ref names a message of one of the folder's source folders.
type ref struct {
	box uint16
	uid uint32
}

// digestsBelow reads the source: all of the folder's own source folders, and what is linked from others.
func (f *folder) digestsBelow(ctx context.Context, r *FolderReport) (map[ref]digest, error) {
	out := make(map[ref]digest)
	rec := f.record()
	if len(rec.Sources) == 0 {
		return out, nil
	}
	src, err := f.acct.source(ctx)
	if err != nil {
		return nil, err
	}
	for i, box := range rec.Sources {
		if box.Gone {
			continue
		}
		set := from(1)
		if box.Borrowed {
			set = nil
			for _, l := range f.where(func(l *store.Link) bool { return l.Src != 0 && l.Box == uint16(i) }) {
				set.AddNum(imap.UID(l.Src))
			}
		}
		if len(set) == 0 {
			continue
		}
		got := make(map[uint32]digest)
		if err := readDigests(ctx, src, box.Name, box.UIDValidity, set, got); err != nil {
			return nil, fmt.Errorf("source: %w", err)
		}
		for uid, d := range got {
			out[ref{uint16(i), uid}] = d
		}
		if !box.Borrowed {
			r.Source += len(got)
			r.Waiting += f.unlinked(uint16(i), got)
		}
	}
	return out, nil
}

// unlinked counts messages that came to a source folder after it was listed.
func (f *folder) unlinked(b uint16, got map[uint32]digest) int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	known, n := bySource(f.links, b), 0
	for uid := range got {
		if _, ok := known[uid]; !ok {
			n++
		}
	}
	return n
}

func (f *folder) digestsAbove(ctx context.Context) (map[uint32]digest, error) {
	out := make(map[uint32]digest)
	rec := f.record()
	if rec.DestUIDValidity == 0 {
		return out, nil
	}
	w, err := f.acct.dest(ctx)
	if err != nil {
		return nil, err
	}
	if err := readDigests(ctx, w, rec.Name, rec.DestUIDValidity, from(1), out); err != nil {
		return nil, fmt.Errorf("destination: %w", err)
	}
	return out, nil
}

// compare judges one link and takes its copy out of above: what stays there is known to no link.
func (f *folder) compare(r *FolderReport, l *store.Link, below map[ref]digest, above map[uint32]digest) {
	b, inBelow := below[ref{l.Box, l.Src}]
	a, inAbove := above[l.Dst]
	inAbove = inAbove && l.Dst != 0
	delete(above, l.Dst)
	switch l.State {
	case store.Listed, store.Copying:
		r.Waiting++
	case store.Whiteout:
		if inBelow && l.Src != 0 {
			r.Deleted++
		}
	case store.Above:
		r.DestOnly++
	case store.Copied:
		switch {
		case !inAbove:
			r.Missing++
			return
		case inBelow && a.hash != b.hash || !inBelow && l.HasHash() && a.hash != l.Hash:
			r.Different++
			return
		}
		r.Equal++
		if want := f.flags(l.Flags); f.keeps().holdable(want) != a.flags {
			r.FlagsDiffer++
		}
		if inBelow && a.date != b.date {
			r.DatesDiffer++
		}
	}
}
