package standin

import (
	"bufio"
	"io"
	"net"
	"sync"
	"testing"

	"crossfade/internal/imapwire"
)

// Filter stands before a real IMAP server on loopback, which must offer LITERAL+ and SPECIAL-USE, and gives it SmarterMail's
// manners on the wire: greeting, capabilities, commands that it does not know, XLIST in place of SPECIAL-USE,
// UIDVALIDITY, spaces, keywords lost on APPEND. What the server keeps is the server's own, and so are all literals, in both
// directions. A command that is refused in its middle ends the connection.
//
// Of the options it heeds Banner, Offer, OfferIn, MixedInbox, XListDrafts, Validity, Keywords, SingleSpaces, MaxBad and
// MaxSize.
type Filter struct {
	Addr string // host:port on loopback

	server string
	opt    IMAPOptions
	work   sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
}

// StartFilter starts a filter before a server; it ends with the test.
func StartFilter(t testing.TB, server string, o IMAPOptions) *Filter {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &Filter{Addr: ln.Addr().String(), server: server, opt: o, conns: map[net.Conn]struct{}{}}
	f.work.Go(func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			f.work.Go(func() { f.serve(nc) })
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		f.mu.Lock()
		f.closed = true
		for nc := range f.conns {
			_ = nc.Close()
		}
		f.mu.Unlock()
		f.work.Wait()
	})
	return f
}

// URL is the filter's address for --destination, without TLS.
func (f *Filter) URL() string { return "imap://" + f.Addr + "?tls=off" }

// serve joins one client to a connection of its own to the server.
func (f *Filter) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", f.server)
	if err != nil {
		_, _ = io.WriteString(client, Busy+"\r\n")
		return
	}
	defer func() { _ = server.Close() }()
	f.mu.Lock()
	closed := f.closed
	f.conns[client], f.conns[server] = struct{}{}, struct{}{}
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		delete(f.conns, client)
		delete(f.conns, server)
		f.mu.Unlock()
	}()
	if closed {
		return
	}
	c := newFiltered(f.opt, client, server)
	if _, _, err := c.answers.Next(); err != nil { // the server's own greeting
		return
	}
	if c.say(f.opt.quirks().Greeting) != nil {
		return
	}
	f.work.Go(func() {
		_ = c.answer()
		_ = client.Close()
	})
	_ = c.command()
}

// filtered is one client's connection.
type filtered struct {
	opt           IMAPOptions
	cmds, answers *imapwire.Reader
	up            *bufio.Writer // of the goroutine that reads commands
	in            bool          // somebody is logged in; guarded by mu, as all below
	bads          int

	mu    sync.Mutex // also held while one answer, literals and all, is written to out
	idle  sync.Cond  // signalled when a command was answered
	out   *bufio.Writer
	open  int    // commands that the server has not answered
	xlist string // the tag of an XLIST under way
	login string // the tag of a login under way
	gone  bool   // the server is
}

func newFiltered(o IMAPOptions, client, server io.ReadWriter) *filtered {
	c := &filtered{opt: o, out: bufio.NewWriter(client), up: bufio.NewWriter(server)}
	c.idle.L = &c.mu
	c.cmds = imapwire.NewReader(client, imapwire.Limits{})
	c.answers = imapwire.NewResponseReader(server, imapwire.Limits{})
	return c
}

// say writes lines to the client.
func (c *filtered) say(lines ...string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range lines {
		_, _ = c.out.WriteString(l + "\r\n") // Flush tells
	}
	return c.out.Flush()
}

// settle waits until the server has answered everything; what the filter says itself then comes in order.
func (c *filtered) settle() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.open > 0 && !c.gone {
		c.idle.Wait()
	}
	if c.gone {
		return io.ErrClosedPipe
	}
	return nil
}
