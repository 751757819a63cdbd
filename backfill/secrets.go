package backfill

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
)

// vault seals the passwords that are kept at rest (rule 11): AES-256-GCM, the account's key as associated
// data, so that a sealed secret cannot be moved to another account.
type vault struct {
	aead  cipher.AEAD
	proof [32]byte // key of this run for comparing secrets without keeping them
}

func newVault(key [32]byte) (*vault, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	v := &vault{aead: aead}
	_, err = rand.Read(v.proof[:])
	return v, err
}

func (v *vault) seal(account, secret string) ([]byte, error) {
	nonce := make([]byte, v.aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	return v.aead.Seal(nonce, nonce, []byte(secret), []byte(account)), nil
}

// errSealed says nothing about the secret on purpose.
var errSealed = errors.New("the stored password cannot be opened: is --key-file the one it was sealed with?")

func (v *vault) open(account string, sealed []byte) (string, error) {
	n := v.aead.NonceSize()
	if len(sealed) < n {
		return "", errSealed
	}
	b, err := v.aead.Open(nil, sealed[:n], sealed[n:], []byte(account))
	if err != nil {
		return "", errSealed
	}
	return string(b), nil
}

// digest compares secrets within one run of the program.
func (v *vault) digest(account, secret string) [32]byte {
	m := hmac.New(sha256.New, v.proof[:])
	m.Write([]byte(account))
	m.Write([]byte{0})
	m.Write([]byte(secret))
	return [32]byte(m.Sum(nil))
}
