package store

import "time"

// AccountID numbers an account. It is never given out twice.
type AccountID uint32

// Account is one user on both sides: one destination mailbox, whatever the names it is reached by.
type Account struct {
	ID AccountID
	// Key is destination host + canonical destination login. No two accounts share one.
	Key string
	// Aliases are the login names that lead here. A name leads to one account only.
	Aliases []string
	// Source is the name of the source that its mail is moved from; "": the only one, or the first.
	Source      string `json:",omitempty"`
	SourceLogin string
	DestLogin   string
	// Made is how the mailbox came to be on the destination; nil: it was there, or somebody else made it.
	Made *Made `json:",omitempty"`
	// Secret holds the credentials, sealed by the caller; nil once they are erased (EraseSecrets).
	Secret []byte
	// SourceSecret is, sealed likewise, what the source took last, if only the destination was asked about Secret; nil: both
	// were.
	SourceSecret []byte `json:",omitempty"`
	Created      time.Time
	FirstLogin   time.Time // zero: no client came yet, the account was enrolled by the admin
	LastLogin    time.Time
	Closed       time.Time // zero: the source is still watched
	// Settled is when the last of the account's folders was shown under the destination's own identity; it is set once.
	Settled time.Time `json:",omitzero"`
	// SpliceAccepted: the admin accepts that the source's folder paths stop working, so that the account may be spliced
	// although they were used lately.
	SpliceAccepted bool `json:",omitempty"`
	// HighUIDValidity is set once the account was rebuilt: the greatest UIDVALIDITY ever shown under any name of it before
	// that, deleted folders included. What is made up next must be greater.
	HighUIDValidity uint32
	// Rebuild is why the account waits for 'crossfade rebuild': its state is an old copy, or new because the one it
	// had is lost. "": it does not.
	Rebuild string
	// Anew is when the admin said that the account is to be begun anew, because its mailbox is gone from the destination;
	// zero once its folders are put aside.
	Anew time.Time `json:",omitzero"`
	// NoClients: the admin says that nobody uses IMAP there, so that folders need not wait for being opened. SettleStopped:
	// nothing of the account settles.
	NoClients     bool `json:",omitempty"`
	SettleStopped bool `json:",omitempty"`
	// AliasUses and AliasUsed count the uses of the source's old folder paths and keep the last one's time.
	AliasUses uint64
	AliasUsed time.Time
	// Paused and Priority are an admin's words: whether the copying rests, and which account goes first.
	Paused   bool `json:",omitempty"`
	Priority int  `json:",omitempty"`
	// LossAccepted: the admin said that what the source does not have any more was deleted there, and that has not been
	// carried over to the end.
	LossAccepted bool `json:",omitempty"`
	// Verified is how the last full comparison of both sides ended; nil if there was none.
	Verified *Verified `json:",omitempty"`
	// Left is what the source holds of the user's that does not move; nil: nobody has looked.
	Left *Left `json:",omitempty"`
	// Sight is why it is doubted that the source shows the whole mailbox; nil: it is not.
	Sight *Sight `json:",omitempty"`
}

// Made is a mailbox that Crossfade made on the destination, with the password in Account.Secret.
type Made struct {
	At time.Time
	// Intended: whether the mailbox was made is not known, because the answer did not come. The account is not one yet: it
	// is only known by its Key and its Secret.
	Intended bool `json:",omitempty"`
	// Next is, sealed, the password that the mailbox is just being given; nil: none. The destination may have it already.
	Next []byte `json:",omitempty"`
	// Changed: the destination took a password that was not given by Crossfade. It is never given another one.
	Changed bool `json:",omitempty"`
}

// EraseSecrets forgets all credentials.
func (a *Account) EraseSecrets() {
	a.Secret, a.SourceSecret = nil, nil
	if a.Made != nil && a.Made.Next != nil {
		m := *a.Made
		m.Next = nil
		a.Made = &m
	}
}

// Verified is how a comparison of all folders of an account ended.
type Verified struct {
	Begun, Ended time.Time
	OK           bool // all folders agreed
	Folders, Bad int  // compared; and those of them that did not agree
	Done, Total  int  // messages, see the engine's completion
	Doubled      int
	Problem      string // what was wrong first, in words
}

// escaped is the account as it is written: see escape.
func (a Account) escaped(e func(string) (string, error)) (Account, error) {
	t := texts{by: e}
	a.Key = t.one(a.Key)
	a.Aliases = t.all(a.Aliases)
	a.Source = t.one(a.Source)
	a.SourceLogin = t.one(a.SourceLogin)
	a.DestLogin = t.one(a.DestLogin)
	if a.Verified != nil {
		v := *a.Verified
		v.Problem = t.one(v.Problem)
		a.Verified = &v
	}
	a.Left = a.Left.escaped(&t)
	a.Sight = a.Sight.escaped(&t)
	return a, t.err
}
