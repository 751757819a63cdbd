package backfill

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"crossfade/internal/durable"
	"crossfade/internal/keyring"
	"crossfade/store"
	"crossfade/store/badger"
)

// disked is a bed whose state lies in files, as a proxy's does.
type disked struct {
	*bed
	dir    string
	master [32]byte
	kv     store.KV
	keys   *keyring.File
	plain  bool // without a keyring, as earlier versions were
}

func newDisked(t *testing.T) *disked {
	d := &disked{bed: newBed(t), dir: t.TempDir(), master: [32]byte{7, 1}}
	many(d.src.boxes["INBOX"], 3)
	d.opt = func(o *Options) {
		if o.Key = d.master; !d.plain {
			o.Keys = d.keys
		}
	}
	return d
}

// begin opens the files and starts the engine; finish ends it and closes them.
func (d *disked) begin() {
	d.t.Helper()
	var err error
	d.kv, err = badger.Open(filepath.Join(d.dir, "db"), badger.Options{})
	must(d.t, err)
	d.bed.kv = d.kv
	d.keys, _, err = keyring.Open(durable.OS{}, filepath.Join(d.dir, "keys"), d.master)
	must(d.t, err)
	d.start(false)
}

func (d *disked) finish() {
	d.t.Helper()
	d.end()
	must(d.t, d.kv.Close())
	must(d.t, d.keys.Close())
}

// copyOf copies the database's files.
func (d *disked) copyOf(t *testing.T) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "db")
	must(t, os.CopyFS(to, os.DirFS(filepath.Join(d.dir, "db"))))
	return to
}

// steal is what somebody does who has a database's files, the master key and the present file with the accounts' keys.
func (d *disked) steal(t *testing.T, db string) (secret string, err error) {
	t.Helper()
	kv, err := badger.Open(db, badger.Options{})
	must(t, err)
	st, err := store.Open(kv)
	must(t, err)
	keys, _, err := keyring.Open(durable.OS{}, filepath.Join(d.dir, "keys"), d.master)
	must(t, err)
	v, err := newVault(d.master, keys)
	must(t, err)
	readErr := st.View(func(rx *store.Rx) error {
		recs, err := rx.Accounts()
		if err == nil && len(recs) != 1 {
			err = fmt.Errorf("%d accounts", len(recs))
		}
		if err == nil {
			secret, err = v.open(recs[0].Key, recs[0].Secret)
		}
		return err
	})
	must(t, errors.Join(st.Close(), keys.Close()))
	return secret, readErr
}

// TestClosedIsErased: a copy of the database that was taken before an account was closed gives its password to whoever has
// the master key, and gives it no more once the account is closed; nor does the database itself.
func TestClosedIsErased(t *testing.T) {
	d := newDisked(t)
	d.moved(t)
	earlier, again := d.copyOf(t), d.copyOf(t)
	if secret, err := d.steal(t, earlier); err != nil || secret != "pw" {
		t.Fatalf("before the account is closed: %q, %v: the test does not know how to open it", secret, err)
	}
	d.begin()
	d.closes(false, "")
	d.erased()
	_, err := d.e.Login(t.Context(), annName, "pw") // a closed account's password is not kept again
	must(t, err)
	d.finish()
	for _, db := range []string{again, earlier, filepath.Join(d.dir, "db")} {
		if secret, err := d.steal(t, db); !errors.Is(err, errSealed) || secret != "" {
			t.Errorf("after it is closed: %q, %v", secret, err)
		}
	}
}

