package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"crossfade/mapping"
	"crossfade/store"
)

// Store is the suite for the typed records over an engine.
func Store(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, store.KV, *store.Store){
		"accounts":                     accounts,
		"a login name has one account": oneOwner,
		"an account that never was":    unmade,
		"what users wait for":          needs,
		"numbers are given out once":   numbersOnce,
		"folders":                      folders,
		"links":                        links,
		"flag sets":                    flagSets,
		"quarantine, intent, claim":    small,
		"tallies":                      tallies,
		"names that were given up":     names,
		"all or nothing":               allOrNothing,
		"too much at once":             tooMuch,
		"a deleted folder":             deletedFolder,
		"a deleted sparse folder":      deletedSparse,
		"the sweep after a crash":      sweptAtOpen,
		"damaged records":              damaged,
		"indexes are checked":          indexesChecked,
		"schema":                       schema,
	} {
		t.Run(name, func(t *testing.T) {
			kv, _ := open(t)
			defer shut(t, kv)
			test(t, kv, opened(t, kv))
		})
	}
	t.Run("opened again", func(t *testing.T) { storeAgain(t, open) })
}

func opened(t *testing.T, kv store.KV) *store.Store {
	t.Helper()
	s, err := store.Open(kv)
	must(t, err)
	return s
}

// date has no part that JSON would drop.
func date(day int) time.Time { return time.Date(2024, 5, day, 13, 14, 15, 16, time.UTC) }

// write and read are one call that must go well.
func write(t *testing.T, s *store.Store, f func(*store.Tx) error) {
	t.Helper()
	must(t, s.Update(f))
}

func read[T any](t *testing.T, s *store.Store, f func(*store.Rx) (T, error)) (got T) {
	t.Helper()
	must(t, s.View(func(x *store.Rx) (err error) { got, err = f(x); return err }))
	return got
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s\n got %+v\nwant %+v", what, got, want)
	}
}

func account(id store.AccountID, key string, aliases ...string) store.Account {
	return store.Account{
		ID: id, Key: key, Aliases: aliases, Source: "old\xff", SourceLogin: "al\xefce", DestLogin: "alice", Made: &store.Made{At: date(7), Intended: true, Next: []byte{1}, Changed: true}, Secret: []byte{0, 255}, SourceSecret: []byte{7},
		Created: date(1), FirstLogin: date(2), LastLogin: date(3), Closed: date(4),
		HighUIDValidity: 77, AliasUses: 5, AliasUsed: date(5), Settled: date(6), SpliceAccepted: true, NoClients: true, SettleStopped: true,
		Left: &store.Left{At: date(7), Items: []store.Leftover{{Kind: "shared", Text: "with \xff"}}},
	}
}

func accounts(t *testing.T, _ store.KV, s *store.Store) {
	a, b := account(1, "mx\x00alice", "alice", `EX\alice`, "\xffodd"), account(256, "mx\x00bob")
	write(t, s, func(tx *store.Tx) error { return errors.Join(tx.PutAccount(b), tx.PutAccount(a)) })
	equal(t, "Accounts", read(t, s, (*store.Rx).Accounts), []store.Account{a, b})
	equal(t, "Account", read(t, s, func(x *store.Rx) (store.Account, error) { return x.Account(256) }), b)
	for _, alias := range a.Aliases {
		equal(t, alias, read(t, s, func(x *store.Rx) (store.Account, error) { return x.FindAlias(alias) }), a)
	}
	equal(t, "FindKey", read(t, s, func(x *store.Rx) (store.Account, error) { return x.FindKey("mx\x00bob") }), b)

	a.Aliases, a.Secret = []string{"alice", "new"}, nil
	write(t, s, func(tx *store.Tx) error { return tx.PutAccount(a) })
	equal(t, "new", read(t, s, func(x *store.Rx) (store.Account, error) { return x.FindAlias("new") }), a)
	must(t, s.View(func(x *store.Rx) error {
		for _, gone := range []string{`EX\alice`, "Alice", "alic", ""} {
			if _, err := x.FindAlias(gone); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%q: %v", gone, err)
			}
		}
		if _, err := x.Account(2); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("account 2: %v", err)
		}
		return nil
	}))
}

// unmade: an account that never was one is forgotten with its names.
func unmade(t *testing.T, _ store.KV, s *store.Store) {
	write(t, s, func(tx *store.Tx) error {
		return errors.Join(tx.PutAccount(account(1, "k1", "a")), tx.PutAccount(account(2, "k2", "b")))
	})
	write(t, s, func(tx *store.Tx) error { return errors.Join(tx.DeleteAccount(1), tx.DeleteAccount(7)) })
	equal(t, "Accounts", read(t, s, (*store.Rx).Accounts), []store.Account{account(2, "k2", "b")})
	must(t, s.View(func(x *store.Rx) error {
		_, key := x.FindKey("k1")
		_, alias := x.FindAlias("a")
		if !errors.Is(key, store.ErrNotFound) || !errors.Is(alias, store.ErrNotFound) {
			t.Errorf("%v, %v", key, alias)
		}
		return nil
	}))
	write(t, s, func(tx *store.Tx) error { return tx.PutAccount(account(3, "k1", "a")) })
}

