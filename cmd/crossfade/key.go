package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"crossfade/internal/durable"
	"crossfade/internal/keyring"
)

// sealingKey reads the key that seals stored passwords, from file or, if file is "", from STATE/key, which is
// made when it is not there.
func sealingKey(file, state string, log *slog.Logger) ([32]byte, error) {
	if file != "" {
		return readKey(file, "--key-file "+file, log)
	}
	path := filepath.Join(state, "key")
	key, err := readKey(path, path, log)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if _, err := rand.Read(key[:]); err != nil {
		return key, err
	}
	if err := writeKey(path, key); err != nil {
		return key, fmt.Errorf("%s: cannot keep the new key: %w", path, err)
	}
	log.Warn("made a key that seals the stored passwords; it lies beside what it seals, so keep backups of the state as safe as the passwords, or leave out the files key and keys, or give --key-file", "file", path)
	return key, nil
}

// openKeys opens the file with the accounts' own keys, which the master key wraps.
func openKeys(state string, master [32]byte, log *slog.Logger) (*keyring.File, error) {
	path := filepath.Join(state, "keys")
	keys, found, err := keyring.Open(durable.OS{}, path, master)
	if err != nil {
		return nil, err
	}
	if found.Bad > 0 {
		log.Warn("keys of accounts cannot be opened: another --key-file wrapped them, or the file is damaged; the users of these accounts must log in once more", "file", path, "keys", found.Bad)
	}
	return keys, nil
}

// readKey reads 32 bytes in hex. name is how the file is called in errors.
func readKey(path, name string, log *slog.Logger) (key [32]byte, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			return key, fmt.Errorf("%s: %w", name, pe.Err)
		}
		return key, err
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(raw) != len(key) {
		return key, usagef("%s: a key is 32 bytes in hex; make one with: openssl rand -hex 32", name)
	}
	copy(key[:], raw)
	return key, nil
}

// writeKey puts a new key in place, durably and whole: a torn key would make every stored password unreadable.
func writeKey(path string, key [32]byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails once it has its name
	_, err = f.WriteString(hex.EncodeToString(key[:]) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
