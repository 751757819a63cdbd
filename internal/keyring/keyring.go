package keyring

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"

	"crossfade/internal/durable"
)

const (
	slotSize = 64
	// maxID bounds the size of the file: numbers are given out in turn, so a greater one is damage.
	maxID = 1<<26 - 1

	magic  = "key1"
	family = "crossfade keys "
	title  = family + "1\n"
)

// ErrNone: the account has no key, or none that can be opened.
var ErrNone = errors.New("the account has no key")

// File is an open keyring. It is safe for concurrent use; one process has it open.
type File struct {
	wrap cipher.AEAD

	making sync.Mutex // two who seal for an account without a key make one key

	mu    sync.Mutex
	f     durable.Editable
	slots uint32          // in the file
	doubt map[uint32]bool // those that were written and may not be on the disk: no keys
}

// Found is what a keyring held when it was opened.
type Found struct {
	Keys int // that can be opened
	Bad  int // slots that cannot: torn ones, or ones of another master key
}

// Open opens the keyring at path, or makes it. master wraps the keys.
func Open(fsys durable.FS, path string, master [32]byte) (*File, Found, error) {
	key, err := hkdf.Key(sha256.New, master[:], nil, "crossfade keyring 1", 32)
	if err != nil {
		return nil, Found{}, err
	}
	wrap, err := sealer([32]byte(key))
	if err != nil {
		return nil, Found{}, err
	}
	f, err := fsys.Edit(path, 0o600)
	if err != nil {
		return nil, Found{}, err
	}
	k := &File{wrap: wrap, f: f, doubt: make(map[uint32]bool)}
	found, err := k.start()
	if err == nil {
		err = fsys.SyncDir(filepath.Dir(path))
	}
	if err != nil {
		return nil, Found{}, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return k, found, nil
}

// sealer makes AES-256-GCM with a key.
func sealer(key [32]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// start reads the whole file once and writes its title, which means nothing to the slots.
func (k *File) start() (found Found, err error) {
	head := make([]byte, slotSize)
	if _, err := k.f.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return found, err
	}
	if bytes.HasPrefix(head, []byte(family)) && !bytes.HasPrefix(head, []byte(title)) {
		return found, errors.New("the keys were written by a newer version of this program")
	}
	buf := make([]byte, 1024*slotSize)
	for id := uint32(0); id <= maxID; {
		n, err := k.f.ReadAt(buf, offset(id))
		for slot := range bytesOf(buf[:n]) {
			switch _, err := k.unwrap(id, slot); {
			case err == nil:
				found.Keys++
			case !empty(slot):
				found.Bad++
			}
			id++
			k.slots = id
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return found, err
		}
	}
	if !bytes.HasPrefix(head, []byte(title)) {
		clear(head)
		copy(head, title)
		if _, err := k.f.WriteAt(head, 0); err != nil {
			return found, err
		}
	}
	return found, k.f.Sync() // an earlier run may have died before it did
}

// bytesOf cuts what was read into slots, the last of which may be short.
func bytesOf(b []byte) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(b) > 0 {
			n := min(slotSize, len(b))
			if !yield(b[:n]) {
				return
			}
			b = b[n:]
		}
	}
}

// offset is where a slot begins.
func offset(id uint32) int64 { return (int64(id) + 1) * slotSize }

func empty(slot []byte) bool { return len(bytes.Trim(slot, "\x00")) == 0 }

// name is the associated data of a slot: a slot that was moved does not open.
func name(id uint32) []byte { return binary.BigEndian.AppendUint32([]byte("crossfade account "), id) }

// unwrap opens a slot.
func (k *File) unwrap(id uint32, slot []byte) (key [32]byte, err error) {
	n := k.wrap.NonceSize()
	if len(slot) != slotSize || string(slot[:len(magic)]) != magic {
		return key, ErrNone
	}
	slot = slot[len(magic):]
	b, err := k.wrap.Open(nil, slot[:n], slot[n:], name(id))
	if err != nil || len(b) != len(key) {
		return key, ErrNone
	}
	return [32]byte(b), nil
}

// Key returns an account's key, or ErrNone.
func (k *File) Key(id uint32) (key [32]byte, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if id > maxID || k.doubt[id] {
		return key, ErrNone
	}
	slot := make([]byte, slotSize)
	n, err := k.f.ReadAt(slot, offset(id))
	if err != nil && !errors.Is(err, io.EOF) {
		return key, fmt.Errorf("read the account's key: %w", err)
	}
	return k.unwrap(id, slot[:n])
}

// Make gives an account a new key, which is on the disk when it returns. What was sealed with an older one is lost.
func (k *File) Make(id uint32) (key [32]byte, err error) {
	if id > maxID {
		return key, fmt.Errorf("an account has the number %d: the state is damaged", id)
	}
	rand.Read(key[:]) // it never fails (crypto/rand)
	nonce := make([]byte, k.wrap.NonceSize())
	rand.Read(nonce)
	slot := k.wrap.Seal(append([]byte(magic), nonce...), nonce, key[:], name(id))
	if err := k.write([]uint32{id}, slot); err != nil {
		return [32]byte{}, fmt.Errorf("write a key for the account: %w", err)
	}
	return key, nil
}

// Destroy overwrites accounts' keys. When it returns, what was sealed with them cannot be opened again; see the package
// about copies that are not this file's. An account without a key is no error.
func (k *File) Destroy(ids ...uint32) error {
	var there []uint32
	for _, id := range ids {
		if id < k.size() { // one behind the end of the file never was
			there = append(there, id)
		}
	}
	if err := k.write(there, make([]byte, slotSize)); err != nil {
		return fmt.Errorf("destroy accounts' keys: %w", err)
	}
	return nil
}

func (k *File) size() uint32 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.slots
}

// write overwrites slots and syncs.
func (k *File) write(ids []uint32, slot []byte) error {
	if len(ids) == 0 {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, id := range ids {
		k.doubt[id] = true
		k.slots = max(k.slots, id+1)
		if _, err := k.f.WriteAt(slot, offset(id)); err != nil {
			return err
		}
	}
	if err := k.f.Sync(); err != nil {
		return err
	}
	for _, id := range ids {
		delete(k.doubt, id)
	}
	return nil
}

// Close closes the file.
func (k *File) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.f.Close()
}
