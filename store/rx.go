package store

import (
	"encoding/binary"
	"errors"
	"fmt"

	"crossfade/mapping"
)

// Rx reads typed records from one snapshot. What it returns belongs to the caller.
type Rx struct{ r Reader }

// get reads one JSON record.
func get[T record[T]](x *Rx, key []byte) (T, error) {
	value, err := x.r.Get(key)
	if err != nil {
		var none T
		return none, err
	}
	return decodeRecord[T](value)
}

// list reads all JSON records under a prefix, in the order of their keys.
func list[T record[T]](x *Rx, prefix []byte) ([]T, error) {
	var all []T
	err := x.r.Scan(prefix, func(key, value []byte) error {
		r, err := decodeRecord[T](value)
		if err != nil {
			return fmt.Errorf("key %x: %w", key, err)
		}
		all = append(all, r)
		return nil
	})
	return all, err
}

// Generation returns the generation of the state, 0 if it is a new one.
func (x *Rx) Generation() (uint32, error) {
	n, err := x.number(textKey(keyCounter, generation))
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	return n, err
}

// Accounts returns all accounts by ascending number.
func (x *Rx) Accounts() ([]Account, error) { return list[Account](x, []byte{keyAccount}) }

// Account returns one account, or ErrNotFound.
func (x *Rx) Account(id AccountID) (Account, error) {
	return get[Account](x, numKey(keyAccount, uint32(id)))
}

// FindAlias returns the account to which a login name leads, or ErrNotFound. The name is compared byte by byte.
func (x *Rx) FindAlias(login string) (Account, error) { return x.find(textKey(keyAlias, login)) }

// FindKey returns the account with this Key, or ErrNotFound.
func (x *Rx) FindKey(key string) (Account, error) { return x.find(textKey(keyAccountKey, key)) }

func (x *Rx) find(index []byte) (Account, error) {
	id, err := x.number(index)
	if err != nil {
		return Account{}, err
	}
	return x.Account(AccountID(id))
}

// number reads a value that is one number.
func (x *Rx) number(key []byte) (uint32, error) {
	value, err := x.r.Get(key)
	if err != nil {
		return 0, err
	}
	if len(value) != 4 {
		return 0, fmt.Errorf("%w: key %x", ErrCorrupt, key)
	}
	return binary.BigEndian.Uint32(value), nil
}

// Folders returns an account's folders by ascending number.
func (x *Rx) Folders(acc AccountID) ([]Folder, error) {
	return list[Folder](x, numKey(keyFolder, uint32(acc)))
}

// Folder returns one folder without its links, or ErrNotFound.
func (x *Rx) Folder(acc AccountID, id FolderID) (Folder, error) {
	return get[Folder](x, folderKey(keyFolder, acc, id))
}

// LoadFolder returns a folder with all its links and its table of flag sets, or ErrNotFound. A link that names
// what does not exist (a flag set, a source) makes it ErrCorrupt: indexes read from here need no second check.
func (x *Rx) LoadFolder(acc AccountID, id FolderID) (*FolderData, error) {
	folder, err := x.Folder(acc, id)
	if err != nil {
		return nil, err
	}
	data := &FolderData{Folder: folder}
	if data.FlagSets, err = x.flagSets(acc, id); err != nil {
		return nil, err
	}
	if data.Links, err = x.links(acc, id); err != nil {
		return nil, err
	}
	if err := data.check(); err != nil {
		return nil, err
	}
	return data, nil
}

// links reads all chunks of a folder. They are counted first: a slice that grows takes several times the memory.
func (x *Rx) links(acc AccountID, id FolderID) ([]Link, error) {
	prefix, n := folderKey(keyLinks, acc, id), 0
	err := x.r.Scan(prefix, func(_, value []byte) error {
		n += chunkLen(value)
		return nil
	})
	if err != nil {
		return nil, err
	}
	links := make([]Link, 0, n)
	err = x.r.Scan(prefix, func(key, value []byte) error {
		chunk, ok := lastNum(key, 3)
		if !ok {
			return fmt.Errorf("%w: key %x", ErrCorrupt, key)
		}
		var err error
		if links, err = decodeChunk(links, chunk, value); err != nil {
			return fmt.Errorf("key %x: %w", key, err)
		}
		return nil
	})
	return links, err
}

// check makes sure that every index in the links can be used.
func (d *FolderData) check() error {
	for i := range d.Links {
		l := &d.Links[i]
		if max(l.Flags, l.Base, l.Sent) >= FlagSet(len(d.FlagSets)) {
			return fmt.Errorf("%w: message %d has an unknown flag set", ErrCorrupt, l.UID)
		}
		if (l.Src != 0 || l.Ref != "") && int(l.Box) >= len(d.Folder.Sources) {
			return fmt.Errorf("%w: message %d has an unknown source folder", ErrCorrupt, l.UID)
		}
	}
	return nil
}

// flagSets reads the folder's table. Numbers have no holes, so a damaged one cannot make it huge.
func (x *Rx) flagSets(acc AccountID, id FolderID) ([]mapping.Flags, error) {
	sets := []mapping.Flags{""}
	err := x.r.Scan(folderKey(keyFlags, acc, id), func(key, value []byte) error {
		n, ok := lastNum(key, 3)
		if !ok || int64(n) != int64(len(sets)) {
			return fmt.Errorf("%w: key %x", ErrCorrupt, key)
		}
		sets = append(sets, mapping.Flags(value))
		return nil
	})
	return sets, err
}

// Quarantine returns a folder's quarantined messages by ascending shown UID.
func (x *Rx) Quarantine(acc AccountID, id FolderID) ([]Quarantine, error) {
	return list[Quarantine](x, folderKey(keyQuarantine, acc, id))
}

// Quarantined returns the quarantine record of one message, or ErrNotFound.
func (x *Rx) Quarantined(acc AccountID, id FolderID, uid uint32) (Quarantine, error) {
	return get[Quarantine](x, folderKey(keyQuarantine, acc, id, uid))
}

// Intent returns the folder's open intent, or ErrNotFound when no APPEND can be under way.
func (x *Rx) Intent(acc AccountID, id FolderID) (Intent, error) {
	return get[Intent](x, folderKey(keyIntent, acc, id))
}

// Claim returns the folder's claim, expired or not, or ErrNotFound.
func (x *Rx) Claim(acc AccountID, id FolderID) (Claim, error) {
	return get[Claim](x, folderKey(keyClaim, acc, id))
}

// has tells whether a key exists.
func (x *Rx) has(key []byte) (bool, error) {
	_, err := x.r.Get(key)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
