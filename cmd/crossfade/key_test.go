package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSealingKeyIsMadeOnce(t *testing.T) {
	dir := t.TempDir()
	var said bytes.Buffer
	log := slog.New(slog.NewTextHandler(&said, nil))
	first, err := sealingKey("", dir, log)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said.String(), "level=WARN") {
		t.Errorf("no warning about the new key: %s", said.String())
	}
	info, err := os.Stat(filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the key has mode %v", info.Mode().Perm())
	}
	said.Reset()
	second, err := sealingKey("", dir, log)
	if err != nil || second != first || first == [32]byte{} {
		t.Errorf("second call: %x %v, first %x", second, err, first)
	}
	if said.Len() != 0 {
		t.Errorf("the second call said %s", said.String())
	}
	if strings.Contains(said.String(), string(first[:])) {
		t.Error("the key is in the log")
	}
}

func TestSealingKeyFile(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name, text, err string
	}{
		{"good", strings.Repeat("0a", 32) + "\n", ""},
		{"too short", strings.Repeat("0a", 31), "openssl rand -hex 32"},
		{"no hex", strings.Repeat("zz", 32), "openssl rand -hex 32"},
		{"empty", "", "openssl rand -hex 32"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(dir, "key-file")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			var said bytes.Buffer
			_, err := sealingKey(path, dir, slog.New(slog.NewTextHandler(&said, nil)))
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("error %v, want %q", err, c.err)
			}
			if said.Len() > 0 {
				t.Errorf("log %q", said.String())
			}
			if _, err := os.Stat(filepath.Join(dir, "key")); err == nil {
				t.Error("a key was made although one was given")
			}
		})
	}
}
