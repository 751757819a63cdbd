package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crossfade/backfill/probe"
)

// certFiles writes a certificate and its key.
func certFiles(t *testing.T, until time.Time, names ...string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: until, DNSNames: names}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// heard collects the findings of a machine.
func heard(do func(machine)) (out []probe.Finding) {
	do(machine{func(f probe.Finding) { out = append(out, f) }})
	return out
}

func TestListenerCertificate(t *testing.T) {
	const day = 24 * time.Hour
	_, strange := certFiles(t, time.Now().Add(day), "x.test")
	for _, c := range []struct {
		name  string
		until time.Duration
		names []string
		key   string
		level probe.Level
		words string
	}{
		{"good", 90 * day, []string{"mail.example.com", "imap.example.com"}, "", probe.Green, "mail.example.com, imap.example.com"},
		{"soon", 10 * day, []string{"mail.example.com"}, "", probe.Yellow, "valid until"},
		{"over", -day, []string{"mail.example.com"}, "", probe.Red, "valid until"},
		{"no name", 90 * day, nil, "", probe.Red, "no host name"},
		{"another key", 90 * day, []string{"mail.example.com"}, strange, probe.Red, "private key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cert, key := certFiles(t, time.Now().Add(c.until), c.names...)
			if c.key != "" {
				key = c.key
			}
			got := heard(func(m machine) { m.certificate(cert, key) })
			if len(got) != 1 || got[0].Level != c.level || !strings.Contains(got[0].Text, c.words) || got[0].Do == "" {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestDiskEstimate: the estimate grows with messages and accounts, and what does not fit is red.
func TestDiskEstimate(t *testing.T) {
	for _, c := range []struct {
		messages int64
		accounts int
		level    probe.Level
		words    string
	}{
		{1000, 1, probe.Green, "one account"},
		{1 << 40, 1000, probe.Red, "1000 accounts"},
	} {
		got := heard(func(m machine) {
			m.disk(filepath.Join(t.TempDir(), "not", "there"), probe.Survey{Messages: c.messages}, c.accounts)
		})
		if len(got) != 1 || got[0].Level != c.level || !strings.Contains(got[0].Text, c.words) {
			t.Errorf("%+v", got)
		}
	}
}

// TestPortTaken: what serve could not listen on is red.
func TestPortTaken(t *testing.T) {
	ln, err := listen("imap", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	got := heard(func(m machine) { m.ports(settings{IMAP: ln.Addr().String()}, false) })
	if len(got) != 1 || got[0].Level != probe.Red || !strings.Contains(got[0].Text, "listens there already") {
		t.Errorf("%+v", got)
	}
}
