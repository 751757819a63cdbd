package store

import (
	"crypto/sha256"
	"time"
)

// Need is what keeps the user of a login name out until the admin has done something about it. It is kept only of names
// that one of the two servers has accepted a password for, so that nobody who guesses can make it grow.
type Need struct {
	// Key is the canonical login on the destination.
	Key    string
	Login  string // as it was typed last
	Source string `json:",omitempty"` // name of the source
	Kind   string // which sort of thing it is, in one word
	Text   string // what it is, in words for the admin
	// Since is when it was met first, Last when it was noted last: not every try is.
	Since, Last time.Time
}

// escaped is the need as it is written: see escape.
func (n Need) escaped(e func(string) (string, error)) (Need, error) {
	t := texts{by: e}
	n.Key, n.Login, n.Source, n.Text = t.one(n.Key), t.one(n.Login), t.one(n.Source), t.one(n.Text)
	return n, t.err
}

// needKey has the name hashed: it may be longer than a key.
func needKey(key string) []byte {
	sum := sha256.Sum256([]byte(key))
	return append([]byte{keyNeed}, sum[:16]...)
}

// Needs returns all that is waited for, in no order.
func (x *Rx) Needs() ([]Need, error) { return list[Need](x, []byte{keyNeed}) }

// PutNeed notes what is waited for, instead of what was before under this Key.
func (t *Tx) PutNeed(n Need) error { return put(t, needKey(n.Key), n) }

// DeleteNeed forgets it.
func (t *Tx) DeleteNeed(key string) error { return t.txn.Delete(needKey(key)) }
