package backfill

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"

	"crossfade/internal/keyring"
	"crossfade/store"
)

// vault seals the passwords that are kept at rest (rule 11): AES-256-GCM, the account's key as associated
// data, so that a sealed secret cannot be moved to another account. Each account has a data key of its own in the keyring.
// What earlier versions sealed, which had no keyring, is sealed with the master key itself.
type vault struct {
	keys  *keyring.File // nil: none, all is sealed with the master key
	aead  cipher.AEAD   // with the master key
	proof [32]byte      // key of this run for comparing secrets without keeping them
}

func newVault(key [32]byte, keys *keyring.File) (*vault, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	v := &vault{aead: aead, keys: keys}
	_, err = rand.Read(v.proof[:])
	return v, err
}

// seal seals a secret of an account. It makes the account's data key if there is none, so it must not be called for an
// account that is closed: ask in the transaction that stores what is sealed.
func (v *vault) seal(id store.AccountID, account, secret string) ([]byte, error) {
	if v.keys != nil {
		return v.keys.Seal(uint32(id), account, secret)
	}
	nonce := make([]byte, v.aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	return v.aead.Seal(nonce, nonce, []byte(secret), []byte(account)), nil
}

// old tells whether a secret was sealed by a version without a keyring.
func (v *vault) old(sealed []byte) bool {
	return v.keys != nil && sealed != nil && !keyring.Sealed(sealed)
}

// fresh gives a new account a data key of its own, whatever was in its place: the state may be an old copy, in which a
// number is given out again.
func (v *vault) fresh(id store.AccountID) error {
	if v.keys == nil {
		return nil
	}
	_, err := v.keys.Make(uint32(id))
	return err
}

// destroy erases all that was ever sealed for accounts, wherever copies of it may lie.
func (v *vault) destroy(ids ...store.AccountID) error {
	if v.keys == nil {
		return nil
	}
	var all []uint32
	for _, id := range ids {
		all = append(all, uint32(id))
	}
	return v.keys.Destroy(all...)
}

// errSealed says nothing about the secret on purpose.
var errSealed = errors.New("the stored password cannot be opened: the file with the accounts' keys (keys, beside the database) or the key that it was sealed with (--key-file) is another one; the user's next login stores it anew")

func (v *vault) open(account string, sealed []byte) (string, error) {
	if v.keys != nil && keyring.Sealed(sealed) {
		if secret, err := v.keys.Open(account, sealed); err == nil {
			return secret, nil
		}
	}
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
