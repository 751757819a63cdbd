package storetest

import (
	"encoding/binary"
	"errors"
	"testing"

	"crossfade/mapping"
	"crossfade/store"
)

// link is a copied message.
func link(uid uint32) store.Link {
	return store.Link{
		UID: uid, Src: uid, Dst: uid + 1000, State: store.Copied, HasDetails: true,
		Size: int64(uid) * 3, Date: 1_600_000_000 + int64(uid), Zone: 120, MsgID: mapping.MessageID(uid) << 33, Hash: [16]byte{1, byte(uid)},
	}
}

// putMany writes links 1 to n.
func putMany(tx *store.Tx, acc store.AccountID, id store.FolderID, n uint32) error {
	var links []store.Link
	var chunks []uint32
	for uid := uint32(1); uid <= n; uid++ {
		links = append(links, link(uid))
		if c := store.ChunkOf(uid); uid == 1 || uid&255 == 0 {
			chunks = append(chunks, c)
		}
	}
	return tx.PutLinks(acc, id, links, chunks...)
}

// load reads a folder's links.
func load(t *testing.T, s *store.Store, acc store.AccountID, id store.FolderID) []store.Link {
	t.Helper()
	return read(t, s, func(x *store.Rx) (*store.FolderData, error) { return x.LoadFolder(acc, id) }).Links
}

func links(t *testing.T, _ store.KV, s *store.Store) {
	write(t, s, func(tx *store.Tx) error {
		return errors.Join(tx.PutFolder(folder(1, 1, "x")), tx.PutFolder(folder(1, 2, "y")))
	})
	if got := load(t, s, 1, 1); len(got) != 0 {
		t.Errorf("a new folder has %d links", len(got))
	}
	bare := store.Link{UID: 255, Src: 9, Box: 1, State: store.Listed, Size: -1}
	first, second := []store.Link{link(1), bare}, []store.Link{link(256), link(300)}
	far := []store.Link{link(1 << 31), link(1<<31 + 1)}
	write(t, s, func(tx *store.Tx) error {
		all := append(append(append([]store.Link{}, first...), second...), far...)
		// 7 has no links, 1 is left out.
		return tx.PutLinks(1, 1, all, store.ChunkOf(1<<31), 7, 0)
	})
	equal(t, "without chunk 1", load(t, s, 1, 1), append(first[:2:2], far...))
	write(t, s, func(tx *store.Tx) error {
		return errors.Join(tx.PutChunk(1, 1, 1, second), tx.PutChunk(1, 1, 0, first[1:]), tx.PutChunk(1, 2, 0, first[:1]))
	})
	equal(t, "all chunks", load(t, s, 1, 1), append(append([]store.Link{bare}, second...), far...))
	equal(t, "the neighbour", load(t, s, 1, 2), first[:1])
	write(t, s, func(tx *store.Tx) error { return tx.PutChunk(1, 1, 1, nil) })
	equal(t, "chunk 1 removed", load(t, s, 1, 1), append([]store.Link{bare}, far...))
}

