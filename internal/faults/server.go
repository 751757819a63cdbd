package faults

import (
	"net"
	"sync"
	"testing"
	"time"
)

// Server is an IMAP server in memory.
type Server struct {
	Addr string // host:port on loopback; stays when the server is started again

	work  sync.WaitGroup
	hooks Hooks

	mu         sync.Mutex // guards all state, the accounts' too; never held while a connection is read or written
	quirks     Quirks
	rules      []*rule
	accounts   map[string]*Account
	validities uint32
	ln         net.Listener
	conns      map[*conn]struct{}
	news       chan struct{} // closed when something changed
	counts     map[string]int
	appends    []time.Time // when APPENDs were taken lately
}

// Hooks let somebody else say who may come in. They are called with no lock held and never change.
type Hooks struct {
	// Admit is asked before the greeting. It returns the connection to go on with, or what to say in place of a greeting,
	// without its line end, before the connection ends. nil: everybody.
	Admit func(net.Conn) (nc net.Conn, refusal string)
	// Login tells the name of the account that a login opens, or the answer that refuses it: "NO wrong password". It gets
	// the connection that Admit returned. nil: accounts are opened by their own names and passwords.
	Login func(nc net.Conn, user, pass string) (name, refusal string)
}

// Start starts a server that ends with the test.
func Start(t testing.TB, q Quirks) *Server {
	t.Helper()
	return StartWith(t, q, Hooks{})
}

// StartWith is Start with hooks.
func StartWith(t testing.TB, q Quirks, h Hooks) *Server {
	t.Helper()
	s := &Server{
		hooks: h, quirks: q, accounts: map[string]*Account{}, conns: map[*conn]struct{}{}, news: make(chan struct{}), counts: map[string]int{},
		validities: 1_000_000_000 + uint32(time.Now().UnixMicro()%1_000_000_000), // two servers rarely agree
	}
	if err := s.Resume(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop(); s.work.Wait() })
	return s
}

// URL is the server's address for --source and --destination, without TLS.
func (s *Server) URL() string { return "imap://" + s.Addr + "?tls=off" }

// Set changes the quirks of a running server.
func (s *Server) Set(change func(*Quirks)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.quirks)
}

// Stop cuts all connections and lets no new ones in, as a crash does. What was answered is kept.
func (s *Server) Stop() {
	s.mu.Lock()
	ln := s.ln
	s.ln = nil
	s.mu.Unlock()
	if ln != nil {
		_ = ln.Close()
	}
	s.Cut()
}

// Resume starts a stopped server again, on the same port.
func (s *Server) Resume() error {
	addr := s.Addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.Addr, s.ln = ln.Addr().String(), ln
	if addr == s.Addr && s.quirks.Validity == ValidityNew {
		for _, a := range s.accounts {
			for _, b := range a.boxes {
				s.renumber(b)
			}
		}
	}
	s.mu.Unlock()
	s.work.Go(func() { s.accept(ln) })
	return nil
}

// Restart is Stop and Resume.
func (s *Server) Restart() error {
	s.Stop()
	return s.Resume()
}

// Cut ends all connections.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.nc.Close()
	}
}

// Count tells how often a command came, by its name with UID: "UID FETCH".
func (s *Server) Count(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[name]
}

// Connections is how many connections are open.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

func (s *Server) accept(ln net.Listener) {
	for {
		nc, err := ln.Accept()
		if err != nil {
			return
		}
		c := newConn(s, nc)
		s.mu.Lock()
		s.conns[c] = struct{}{}
		stopped := s.ln != ln
		s.mu.Unlock()
		if stopped {
			_ = nc.Close()
		}
		s.work.Go(c.begin)
	}
}

// changed wakes connections in IDLE; the caller holds mu.
func (s *Server) changed() {
	close(s.news)
	s.news = make(chan struct{})
}

// validity is what the server says of a mailbox's UIDVALIDITY; the caller holds mu.
func (s *Server) validity(b *mailbox) uint32 {
	switch s.quirks.Validity {
	case ValidityZero:
		return 0
	case ValidityOne:
		return 1
	}
	return b.validity
}