// TestKilledBeforeErased: a kill between the two steps of a close is made good at the next start.
func TestKilledBeforeErased(t *testing.T) {
	d := newDisked(t)
	d.moved(t)
	earlier := d.copyOf(t)
	d.begin()
	must(t, d.account().leaveSource())
	d.finish()
	if secret, err := d.steal(t, earlier); err != nil || secret != "pw" {
		t.Errorf("%q %v", secret, err)
	}
	d.begin()
	d.eventually(func() error {
		if _, err := d.keys.Key(uint32(d.account().id)); !errors.Is(err, keyring.ErrNone) {
			return fmt.Errorf("the key is there: %v", err)
		}
		return nil
	})
	d.finish()
	if secret, err := d.steal(t, earlier); !errors.Is(err, errSealed) {
		t.Errorf("%q %v", secret, err)
	}
}

// TestOldSecretsAreResealed: what a version without a keyring sealed is sealed anew at the start, and is used.
func TestOldSecretsAreResealed(t *testing.T) {
	d := newDisked(t)
	d.plain = true
	d.begin()
	must(t, d.login().Close())
	d.wait()
	d.finish()
	if rec := d.record(t); keyring.Sealed(rec.Secret) {
		t.Fatal("it is new already")
	}
	d.plain = false
	d.begin()
	d.eventually(func() error {
		if rec := d.accountRecord(); !keyring.Sealed(rec.Secret) {
			return errors.New("it is not sealed anew")
		}
		return nil
	})
	d.src.with("INBOX", func(b *fakeBox) { b.put(message(60, "later")) })
	d.eventually(func() error {
		return d.dst.check("INBOX", `<0@test> \Seen`, `<1@test> \Seen`, `<2@test> \Seen`, `<60@test> `)
	})
	d.finish()
	if secret, err := d.steal(t, filepath.Join(d.dir, "db")); err != nil || secret != "pw" {
		t.Errorf("%q %v", secret, err)
	}
	must(t, os.Remove(filepath.Join(d.dir, "keys")))
	if secret, err := d.steal(t, filepath.Join(d.dir, "db")); !errors.Is(err, errSealed) {
		t.Errorf("%q %v", secret, err)
	}
}

// record reads the only account's record while nothing runs.
func (d *disked) record(t *testing.T) (rec store.Account) {
	t.Helper()
	kv, err := badger.Open(filepath.Join(d.dir, "db"), badger.Options{})
	must(t, err)
	st, err := store.Open(kv)
	must(t, err)
	must(t, st.View(func(rx *store.Rx) error {
		recs, err := rx.Accounts()
		if err == nil {
			rec = recs[0]
		}
		return err
	}))
	must(t, st.Close())
	return rec
}

// TestLostKeys: without the keys' file, or with another master key, the account rests until its user logs in; nothing else
// is lost.
func TestLostKeys(t *testing.T) {
	for name, lose := range map[string]func(d *disked){
		"lost":           func(d *disked) { must(t, os.Remove(filepath.Join(d.dir, "keys"))) },
		"damaged":        func(d *disked) { must(t, os.WriteFile(filepath.Join(d.dir, "keys"), make([]byte, 1000), 0o600)) },
		"another master": func(d *disked) { d.master[0]++ },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDisked(t)
			d.begin()
			must(t, d.login().Close())
			d.wait()
			d.finish()
			lose(d)
			d.begin()
			d.src.with("INBOX", func(b *fakeBox) { b.put(message(60, "later")) })
			d.eventually(func() error {
				if p := d.e.Status().Accounts[0].Problem; p == "" {
					return errors.New("no problem is told")
				}
				return nil
			})
			must(t, d.login().Close())
			d.eventually(func() error {
				return d.dst.check("INBOX", `<0@test> \Seen`, `<1@test> \Seen`, `<2@test> \Seen`, `<60@test> `)
			})
			d.finish()
			if secret, err := d.steal(t, filepath.Join(d.dir, "db")); err != nil || secret != "pw" {
				t.Errorf("%q %v", secret, err)
			}
		})
	}
}

// moved has the account's mail moved and shown under the destination's numbers.
func (d *disked) moved(t *testing.T) {
	t.Helper()
	d.begin()
	s := d.login()
	d.wait()
	must(t, s.Close())
	d.settleAll()
	d.finish()
}