func needs(t *testing.T, _ store.KV, s *store.Store) {
	a := store.Need{Key: "mx\x00al\xffice", Login: "\xfe", Source: "old", Kind: "limit", Text: "no\xfd", Since: date(1), Last: date(2)}
	b := store.Need{Key: "mx\x00bob", Kind: "policy", Since: date(3), Last: date(3)}
	write(t, s, func(tx *store.Tx) error { return errors.Join(tx.PutNeed(a), tx.PutNeed(b)) })
	a.Kind = "exists"
	write(t, s, func(tx *store.Tx) error {
		return errors.Join(tx.PutNeed(a), tx.DeleteNeed(b.Key), tx.DeleteNeed("nobody"))
	})
	equal(t, "Needs", read(t, s, (*store.Rx).Needs), []store.Need{a})
}

func oneOwner(t *testing.T, _ store.KV, s *store.Store) {
	write(t, s, func(tx *store.Tx) error { return tx.PutAccount(account(1, "k1", "a", "b")) })
	for name, other := range map[string]store.Account{
		"key": account(2, "k1"), "alias": account(2, "k2", "c", "b"),
	} {
		err := s.Update(func(tx *store.Tx) error { return tx.PutAccount(other) })
		if !errors.Is(err, store.ErrTaken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	write(t, s, func(tx *store.Tx) error {
		// A name that was given up is free in the same update.
		return errors.Join(tx.PutAccount(account(1, "k1", "a")), tx.PutAccount(account(2, "k2", "b")))
	})
	equal(t, "b", read(t, s, func(x *store.Rx) (store.Account, error) { return x.FindAlias("b") }).ID, store.AccountID(2))
	for _, bad := range []store.Account{account(0, "k"), account(3, "")} {
		if err := s.Update(func(tx *store.Tx) error { return tx.PutAccount(bad) }); err == nil {
			t.Errorf("taken: %+v", bad)
		}
	}
}

func numbersOnce(t *testing.T, _ store.KV, s *store.Store) {
	got := make(chan [2]uint32, clients*rounds)
	var g errgroup.Group
	for range clients {
		g.Go(func() error {
			for range rounds {
				err := s.Update(func(tx *store.Tx) error {
					a, errA := tx.NewAccountID()
					f, errF := tx.NewFolderID()
					got <- [2]uint32{uint32(a), uint32(f)}
					return errors.Join(errA, errF)
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	must(t, g.Wait())
	close(got)
	accs, folders := make(map[uint32]bool), make(map[uint32]bool)
	for n := range got {
		accs[n[0]], folders[n[1]] = true, true
	}
	if len(accs) != clients*rounds || len(folders) != clients*rounds || accs[0] || folders[0] {
		t.Errorf("%d and %d different numbers, want %d", len(accs), len(folders), clients*rounds)
	}
}

func folder(acc store.AccountID, id store.FolderID, name string) store.Folder {
	return store.Folder{
		ID: id, Account: acc, Kind: "mail", Name: name, Path: mapping.Path{"A", name}, Role: "sent",
		Sources: []store.SourceBox{
			{Name: "INBOX.Sent", Path: mapping.Path{"Sent"}, UIDValidity: 1 << 31, UIDNext: 3, ModSeq: 1 << 60, Exists: 2, Borrowed: true},
			{Name: "Ges\xe4ndet", Path: mapping.Path{"\xff", "x"}, Gone: true},
		},
		DestUIDValidity: 9, DestUIDNext: 10, DestModSeq: 11,
		Identity:          store.Identity{UIDValidity: 1, SnapshotNext: 2, NextUID: 3, Fixed: true, Own: true, Native: true},
		PastUIDValidities: []uint32{5, 6}, PastNames: []string{"\xfe"}, State: "blended", Problem: "none", Epoch: 1 << 40,
		Subscribed: true, LastClient: date(6), Settled: date(7), Complete: date(8), SettleOrdered: true, SettleStopped: true,
	}
}

func folders(t *testing.T, _ store.KV, s *store.Store) {
	a, b, other := folder(1, 2, "Entw\xfcrfe"), folder(1, 256, "\x00b64:eA=="), store.Folder{Account: 2, ID: 3}
	before := folder(1, 2, "Entw\xfcrfe")
	write(t, s, func(tx *store.Tx) error { return errors.Join(tx.PutFolder(b), tx.PutFolder(a), tx.PutFolder(other)) })
	equal(t, "the caller's folder", a, before)
	equal(t, "Folders", read(t, s, func(x *store.Rx) ([]store.Folder, error) { return x.Folders(1) }), []store.Folder{a, b})
	equal(t, "Folder", read(t, s, func(x *store.Rx) (store.Folder, error) { return x.Folder(2, 3) }), other)
	must(t, s.View(func(x *store.Rx) error {
		_, err1 := x.Folder(2, 2)
		_, err2 := x.LoadFolder(2, 2)
		if !errors.Is(err1, store.ErrNotFound) || !errors.Is(err2, store.ErrNotFound) {
			t.Error(err1, err2)
		}
		return nil
	}))
	for _, bad := range []store.Folder{{ID: 1}, {Account: 1}, {ID: 1, Account: 1, Sources: make([]store.SourceBox, 1<<16+1)}} {
		if err := s.Update(func(tx *store.Tx) error { return tx.PutFolder(bad) }); err == nil {
			t.Errorf("taken: folder %d of %d with %d sources", bad.ID, bad.Account, len(bad.Sources))
		}
	}
}

func small(t *testing.T, _ store.KV, s *store.Store) {
	q := store.Quarantine{UID: 300, Reason: "too large", Words: "Gr\xf6\xdfe", Code: "TOOBIG", Time: date(1), Attempts: 3, Size: -1}
	q2 := q
	q2.UID = 7
	i := store.Intent{DestUIDValidity: 1, DestUIDNext: 2, Time: date(2), UIDs: []uint32{3, 4}}
	c := store.Claim{Owner: "me", Expires: date(3)}
	must(t, s.View(func(x *store.Rx) error {
		_, err1 := x.Intent(1, 1)
		_, err2 := x.Claim(1, 1)
		if !errors.Is(err1, store.ErrNotFound) || !errors.Is(err2, store.ErrNotFound) {
			t.Error(err1, err2)
		}
		return nil
	}))
	write(t, s, func(tx *store.Tx) error {
		return errors.Join(tx.PutQuarantine(1, 1, q), tx.PutQuarantine(1, 1, q2), tx.PutQuarantine(1, 2, q),
			tx.PutIntent(1, 1, i), tx.PutClaim(1, 1, c))
	})
	listed := func(x *store.Rx) ([]store.Quarantine, error) { return x.Quarantine(1, 1) }
	equal(t, "Quarantine", read(t, s, listed), []store.Quarantine{q2, q})
	equal(t, "Intent", read(t, s, func(x *store.Rx) (store.Intent, error) { return x.Intent(1, 1) }), i)
	equal(t, "Claim", read(t, s, func(x *store.Rx) (store.Claim, error) { return x.Claim(1, 1) }), c)
	write(t, s, func(tx *store.Tx) error {
		return errors.Join(tx.DeleteQuarantine(1, 1, 7), tx.DeleteIntent(1, 1), tx.DeleteClaim(1, 1))
	})
	equal(t, "Quarantine", read(t, s, listed), []store.Quarantine{q})
	must(t, s.View(func(x *store.Rx) error {
		_, err1 := x.Intent(1, 1)
		_, err2 := x.Claim(1, 1)
		if !errors.Is(err1, store.ErrNotFound) || !errors.Is(err2, store.ErrNotFound) {
			t.Error(err1, err2)
		}
		return nil
	}))
}

func allOrNothing(t *testing.T, kv store.KV, s *store.Store) {
	no := errors.New("no")
	before := everything(t, kv)
	err := s.Update(func(tx *store.Tx) error {
		_, err := tx.NewFolderID()
		return errors.Join(err, tx.PutAccount(account(1, "k", "a")), tx.PutFolder(folder(1, 1, "x")), tx.DeleteFolder(1, 9), no)
	})
	if !errors.Is(err, no) {
		t.Error(err)
	}
	equal(t, "the records", everything(t, kv), before)
}

// everything is all keys and values.
func everything(t *testing.T, kv store.KV) (all []string) {
	t.Helper()
	must(t, kv.View(func(r store.Reader) error {
		return r.Scan(nil, func(key, value []byte) error {
			all = append(all, fmt.Sprintf("%x=%x", key, value))
			return nil
		})
	}))
	return all
}

func schema(t *testing.T, kv store.KV, _ *store.Store) {
	opened(t, kv)
	for version, want := range map[string]error{"2": store.ErrNewer, "": store.ErrCorrupt, "0": store.ErrCorrupt, "x": store.ErrCorrupt} {
		set(t, kv, "v", version)
		before := everything(t, kv)
		if _, err := store.Open(kv); !errors.Is(err, want) {
			t.Errorf("version %q: %v", version, err)
		}
		equal(t, "the records", everything(t, kv), before)
	}
}

func storeAgain(t *testing.T, open Open) {
	kv, reopen := open(t)
	defer func() { shut(t, kv) }()
	if reopen == nil {
		return
	}
	s := opened(t, kv)
	f := folder(1, 1, "x")
	write(t, s, func(tx *store.Tx) error {
		return errors.Join(tx.PutAccount(account(1, "k", "a")), tx.PutFolder(f), putMany(tx, 1, 1, 5_000))
	})
	before := read(t, s, func(x *store.Rx) (*store.FolderData, error) { return x.LoadFolder(1, 1) })
	kv = reopen()
	after := read(t, opened(t, kv), func(x *store.Rx) (*store.FolderData, error) { return x.LoadFolder(1, 1) })
	equal(t, "the folder", after, before)
	if len(after.Links) != 5_000 || !bytes.Equal([]byte(after.Folder.Name), []byte(f.Name)) {
		t.Errorf("%d links", len(after.Links))
	}
}
