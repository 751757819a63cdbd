package keyring

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
)

// mark is what begins what Seal returns.
const mark = "cfk1"

// ErrSealed: what was sealed does not open with the account's key. It says nothing about the secret on purpose.
var ErrSealed = errors.New("it was sealed with another key")

// Sealed tells whether Seal made this; what other ways of sealing give is taken for it once in four thousand million times.
func Sealed(b []byte) bool { return bytes.HasPrefix(b, []byte(mark)) }

// Seal encrypts a secret with an account's key, which is made if there is none. label must be given to Open, too. The
// account's number, which is no secret, is part of what is returned.
func (k *File) Seal(id uint32, label, secret string) ([]byte, error) {
	key, err := k.keyOrNew(id)
	if err != nil {
		return nil, err
	}
	aead, err := sealer(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	rand.Read(nonce) // it never fails (crypto/rand)
	head := append(binary.BigEndian.AppendUint32([]byte(mark), id), nonce...)
	return aead.Seal(head, nonce, []byte(secret), []byte(label)), nil
}

func (k *File) keyOrNew(id uint32) ([32]byte, error) {
	k.making.Lock()
	defer k.making.Unlock()
	key, err := k.Key(id)
	if errors.Is(err, ErrNone) {
		return k.Make(id)
	}
	return key, err
}

// Open decrypts what Seal made. The error is ErrNone if the account has no key, and ErrSealed if it does not open.
func (k *File) Open(label string, sealed []byte) (string, error) {
	if len(sealed) < len(mark)+4 || !Sealed(sealed) {
		return "", ErrSealed
	}
	key, err := k.Key(binary.BigEndian.Uint32(sealed[len(mark):]))
	if err != nil {
		return "", err
	}
	aead, err := sealer(key)
	if err != nil {
		return "", err
	}
	sealed = sealed[len(mark)+4:]
	n := aead.NonceSize()
	if len(sealed) < n {
		return "", ErrSealed
	}
	b, err := aead.Open(nil, sealed[:n], sealed[n:], []byte(label))
	if err != nil {
		return "", ErrSealed
	}
	return string(b), nil
}
