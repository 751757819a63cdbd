package backfill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/mapping"
	"crossfade/store"
)

// ExportOptions say what is exported of one account.
type ExportOptions struct {
	Account string
	Since   time.Time // what came later; zero: everything
	// Have are the destination's messages, by folder, whose bytes are not needed: an earlier export has them.
	Have map[store.FolderID]ExportHave
}

// ExportHave names messages of the destination's folder.
type ExportHave struct {
	UIDValidity uint32      `json:"uidvalidity"`
	UIDs        imap.UIDSet `json:"uids"`
}

// ExportFolder is a folder as the old server would have it.
type ExportFolder struct {
	ID          store.FolderID `json:"id"`
	Name        string         `json:"name"`             // the destination's, raw
	Source      string         `json:"source,omitempty"` // the source's, raw; "": it has no such folder
	Target      string         `json:"target"`           // the same, or the name that the source would give it
	Path        mapping.Path   `json:"path"`             // decoded, as the source has it or would have it
	UIDValidity uint32         `json:"uidvalidity"`      // the destination's
}

// ExportMessage is a message that only the destination has.
type ExportMessage struct {
	UID   uint32        `json:"uid"` // the destination's
	Date  time.Time     `json:"date"`
	Flags mapping.Flags `json:"flags"`
	Size  int64         `json:"size"`
	// Lost: it was copied from the source, which does not have it any more.
	Lost   bool   `json:"source_gone,omitempty"`
	Had    bool   `json:"had,omitempty"`     // an earlier export has its bytes
	NoFile string `json:"no_file,omitempty"` // why its bytes cannot be had
}

// ExportCounts are what an export came to.
type ExportCounts struct {
	Messages int `json:"messages"`          // only on the destination
	Had      int `json:"had,omitempty"`     // of these, exported before
	Failed   int `json:"failed,omitempty"`  // of these, not to be had
	Earlier  int `json:"earlier,omitempty"` // only on the destination, but from before the time asked for: not exported
	// What changed on messages that both sides have, and the source does not know.
	Flags   int `json:"flags_changed"`
	Moved   int `json:"moved"`
	Copied  int `json:"copied"`
	Deleted int `json:"deleted"`
}

// Exporter takes what an export finds. Whatever it returns ends the export.
type Exporter interface {
	Folder(ExportFolder) error
	// Message is a message of the folder that was told last. body is nil if it was had, or cannot be had.
	Message(m ExportMessage, body io.Reader) error
	Change(ExportChange) error
	// Failed is a folder that could not be looked at.
	Failed(folder string, err error) error
}

// exportRounds is how often an export looks again at folders in which something changed behind it.
const exportRounds = 3

// ExportFolders lists the folders of an account as an export will have them.
func (e *Engine) ExportFolders(ctx context.Context, account string) ([]ExportFolder, error) {
	a, err := e.exported(ctx, account)
	if err != nil {
		return nil, err
	}
	var out []ExportFolder
	for _, f := range a.all() {
		out = append(out, a.exportFolder(f))
	}
	return out, nil
}

// exported is an account that is known well enough to tell what only the destination has.
func (e *Engine) exported(ctx context.Context, name string) (*account, error) {
	named, err := e.accountsNamed(name)
	if err != nil {
		return nil, err
	}
	if name == "" || len(named) != 1 {
		return nil, errors.New("one account is exported at a time")
	}
	a := named[0]
	if a.rebuilding() {
		return nil, fmt.Errorf("%s waits for 'crossfade rebuild': what only the new server has is not known before", a.name)
	}
	if err := a.refreshTree(ctx, treeAge); err != nil && (!IsUnavailable(err) || len(a.all()) == 0) {
		return nil, err
	}
	return a, nil
}

// Export hands over what exists only on the destination, and tells what users changed on the rest: what must not be lost
// if the old server takes over again. Nothing is changed on either side. People may go on working: what changes behind
// the export is looked at again.
func (e *Engine) Export(ctx context.Context, opt ExportOptions, out Exporter) (ExportCounts, error) {
	ctx = WithBackground(ctx)
	a, err := e.exported(ctx, opt.Account)
	if err != nil {
		return ExportCounts{}, err
	}
	x := &export{a: a, opt: opt, out: out, done: make(map[store.FolderID]*exportedFolder), failed: make(map[store.FolderID]bool),
		began: time.Now(), gone: whiteouts{moved: make(map[sourceMessage]bool)}}
	for round := range exportRounds {
		again, err := x.round(ctx, round)
		if err != nil || !again {
			if err == nil {
				err = x.changes()
			}
			return x.counts, err
		}
	}
	return x.counts, x.changes()
}

// export is one export under way.
type export struct {
	a      *account
	opt    ExportOptions
	out    Exporter
	counts ExportCounts
	done   map[store.FolderID]*exportedFolder
	failed map[store.FolderID]bool
	began  time.Time
	gone   whiteouts
	// doubted are source folders, by name, that may not have what they had.
	doubted map[string]bool
	ended   error // of the receiver
}

// exportedFolder is how far a folder was exported.
type exportedFolder struct {
	uids imap.UIDSet // the destination's; exported, or told why not
	told bool        // the receiver knows the folder
}

// round exports what is new in all folders; again tells that something was, so that another look is due: a message that
// moves from a folder not yet looked at to one that was would be lost.
func (x *export) round(ctx context.Context, n int) (again bool, err error) {
	if err := x.look(ctx); err != nil {
		return false, err
	}
	for _, f := range x.a.all() {
		if x.failed[f.id] {
			continue
		}
		more, err := x.folder(ctx, f)
		switch {
		case ctx.Err() != nil:
			return false, ctx.Err()
		case x.ended != nil:
			return false, x.ended
		case err != nil:
			if err := x.fail(f, err); err != nil {
				return false, err
			}
		}
		again = again || more
	}
	return again && n < exportRounds-1, nil
}

// look brings all folders up to date, so that moves between them are seen as such.
func (x *export) look(ctx context.Context) error {
	x.gone.byHash = make(map[[16]byte][]deletedMessage)
	for _, f := range x.a.all() {
		if x.failed[f.id] {
			continue
		}
		err := f.lookForExport(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			if err := x.fail(f, err); err != nil {
				return err
			}
		}
	}
	x.doubted = x.doubtedBelow()
	for _, f := range x.a.all() {
		if x.failed[f.id] {
			continue
		}
		if err := x.gone.add(f, x.lostBelow); err != nil {
			return err
		}
	}
	return nil
}

// fail tells of a folder that cannot be exported; the others go on.
func (x *export) fail(f *folder, err error) error {
	x.failed[f.id] = true
	x.counts.Failed++
	return x.received(x.out.Failed(f.record().Path.String(), err))
}

// received remembers that the receiver failed: that ends the export, whichever folder is under way.
func (x *export) received(err error) error {
	if x.ended == nil {
		x.ended = err
	}
	return err
}
