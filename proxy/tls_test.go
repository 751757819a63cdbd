package proxy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// writePair writes a self-signed certificate with a serial number, and its key.
func writePair(t *testing.T, cert, key string, serial int64, at time.Time) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	kder, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: kder}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, at, at); err != nil {
			t.Fatal(err)
		}
	}
}

func serial(t *testing.T, c *certFiles, now time.Time) int64 {
	t.Helper()
	leaf, err := x509.ParseCertificate(c.get(now).Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return leaf.SerialNumber.Int64()
}

func TestCertificateIsLoadedAgain(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if _, err := TLSFromFiles(cert, key, quiet()); err == nil {
		t.Fatal("no error without files")
	}
	now := time.Now()
	writePair(t, cert, key, 1, now)
	conf, err := TLSFromFiles(cert, key, quiet())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := conf.GetCertificate(nil); err != nil || got == nil {
		t.Fatal(got, err)
	}
	c := &certFiles{cert: cert, key: key, log: quiet()}
	if got := serial(t, c, now); got != 1 {
		t.Fatalf("certificate %d", got)
	}
	writePair(t, cert, key, 2, now.Add(time.Minute))
	if got := serial(t, c, now.Add(recheck/2)); got != 1 {
		t.Fatalf("looked too early: %d", got)
	}
	if got := serial(t, c, now.Add(recheck)); got != 2 {
		t.Fatalf("certificate %d", got)
	}
	if err := os.WriteFile(key, []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := serial(t, c, now.Add(3*recheck)); got != 2 {
		t.Fatalf("certificate %d", got)
	}
}
