package verify

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/emersion/go-imap/v2"
	"golang.org/x/sync/errgroup"

	"crossfade/mapping"
	"crossfade/store"
)

// comparison compares the two sides of a folder as they were just read. They are compared by the bytes; links only
// explain: which copy belongs to which message, what users deleted, what came by itself.
type comparison struct {
	folder Folder
	head   Head
	report Report
	quick  bool

	before       []was
	borrowed     map[uint16]imap.UIDSet     // messages that are linked here one by one
	alteredBelow map[uint16]map[uint32]bool // the destination is known to have altered these: their texts count
	alteredAbove map[uint32]bool
	below        map[uint16]*side
	above        *side

	byHash      []uint32 // indexes into above.msgs, ordered by hash
	missing     []Link
	quarantined map[uint32]spot                 // by UID
	wanted      map[mapping.Flags]mapping.Flags // what the destination can hold of them
	gone        int                             // own messages that the source should have and does not list
}

// spot is a message of a source folder.
type spot struct {
	box uint16
	uid uint32
}

func newComparison(f Folder, opt Options) *comparison {
	h := f.Head()
	j := &comparison{folder: f, head: h, quick: opt.Quick, quarantined: make(map[uint32]spot), wanted: make(map[mapping.Flags]mapping.Flags)}
	j.report = Report{Account: h.Account, Folder: h.Path, Name: h.Name, Problem: h.Problem, Reappended: h.Reappended, names: opt.Names}
	for i := range h.Sources {
		if s := &h.Sources[i]; s.own() {
			j.report.Sources = append(j.report.Sources, s.Name)
		}
	}
	return j
}

// own calls each for the source folders that are the folder's own and were read.
func (j *comparison) own(each func(b uint16, s *side)) {
	for i := range j.head.Sources {
		if s := j.below[uint16(i)]; s != nil && j.head.Sources[i].own() {
			each(uint16(i), s)
		}
	}
}

// all judges everything. No server is asked, and the folder's lock is held for no longer than reading takes.
func (j *comparison) all() {
	r := &j.report
	r.Quick = j.quick
	j.own(func(_ uint16, s *side) { r.Source += len(s.msgs) })
	r.Total = r.Source
	if j.above != nil {
		r.Destination = len(j.above.msgs)
	}
	j.links()
	j.order()
	j.seekMissing()
	j.doubled()
	j.unlinked()
	if j.head.Doubt(j.gone, r.Source+j.gone) && r.Problem == "" {
		r.Problem = fmt.Sprintf("the source lists %d messages less than it did: that is not believed, so nothing is proven", j.gone)
	}
}

// run reads the folder on both sides and compares them.
func (j *comparison) run(ctx context.Context, log *slog.Logger) error {
	if err := j.folder.Open(); err != nil {
		return err
	}
	defer j.folder.Close()
	j.look()
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { j.below, err = j.readBelow(gctx); return err })
	g.Go(func() (err error) { j.above, err = j.readAbove(gctx); return err })
	if err := g.Wait(); err != nil {
		return err
	}
	j.all()
	if err := j.refusals(); err != nil {
		return err
	}
	if err := j.nameThem(ctx); err != nil {
		log.Warn("not all messages of a comparison could be named", "folder", j.head.Name, "err", err)
	}
	return nil
}

// was is what a link was before both sides were read.
type was struct {
	uid, dst uint32
	version  uint64 // of its flags
	state    store.State
}

// look notes what the links are, ascending by UID, and which messages are to be read for them.
func (j *comparison) look() {
	j.before = make([]was, 0, j.folder.Size())
	j.borrowed = make(map[uint16]imap.UIDSet)
	j.alteredAbove, j.alteredBelow = make(map[uint32]bool), make(map[uint16]map[uint32]bool)
	j.folder.Links(func(l Link) {
		j.before = append(j.before, was{l.UID, l.Dst, l.Version, l.State})
		if l.Src == 0 {
			return
		}
		if j.head.borrowed(l.Box) {
			set := j.borrowed[l.Box]
			set.AddNum(imap.UID(l.Src))
			j.borrowed[l.Box] = set
		}
		if !l.Altered || l.Dst == 0 {
			return
		}
		j.alteredAbove[l.Dst] = true
		if j.alteredBelow[l.Box] == nil {
			j.alteredBelow[l.Box] = make(map[uint32]bool)
		}
		j.alteredBelow[l.Box][l.Src] = true
	})
}
