package imap_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/backfill/driver/imap"
)

// startTLSFake runs a fake behind TLS and returns its address and the certificate it shows.
func startTLSFake(t *testing.T, f *fake) (addr string, cert tls.Certificate) {
	t.Helper()
	cert = certificate(t)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.ln = tls.NewListener(inner, &tls.Config{Certificates: []tls.Certificate{cert}})
	f.wg.Go(f.serve)
	t.Cleanup(func() { inner.Close(); f.cut(); f.wg.Wait() })
	return inner.Addr().String(), cert
}

// TestReachTLS: the certificate is told whether it is trusted or not; what the URL says decides whether it goes on.
func TestReachTLS(t *testing.T) {
	f := &fake{caps: " SPECIAL-USE"}
	addr, cert := startTLSFake(t, f)
	sum := sha256.Sum256(cert.Certificate[0])
	_, port, _ := net.SplitHostPort(addr)
	roots := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(leaf)
	for _, c := range []struct {
		name, url               string
		roots                   *x509.CertPool
		ok, distrust, skip, pin bool
	}{
		{"unknown", "imaps://localhost:" + port, nil, false, true, false, false},
		{"trusted", "imaps://localhost:" + port, roots, true, false, false, false},
		{"another host", "imaps://" + addr, roots, false, true, false, false},
		{"not checked", "imaps://" + addr + "?tls=skip-verify", nil, true, true, true, false},
		{"pinned", "imaps://" + addr + "?tls=pin:" + hex.EncodeToString(sum[:]), nil, true, true, false, true},
		{"another is pinned", "imaps://" + addr + "?tls=pin:" + strings.Repeat("00", 32), nil, false, true, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := imap.New(imap.Options{URL: c.url, RootCAs: c.roots})
			if err != nil {
				t.Fatal(err)
			}
			r := d.Reach(t.Context())
			if (r.Err == nil) != c.ok || (r.Step == "") != c.ok || !c.ok && r.Step != "TLS" {
				t.Errorf("step %q: %v", r.Step, r.Err)
			}
			if s := r.TLS; s == nil || s.Certificate == nil || s.Sum != hex.EncodeToString(sum[:]) || s.Version != "TLS 1.3" ||
				(s.Distrust != nil) != c.distrust || s.Skipped != c.skip || s.Pinned != c.pin {
				t.Errorf("%+v", s)
			}
			if c.ok && (r.Security != "TLS" || r.Greeting != "ready" || !r.Caps.Has(goimap.CapSpecialUse)) {
				t.Errorf("%+v", r)
			}
		})
	}
	if f.logins() != 0 {
		t.Error("it logged in")
	}
}

// TestReach: the step that fails is named.
func TestReach(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for _, c := range []struct {
		name, url, greet, step, words string
	}{
		{"no name", "imaps://no-such-host.invalid", "", "name", "no-such-host.invalid"},
		{"nobody there", "imaps://" + closed.Addr().String(), "", "connection", "refused"},
		{"no TLS", "imaps://FAKE", "", "TLS", ""},
		{"no STARTTLS", "imap://FAKE?tls=starttls", "", "TLS", "no STARTTLS"},
		{"not IMAP", "imap://FAKE", "220 mail ESMTP\r\n", "greeting", "no greeting"},
		{"busy", "imap://FAKE", "* BYE Server is busy\r\n", "greeting", "Server is busy"},
		{"well", "imap://FAKE", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{greet: c.greet}
			d, err := imap.New(imap.Options{URL: strings.Replace(c.url, "FAKE", startFake(t, f).Host(), 1)})
			if err != nil {
				t.Fatal(err)
			}
			r := d.Reach(t.Context())
			if r.Step != c.step || (r.Err == nil) != (c.step == "") || r.Err != nil && !strings.Contains(r.Err.Error(), c.words) {
				t.Errorf("step %q: %v", r.Step, r.Err)
			}
			if f.logins() != 0 {
				t.Error("it logged in")
			}
		})
	}
}

func meter(t *testing.T, f *fake) backfill.Meter {
	t.Helper()
	m, err := startFake(t, f).Login(t.Context(), "joe", "pw")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m.(backfill.Meter)
}

