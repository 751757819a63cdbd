package main

import (
	"bytes"
	"fmt"
	"log"
	"log/slog"
	"net"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// The demo's only account, the same on both servers.
const (
	demoUser = "alice@example.test"
	demoPass = "demo"
)

// demoServer is an IMAP server in memory, on a port of this machine.
type demoServer struct {
	server *imapserver.Server
	ln     net.Listener
}

// url is the server's address for a driver.
func (d *demoServer) url() string { return "imap://" + d.ln.Addr().String() + "?tls=off" }

func (d *demoServer) addr() string { return d.ln.Addr().String() }

// serve answers until close.
func (d *demoServer) serve() error { return d.server.Serve(d.ln) }

func (d *demoServer) close() error { return d.server.Close() }

// newOldServer makes the server with all the mail.
func newOldServer(folders []demoFolder, log *slog.Logger) (*demoServer, error) {
	user := demoAccount(1700)
	for _, f := range folders {
		if err := user.Create(f.name, nil); err != nil {
			return nil, fmt.Errorf("create %s: %w", f.name, err)
		}
		if err := user.Subscribe(f.name); err != nil {
			return nil, err
		}
		for _, m := range f.messages {
			flags := make([]imap.Flag, len(m.flags))
			for i, flag := range m.flags {
				flags[i] = imap.Flag(flag)
			}
			if _, err := user.Append(f.name, literal{bytes.NewReader(m.body)}, &imap.AppendOptions{Flags: flags, Time: m.date}); err != nil {
				return nil, err
			}
		}
	}
	return newDemoServer(user, imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapNamespace: {}}, 0, log)
}

// newNewServer makes the server that the mail moves to. pause slows every APPEND down, as a server far away
// would, so that there is something to watch.
func newNewServer(pause time.Duration, log *slog.Logger) (*demoServer, error) {
	user := demoAccount(2900)
	for _, name := range []string{"INBOX", "Drafts", "Sent Items", "Deleted Items", "Junk E-Mail"} {
		if err := user.Create(name, nil); err != nil {
			return nil, err
		}
	}
	caps := imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapNamespace: {}, imap.CapUIDPlus: {}, imap.CapMove: {}}
	return newDemoServer(user, caps, pause, log)
}

// demoAccount makes a user whose folders' UIDVALIDITY begin above first: the memory server would give both
// servers' folders the same small numbers, which no two real servers have.
func demoAccount(first int) *imapmemserver.User {
	user := imapmemserver.NewUser(demoUser, demoPass)
	for range first {
		if user.Create("x", nil) != nil || user.Delete("x") != nil {
			break // cannot happen on an empty account; the numbers would only be lower
		}
	}
	return user
}

func newDemoServer(user *imapmemserver.User, caps imap.CapSet, pause time.Duration, logger *slog.Logger) (*demoServer, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	memory := imapmemserver.New()
	memory.AddUser(user)
	server := imapserver.New(&imapserver.Options{
		Caps:         caps,
		InsecureAuth: true, // on loopback
		Logger:       log.New(slogWriter{logger}, "", 0),
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			session := memory.NewSession()
			if full, ok := session.(imapserver.SessionIMAP4rev2); ok && pause > 0 {
				session = slowSession{full, pause}
			}
			return session, nil, nil
		},
	})
	return &demoServer{server: server, ln: ln}, nil
}

// slowSession takes its time for every APPEND.
type slowSession struct {
	imapserver.SessionIMAP4rev2
	pause time.Duration
}

func (s slowSession) Append(mailbox string, r imap.LiteralReader, options *imap.AppendOptions) (*imap.AppendData, error) {
	time.Sleep(s.pause)
	return s.SessionIMAP4rev2.Append(mailbox, r, options)
}

// literal is a message in memory as the memory server wants it.
type literal struct{ *bytes.Reader }

// slogWriter passes on what go-imap logs: at level debug, for it is about clients that went away.
type slogWriter struct{ log *slog.Logger }

func (w slogWriter) Write(p []byte) (int, error) {
	w.log.Debug("demo server", "text", string(bytes.TrimSpace(p)))
	return len(p), nil
}
