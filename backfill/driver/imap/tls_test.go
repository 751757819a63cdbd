package imap_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"crossfade/backfill"
	"crossfade/backfill/driver/imap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestTLS(t *testing.T) {
	cert := certificate(t)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{ln: tls.NewListener(inner, &tls.Config{Certificates: []tls.Certificate{cert}})}
	f.wg.Go(f.serve)
	t.Cleanup(func() { inner.Close(); f.cut(); f.wg.Wait() })
	sum := sha256.Sum256(cert.Certificate[0])
	for how, ok := range map[string]bool{
		"": false, "?tls=skip-verify": true, "?tls=pin:" + hex.EncodeToString(sum[:]): true, "?tls=pin:" + strings.Repeat("00", 32): false,
	} {
		d, err := imap.New(imap.Options{URL: "imaps://" + inner.Addr().String() + how})
		if err != nil {
			t.Fatal(err)
		}
		m, err := d.Login(t.Context(), "joe", "pw")
		if (err == nil) != ok {
			t.Errorf("%q: %v", how, err)
		}
		if m != nil {
			if err := m.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestNoPlainPassword: where STARTTLS is asked for and not offered, no password is sent.
func TestNoPlainPassword(t *testing.T) {
	f := &fake{}
	host := startFake(t, f).Host()
	d, err := imap.New(imap.Options{URL: "imap://" + host + "?tls=starttls"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Login(t.Context(), "joe", "pw"); !backfill.IsUnavailable(err) {
		t.Error(err)
	}
	if f.logins() != 0 {
		t.Error("LOGIN was sent")
	}
}

// TestSilence: a server that says nothing is given up.
func TestSilence(t *testing.T) {
	quiet := func(cmd string) (string, bool) { return "", strings.HasPrefix(cmd, "EXAMINE") }
	f := &fake{answer: quiet}
	host := startFake(t, f).Host()
	var m backfill.Mail
	for try := range 5 { // on a busy machine an answer to the login may take too long
		d, err := imap.New(imap.Options{URL: "imap://" + host, Timeout: 300 * time.Millisecond, Silence: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		if m, err = d.Login(t.Context(), "joe", "pw"); err == nil {
			break
		} else if try == 4 {
			t.Fatal(err)
		}
	}
	defer m.Close()
	_, err := m.Examine(t.Context(), "INBOX")
	var e *backfill.Error
	if !errors.As(err, &e) || e.Scope != backfill.HostScope {
		t.Error(err)
	}
}