func TestMeter(t *testing.T) {
	m := meter(t, &fake{answer: func(cmd string) (string, bool) {
		switch {
		case cmd == "CAPABILITY":
			return "* CAPABILITY IMAP4rev1 ID QUOTA APPENDLIMIT NAMESPACE\r\nTAG OK done\r\n", true
		case cmd == "ID NIL":
			return "* ID (\"name\" \"Mail\\\"er\" \"version\" \"1.2\" \"support-url\" NIL)\r\nTAG OK done\r\n", true
		case strings.HasPrefix(cmd, "GETQUOTAROOT"):
			return "* QUOTAROOT INBOX \"\" big\r\n* QUOTA \"\" (STORAGE 10 512 MESSAGE 3 5)\r\n* QUOTA big (X-NUM 9223372036854775000 7)\r\n* QUOTA odd (STORAGE)\r\nTAG OK done\r\n", true
		case strings.HasPrefix(cmd, "STATUS"):
			return "* STATUS INBOX (MESSAGES 4 APPENDLIMIT 257890 SIZE NIL)\r\nTAG OK done\r\n", true
		case cmd == "NAMESPACE":
			return "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\nTAG OK done\r\n", true
		}
		return "", false
	}})
	ctx := t.Context()
	if text, err := m.Server(ctx); text != `Mail"er 1.2` || err != nil {
		t.Errorf("%q %v", text, err)
	}
	if text, err := m.Namespaces(ctx); text != `(("" "/")) NIL NIL` || err != nil {
		t.Errorf("%q %v", text, err)
	}
	quota, err := m.Quota(ctx, "INBOX")
	want := []backfill.Quota{{Resource: "STORAGE", Used: 10 << 10, Limit: 512 << 10}, {Resource: "MESSAGE", Used: 3, Limit: 5}, {Root: "big", Resource: "X-NUM", Used: 1<<53 - 1, Limit: 7}}
	if !slices.Equal(quota, want) || err != nil {
		t.Errorf("%+v %v", quota, err)
	}
	if n, err := m.AppendLimit(ctx, "INBOX"); n != 257890 || err != nil {
		t.Errorf("%d %v", n, err)
	}
}

// TestMeterOfNothing: a server without these commands is not asked.
func TestMeterOfNothing(t *testing.T) {
	f := &fake{answer: func(cmd string) (string, bool) {
		return "* CAPABILITY IMAP4rev1 APPENDLIMIT=5000\r\nTAG OK done\r\n", cmd == "CAPABILITY"
	}}
	m := meter(t, f)
	before := len(f.cmds)
	ctx := t.Context()
	text, err1 := m.Server(ctx)
	spaces, err2 := m.Namespaces(ctx)
	quota, err3 := m.Quota(ctx, "INBOX")
	limit, err4 := m.AppendLimit(ctx, "INBOX")
	if err := errors.Join(err1, err2, err3, err4); text != "" || spaces != "" || quota != nil || limit != 5000 || err != nil {
		t.Errorf("%q %q %v %d %v", text, spaces, quota, limit, err)
	}
	if len(f.cmds) != before {
		t.Errorf("it was asked %q", f.cmds[before:])
	}
}

// TestConnections counts up to the number asked for, or to the one that the server refuses, and leaves none open.
func TestConnections(t *testing.T) {
	f := &fake{}
	m := meter(t, f)
	if n, err := m.Connections(t.Context(), 5); n != 5 || err != nil || f.logins() != 5 {
		t.Errorf("%d %v, %d logins", n, err, f.logins())
	}
	logins := 0
	m = meter(t, &fake{answer: func(cmd string) (string, bool) {
		if !strings.HasPrefix(cmd, "LOGIN") {
			return "", false
		}
		if logins++; logins > 3 {
			return "TAG NO [LIMIT] Maximum number of connections from user+IP exceeded\r\n", true
		}
		return "", false
	}})
	n, err := m.Connections(t.Context(), 5)
	var e *backfill.Error
	if n != 3 || !errors.As(err, &e) || e.Code != "LIMIT" {
		t.Errorf("%d %v", n, err)
	}
}