func flagSets(t *testing.T, _ store.KV, s *store.Store) {
	write(t, s, func(tx *store.Tx) error { return tx.PutFolder(folder(1, 1, "x")) })
	seen, odd := mapping.NewFlags(`\Seen`), mapping.NewFlags(`\Seen`, "$Label1", "W\xfcrg")
	write(t, s, func(tx *store.Tx) error {
		return errors.Join(tx.PutFlagSet(1, 1, 1, seen), tx.PutFlagSet(1, 1, 2, odd), tx.PutFlagSet(1, 1, 1, seen))
	})
	for name, put := range map[string]func(*store.Tx) error{
		"changed": func(tx *store.Tx) error { return tx.PutFlagSet(1, 1, 1, odd) },
		"a hole":  func(tx *store.Tx) error { return tx.PutFlagSet(1, 1, 4, odd) },
		"zero":    func(tx *store.Tx) error { return tx.PutFlagSet(1, 1, 0, odd) },
	} {
		if err := s.Update(put); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	got := read(t, s, func(x *store.Rx) (*store.FolderData, error) { return x.LoadFolder(1, 1) })
	equal(t, "FlagSets", got.FlagSets, []mapping.Flags{"", seen, odd})
}

func tooMuch(t *testing.T, kv store.KV, s *store.Store) {
	before := everything(t, kv)
	err := s.Update(func(tx *store.Tx) error { return putMany(tx, 1, 1, 200_000) })
	if !errors.Is(err, store.ErrTooBig) {
		t.Error(err)
	}
	equal(t, "the records", everything(t, kv), before)
}

func indexesChecked(t *testing.T, _ store.KV, s *store.Store) {
	f := folder(1, 1, "x")
	for name, change := range map[string]func(*store.Link){
		"flags":      func(l *store.Link) { l.Flags = 2 },
		"base":       func(l *store.Link) { l.Base = 2 },
		"sent":       func(l *store.Link) { l.Sent = 2 },
		"source":     func(l *store.Link) { l.Box = 2 },
		"ref source": func(l *store.Link) { l.Src, l.Ref, l.Box = 0, "/x", 2 },
	} {
		l := link(1)
		change(&l)
		write(t, s, func(tx *store.Tx) error {
			return errors.Join(tx.PutFolder(f), tx.PutFlagSet(1, 1, 1, `\Seen`), tx.PutChunk(1, 1, 0, []store.Link{l}))
		})
		err := s.View(func(x *store.Rx) error { _, err := x.LoadFolder(1, 1); return err })
		if !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func damaged(t *testing.T, kv store.KV, s *store.Store) {
	write(t, s, func(tx *store.Tx) error {
		return errors.Join(tx.PutAccount(account(1, "k", "a")), tx.PutFolder(folder(1, 1, "x")), putMany(tx, 1, 1, 300),
			tx.PutFlagSet(1, 1, 1, `\Seen`), tx.PutQuarantine(1, 1, store.Quarantine{UID: 1}))
	})
	all := func(x *store.Rx) error {
		_, err1 := x.Accounts()
		_, err2 := x.FindAlias("a")
		_, err3 := x.LoadFolder(1, 1)
		_, err4 := x.Quarantine(1, 1)
		return errors.Join(err1, err2, err3, err4)
	}
	must(t, s.View(all))
	var keys [][]byte
	must(t, kv.View(func(r store.Reader) error {
		return r.Scan(nil, func(key, _ []byte) error { keys = append(keys, append([]byte{}, key...)); return nil })
	}))
	for _, key := range keys {
		kind := key[0]
		if kind == 'v' || kind == 'G' || kind == 'K' {
			continue // the schema has a test of its own; any bytes are a flag set; nothing above looks for K
		}
		var old []byte
		must(t, kv.Update(func(txn store.Txn) (err error) {
			if old, err = txn.Get(key); err != nil {
				return err
			}
			old = append([]byte{}, old...)
			return txn.Set(key, old[:len(old)/2])
		}))
		if err := s.View(all); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("key %x: %v", key, err)
		}
		must(t, kv.Update(func(txn store.Txn) error { return txn.Set(key, old) }))
	}
	// A flag set beyond the end of the table.
	set(t, kv, string(binary.BigEndian.AppendUint32([]byte("G\x00\x00\x00\x01\x00\x00\x00\x01"), 1<<31)), "x")
	if err := s.View(all); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("a flag set out of line: %v", err)
	}
}

// many records of every kind, in folders whose keys are neighbours.
func neighbours(tx *store.Tx, acc store.AccountID, id store.FolderID) error {
	return errors.Join(tx.PutFolder(folder(acc, id, "x")), putMany(tx, acc, id, 600), tx.PutFlagSet(acc, id, 1, `\Seen`),
		tx.PutQuarantine(acc, id, store.Quarantine{UID: 1}), tx.PutIntent(acc, id, store.Intent{}), tx.PutClaim(acc, id, store.Claim{}))
}

func deletedFolder(t *testing.T, kv store.KV, s *store.Store) {
	write(t, s, func(tx *store.Tx) error {
		return errors.Join(neighbours(tx, 1, 1), neighbours(tx, 1, 3), neighbours(tx, 2, 2))
	})
	before := everything(t, kv)
	write(t, s, func(tx *store.Tx) error { return neighbours(tx, 1, 2) })
	write(t, s, func(tx *store.Tx) error { return tx.DeleteFolder(1, 2) })
	equal(t, "the records", everything(t, kv), before)
	write(t, s, func(tx *store.Tx) error { return tx.DeleteFolder(1, 99) }) // none: no error
	equal(t, "the records", everything(t, kv), before)
}

// deletedSparse has more chunks than one update can remove.
func deletedSparse(t *testing.T, kv store.KV, s *store.Store) {
	before := everything(t, kv)
	const step = store.MaxRecords - 1
	for from := range 3 {
		write(t, s, func(tx *store.Tx) error {
			errs := []error{tx.PutFolder(folder(1, 1, "x"))}
			for c := uint32(from * step); c < uint32((from+1)*step); c++ {
				errs = append(errs, tx.PutChunk(1, 1, c, []store.Link{{UID: c<<8 | 5, State: store.Listed}}))
			}
			return errors.Join(errs...)
		})
	}
	if n := len(load(t, s, 1, 1)); n != 3*step {
		t.Errorf("%d links", n)
	}
	write(t, s, func(tx *store.Tx) error { return tx.DeleteFolder(1, 1) })
	equal(t, "the records", everything(t, kv), before)
}

// sweptAtOpen leaves a deleted folder as a crash between the update and its sweep does.
func sweptAtOpen(t *testing.T, kv store.KV, s *store.Store) {
	before := everything(t, kv)
	write(t, s, func(tx *store.Tx) error { return putMany(tx, 1, 2, 600) })
	set(t, kv, "D\x00\x00\x00\x01\x00\x00\x00\x02", "")
	opened(t, kv)
	equal(t, "the records", everything(t, kv), before)
}
