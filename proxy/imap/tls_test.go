package imap

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"log/slog"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// testTLS is a self-signed certificate for a server.
func testTLS(t testing.TB) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

func (k *talker) upgrade() {
	k.t.Helper()
	c := tls.Client(k.conn, &tls.Config{InsecureSkipVerify: true})
	_ = k.conn.SetDeadline(time.Now().Add(time.Minute))
	if err := c.HandshakeContext(context.Background()); err != nil {
		k.t.Fatal(err)
	}
	_ = k.conn.SetDeadline(time.Time{})
	k.conn, k.r = c, bufio.NewReader(c)
}

// farAway makes connections look as if they came from another machine.
type farAway struct{ net.Listener }

type farConn struct{ net.Conn }

func (l farAway) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return farConn{c}, nil
}

func (farConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 4711} }

func startFar(t *testing.T, o Options) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- New(o).Serve(ctx, farAway{ln}, false) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return ln.Addr().String()
}

func TestNoPasswordsInTheClear(t *testing.T) {
	k := dial(t, startFar(t, Options{Login: standard().login, TLS: testTLS(t), Logger: slog.New(slog.DiscardHandler)}))
	if got := k.line(); !strings.Contains(got, "STARTTLS LOGINDISABLED]") || strings.Contains(got, "AUTH=") {
		t.Fatal(got)
	}
	k.want(k.ask("a LOGIN alice pw"), "a NO [PRIVACYREQUIRED]")
	k.want(k.ask("b AUTHENTICATE PLAIN AGFsaWNlAHB3"), "b NO [PRIVACYREQUIRED]")
	k.want(k.ask("c AUTHENTICATE LOGIN"), "c NO [PRIVACYREQUIRED]")
	k.want(k.ask("d STARTTLS x"), "d BAD")
	k.want(k.ask("e STARTTLS"), "e OK")
	k.upgrade()
	lines := k.ask("f CAPABILITY")
	if lines[0] != "* CAPABILITY IMAP4rev1 SASL-IR ID AUTH=PLAIN AUTH=LOGIN" {
		t.Fatal(lines)
	}
	k.want(k.ask("g STARTTLS"), "g BAD")
	k.want(k.ask("h LOGIN alice pw"), "h OK [CAPABILITY IMAP4rev1 LITERAL+")
	k.want(k.ask("i SELECT INBOX"), "i OK")
	k.want(k.ask("j UID FETCH 1:* (BODY.PEEK[])"), "j OK")
	k.send("k IDLE\r\n")
	if got := k.line(); got != "+ idling" {
		t.Fatal(got)
	}
	k.send("DONE\r\n")
	k.want(k.until("k"), "k OK")
}

func TestPlainLoginAllowed(t *testing.T) {
	k := dial(t, startFar(t, Options{Login: standard().login, AllowPlainLogin: true, Logger: slog.New(slog.DiscardHandler)}))
	k.line()
	k.want(k.ask("a LOGIN alice pw"), "a OK")
}

func TestBytesBehindSTARTTLSAreNotObeyed(t *testing.T) {
	a := standard()
	k := dial(t, start(t, a, func(o *Options) { o.TLS = testTLS(t) }))
	k.line()
	k.send("a STARTTLS\r\nb LOGIN alice pw\r\nc CREATE injected\r\n")
	if got := k.line(); !strings.HasPrefix(got, "a BAD") {
		t.Fatal(got)
	}
	k.line() // BYE
	if got := k.line(); got != "EOF" {
		t.Fatal(got)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.boxes["injected"] != nil {
		t.Fatal("an unencrypted command was run")
	}
}

func TestImplicitTLS(t *testing.T) {
	a := standard()
	addr, stop := startStoppable(t, a, func(o *Options) { o.TLS = testTLS(t) }, true)
	defer stop()
	k := dial(t, addr)
	k.upgrade()
	k.line()
	k.want(k.ask("a LOGIN alice pw"), "a OK")
	plain := dial(t, addr)
	plain.send("a LOGIN alice pw\r\nb NOOP\r\nc NOOP\r\n") // no handshake: the connection ends, nothing else does
	for plain.line() != "EOF" {
		continue
	}
	k.want(k.ask("b NOOP"), "b OK")
}
