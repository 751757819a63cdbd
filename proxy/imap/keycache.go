package imap

import (
	"container/list"
	"sync"

	"crossfade/internal/mailsort"
)

const (
	// maxKept is the memory for keys of messages that were sorted once and may be again. A message costs 20 to 200 bytes, so
	// that is some five folders of 50,000 messages that are sorted in every way, or a hundred of the usual size.
	maxKept = 32 << 20
	// maxWorking is the memory for all SORT and THREAD commands that are under way. Threading costs some 450 bytes a message
	// the first time and 200 later: a folder of 200,000 fits, and with what is kept into what --memory leaves room for
	// beside bodies.
	maxWorking = 128 << 20
)

// keyCache keeps columns of sort keys for all connections. A message is immutable under its UID and UIDVALIDITY, so what
// is kept never goes stale.
type keyCache struct {
	mu      sync.Mutex
	columns map[columnName]*list.Element
	recent  *list.List // of *keptColumn, the one used last in front
	kept    int64
	working int64
}

// columnName is a key of the messages of a folder as it is shown.
type columnName struct {
	account, folder string
	uidValidity     uint32
	key             mailsort.Key
}

type keptColumn struct {
	name   columnName
	column mailsort.Column
}

func newKeyCache() *keyCache {
	return &keyCache{columns: make(map[columnName]*list.Element), recent: list.New()}
}

// get returns what is kept; nil if nothing is.
func (k *keyCache) get(name columnName) mailsort.Column {
	k.mu.Lock()
	defer k.mu.Unlock()
	e := k.columns[name]
	if e == nil {
		return nil
	}
	k.recent.MoveToFront(e)
	return e.Value.(*keptColumn).column
}

// put keeps a column, unless one is there that knows more messages, and drops what was not used for longest.
func (k *keyCache) put(name columnName, c mailsort.Column) {
	if c.Bytes() > maxKept {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if e := k.columns[name]; e != nil {
		if len(e.Value.(*keptColumn).column.UIDs()) >= len(c.UIDs()) {
			return
		}
		k.drop(e)
	}
	k.columns[name] = k.recent.PushFront(&keptColumn{name, c})
	k.kept += c.Bytes()
	for k.kept > maxKept {
		k.drop(k.recent.Back())
	}
}

func (k *keyCache) drop(e *list.Element) {
	kept := e.Value.(*keptColumn)
	k.recent.Remove(e)
	delete(k.columns, kept.name)
	k.kept -= kept.column.Bytes()
}

var (
	errTooLarge = &noError{"LIMIT", "These are too many messages to be sorted at once; ask for fewer"}
	errTooMany  = &noError{"UNAVAILABLE", "Too many mailboxes are being sorted now; try again later"}
)

// hold takes memory for a command that holds some already.
func (k *keyCache) hold(held, more int64) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case held+more > maxWorking:
		return errTooLarge
	case k.working+more > maxWorking:
		return errTooMany
	}
	k.working += more
	return nil
}

func (k *keyCache) release(held int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.working -= held
}
