package backfill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"crossfade/backfill/export"
	"crossfade/backfill/spool"
	"crossfade/backfill/verify"
	"crossfade/mapping"
	"crossfade/store"
)

// ExportFolders lists the folders of an account as an export will have them.
func (e *Engine) ExportFolders(ctx context.Context, account string) ([]export.Named, error) {
	a, err := e.exported(ctx, account)
	if err != nil {
		return nil, err
	}
	var out []export.Named
	for _, f := range a.all() {
		out = append(out, a.exportName(f))
	}
	return out, nil
}

// Export hands over what exists only on the destination; see package export. It is background work.
func (e *Engine) Export(ctx context.Context, opt export.Options, out export.Receiver) (export.Counts, error) {
	ctx = WithBackground(ctx)
	a, err := e.exported(ctx, opt.Account)
	if err != nil {
		return export.Counts{}, err
	}
	return export.Export(ctx, exportedAccount{a}, opt, out)
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

// exportedAccount is an account as an export sees it.
type exportedAccount struct{ a *account }

// Folders implements export.Account.
func (x exportedAccount) Folders() []export.Folder {
	all := x.a.all()
	out := make([]export.Folder, len(all))
	for i, f := range all {
		out[i] = exportedFolder{f}
	}
	return out
}

// Spool implements export.Account.
func (x exportedAccount) Spool(ctx context.Context, size int64, body io.Reader) (*spool.Message, error) {
	return x.a.e.bodies.Read(ctx, size, body)
}

// exportedFolder is a folder as an export sees it.
type exportedFolder struct{ f *folder }

func (x exportedFolder) ID() store.FolderID                             { return x.f.id }
func (x exportedFolder) Named() export.Named                            { return x.f.acct.exportName(x.f) }
func (x exportedFolder) Record() store.Folder                           { return x.f.record() }
func (x exportedFolder) Exists() bool                                   { return x.f.onDestination().Exists }
func (x exportedFolder) Open() error                                    { return x.f.use() }
func (x exportedFolder) Close()                                         { x.f.done() }
func (x exportedFolder) Links(keep func(*store.Link) bool) []store.Link { return x.f.where(keep) }
func (x exportedFolder) Flags(id store.FlagSet) mapping.Flags           { return x.f.flags(id) }

// SeenBelow implements export.Folder.
func (x exportedFolder) SeenBelow() time.Time {
	x.f.mu.RLock()
	defer x.f.mu.RUnlock()
	return x.f.below
}

// Doubted implements export.Folder.
func (x exportedFolder) Doubted() (names []string) {
	f, rec := x.f, x.f.record()
	for _, b := range ownSources(rec) {
		if f.hasProblem(sourceProblem(b)) || f.hasProblem(lostFolder(b)) || f.hasNote(lostFolder(b)) {
			names = append(names, rec.Sources[b].Name)
		}
	}
	return names
}

// Destination implements export.Folder.
func (x exportedFolder) Destination(ctx context.Context) (verify.Box, error) {
	return x.f.destinationBox(ctx, x.f.record())
}

// Source implements export.Folder.
func (x exportedFolder) Source(ctx context.Context, b uint16) (verify.Box, error) {
	return x.f.sourceBox(ctx, x.f.record().Sources[b])
}

// Look implements export.Folder.
func (x exportedFolder) Look(ctx context.Context) error {
	f := x.f
	if f.record().DestUIDValidity == 0 && !f.onDestination().Exists {
		return nil // nothing is there, and nothing is made there
	}
	if err := f.use(); err != nil {
		return err
	}
	defer f.done()
	return f.withClaims(ctx, f.lookFresh)
}

// lookFresh looks at both sides, at the destination alone where the source does not answer.
func (f *folder) lookFresh(ctx context.Context) error {
	met := f.record().DestUIDNext != 0
	err := f.lookBoth(ctx)
	if met && IsUnavailable(err) {
		err = f.lookUpper(ctx)
	}
	if err == nil && f.hasProblem("destination") {
		err = errors.New(f.problem().Text)
	}
	return err
}
