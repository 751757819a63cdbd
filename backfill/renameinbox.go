package backfill

import (
	"context"
	"slices"

	"crossfade/store"
)

// inboxAtOnce is how many messages RENAME INBOX moves at a time.
const inboxAtOnce = 2000

// renameInbox moves all messages of INBOX into a new folder; INBOX stays, and so do folders below it (RFC 3501 6.3.5).
// What is not copied yet moves as a link, as with MOVE. If it is interrupted, each message is in one of the two.
func (s *Session) renameInbox(ctx context.Context, to string) error {
	f, done, err := s.folder(ctx, "INBOX", nil) // it is listed then, and has its numbers
	if err != nil {
		return err
	}
	err = f.use()
	done() // MOVE lets itself in
	if err != nil {
		return err
	}
	defer f.done()
	name, err := s.makeForInbox(ctx, f, to)
	if err != nil {
		return err
	}
	m := &Mailbox{a: s.a, f: f}
	for uids := range slices.Chunk(m.Changes(0).UIDs, inboxAtOnce) {
		if _, err := m.Move(ctx, uids, name); err != nil {
			return err
		}
	}
	return nil
}

// makeForInbox makes the new folder. While INBOX has messages that are not copied, it is not one of the destination's
// numbers: those would have to be copied before the answer.
func (s *Session) makeForInbox(ctx context.Context, f *folder, to string) (name string, err error) {
	a := s.a
	err = s.changeTree(ctx, func(w Writer) error {
		path, err := a.newPath(w, to)
		if err != nil {
			return err
		}
		name = w.Name(path)
		f.countOnce()
		n := f.counted()
		native := n.left()+n.states[store.Quarantined] == 0 || f.record().Identity.Native
		if err := w.Create(ctx, name); err != nil || native || a.graves()[path.Key()] != nil {
			return err // what is listed then is shown: see plan
		}
		st, err := w.Examine(ctx, name)
		if err != nil || st.UIDValidity == 0 {
			return err
		}
		given, err := a.givenUp(path)
		if err != nil {
			return err
		}
		rec := store.Folder{Account: a.id, Kind: "mail", Name: name, Path: path, State: "blended", DestUIDValidity: st.UIDValidity, PastUIDValidities: given.UIDValidities}
		nobody := func(v uint32) bool { return slices.Contains(a.validities(), v) }
		rec.Identity = store.Identity{UIDValidity: ownValidity(rec, max(given.High(), a.high), st.UIDValidity, nobody), Own: true, NextUID: ownFirst}
		return a.addFolders([]store.Folder{rec})
	})
	return name, err
}

// validities are the UIDVALIDITYs under which the account's folders are shown.
func (a *account) validities() (out []uint32) {
	for _, f := range a.all() {
		out = append(out, f.record().Identity.UIDValidity)
	}
	return out
}
