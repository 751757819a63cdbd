package imap_test

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"strings"
	"testing"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"crossfade/backfill/driver/drivertest"
	"crossfade/backfill/driver/imap"
)

// memory is go-imap's in-memory server, with the given capabilities.
func memory(caps goimap.CapSet, cert *tls.Config) drivertest.Factory {
	return func(t *testing.T) drivertest.Server {
		t.Helper()
		user := imapmemserver.NewUser("joe", "pass word")
		if err := user.Create("INBOX", nil); err != nil {
			t.Fatal(err)
		}
		mem := imapmemserver.New()
		mem.AddUser(user)
		srv := imapserver.New(&imapserver.Options{
			NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
				return mem.NewSession(), nil, nil
			},
			Caps: caps, InsecureAuth: cert == nil, TLSConfig: cert, Logger: log.New(io.Discard, "", 0),
		})
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() { defer close(done); _ = srv.Serve(ln) }()
		t.Cleanup(func() { _ = srv.Close(); <-done })
		url := "imap://" + ln.Addr().String()
		if cert != nil {
			url += "?tls=skip-verify"
		}
		d, err := imap.New(imap.Options{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		return drivertest.Server{Driver: d, Ask: "x NOOP\r\n", Answer: "x OK", User: "joe", Secret: "pass word", Fill: fill(user), KeepsCut: true}
	}
}

func fill(user *imapmemserver.User) func(*testing.T, string, ...drivertest.Msg) {
	return func(t *testing.T, box string, msgs ...drivertest.Msg) {
		t.Helper()
		if _, err := user.Status(box, &goimap.StatusOptions{}); err != nil {
			if err := user.Create(box, nil); err != nil {
				t.Fatal(err)
			}
		}
		for _, m := range msgs {
			o := &goimap.AppendOptions{Time: m.Date}
			for _, f := range m.Flags.List() {
				o.Flags = append(o.Flags, goimap.Flag(f))
			}
			if _, err := user.Append(box, literal{strings.NewReader(m.Body)}, o); err != nil {
				t.Fatal(err)
			}
		}
	}
}

type literal struct{ *strings.Reader }

func (l literal) Size() int64 { return int64(l.Len()) }

func TestMemoryServer(t *testing.T) {
	f := memory(goimap.CapSet{goimap.CapIMAP4rev1: {}, goimap.CapIMAP4rev2: {}}, nil)
	t.Run("Mail", func(t *testing.T) { drivertest.Mail(t, f) })
	t.Run("Writer", func(t *testing.T) { drivertest.Writer(t, f) })
}

// TestPlainServer is a server of 1996: no UIDPLUS, MOVE, NAMESPACE, LITERAL+.
func TestPlainServer(t *testing.T) {
	f := memory(goimap.CapSet{goimap.CapIMAP4rev1: {}}, nil)
	t.Run("Mail", func(t *testing.T) { drivertest.Mail(t, f) })
	t.Run("Writer", func(t *testing.T) { drivertest.Writer(t, f) })
}

// TestStartTLS is a server that allows no login before STARTTLS.
func TestStartTLS(t *testing.T) {
	conf := &tls.Config{Certificates: []tls.Certificate{certificate(t)}}
	drivertest.Mail(t, memory(goimap.CapSet{goimap.CapIMAP4rev1: {}, goimap.CapIMAP4rev2: {}}, conf))
}
