package imap

import (
	"time"

	"crossfade/backfill"
)

// searchOp is the kind of a search key.
type searchOp int

const (
	opAll searchOp = iota
	opAnd
	opOr
	opNot
	opSeqs    // sequence numbers
	opUIDs    // UIDs
	opRecent  // \Recent for this client
	opFlag    // a flag or keyword is set
	opLarger  // RFC822.SIZE
	opSmaller // RFC822.SIZE
	opBefore  // INTERNALDATE
	opOn
	opSince
	opServer // only the servers can tell
)

// searchKey is one node of a SEARCH.
type searchKey struct {
	op   searchOp
	kids []*searchKey
	set  numSet // resolved
	flag string
	size int64
	day  int                // days since 1970, for dates
	leaf backfill.SearchKey // what to ask the servers: opServer, and sizes and dates the state does not know

	asked bool
	found numSet // the servers' answer
}

// needsItems tells whether the state of each message has to be looked at.
func (k *searchKey) needsItems() bool {
	switch k.op {
	case opFlag, opLarger, opSmaller, opBefore, opOn, opSince:
		return true
	}
	for _, kid := range k.kids {
		if kid.needsItems() {
			return true
		}
	}
	return false
}

// cost orders keys so that those that cost a question to the servers come last.
func (k *searchKey) cost() int {
	switch k.op {
	case opServer:
		return 2
	case opLarger, opSmaller, opBefore, opOn, opSince:
		return 1 // only if the state does not know
	}
	most := 0
	for _, kid := range k.kids {
		most = max(most, kid.cost())
	}
	return most
}

// dayOf is the date of t in its own zone, which is what SEARCH compares (RFC 3501 6.4.4: disregarding time and
// timezone).
func dayOf(t time.Time) int {
	y, m, d := t.Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

func not(k *searchKey) *searchKey { return &searchKey{op: opNot, kids: []*searchKey{k}} }
