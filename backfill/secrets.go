package backfill

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
)

// secrets are an account's sealed passwords. source is another one than dest that the source took last; nil: there is none.
type secrets struct{ dest, source []byte }

// loginSource logs in on the source with the password that it took last, or else with the one that only the destination
// was asked about: its user may have changed it there, too.
func (a *account) loginSource(ctx context.Context, secret string, last []byte) (Mail, error) {
	if c, ok := a.e.sourceCredentials(a.who); ok { // they are kept by the admin, not here
		return LoginWith(ctx, a.from.Driver, c)
	}
	login := a.from.Login
	if last == nil {
		return login(ctx, a.who.SourceLogin, secret)
	}
	was, err := a.e.vault.open(a.key, last)
	if err != nil {
		return nil, err
	}
	m, err := login(ctx, a.who.SourceLogin, was)
	if err == nil || !passwordRefused(err) || was == secret {
		return m, err
	}
	if m, err = login(ctx, a.who.SourceLogin, secret); err == nil {
		if _, err := a.reseal(secret, true); err != nil {
			a.log.Warn("a changed password cannot be stored", "err", err)
		}
	}
	return m, err
}

// tryOther has the next login on the source try both passwords, if there are two.
func (a *account) tryOther() {
	a.mu.Lock()
	var old Mail
	if a.secrets.source != nil {
		old, a.src = a.src, nil
	}
	a.mu.Unlock()
	end(old, nil)
}

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
