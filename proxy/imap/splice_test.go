package imap

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"crossfade/backfill"
	"crossfade/proxy"
)

// pair is the two ends of a connection over TCP.
func pair(t testing.TB) (near, far net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if near, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if far, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = near.Close(); _ = far.Close() })
	return near, far
}

// piped makes an account a spliced one. The other end of each connection that is handed over comes over the channel; the
// server has said things there before, which are still to be read.
func piped(t testing.TB, a *fakeAccount, caps, ahead string, said ...string) <-chan *talker {
	ends := make(chan *talker, 100)
	a.pipe = func() *backfill.Pipe {
		near, far := pair(t)
		s := &talker{t: t, conn: far, r: bufio.NewReader(far), where: "server: "}
		for _, text := range said {
			s.send(text)
		}
		ends <- s
		return &backfill.Pipe{Conn: near, Caps: strings.Fields(caps), Ahead: []byte(ahead)}
	}
	return ends
}

// splicedClient has logged in and been handed over.
func splicedClient(t testing.TB, caps string, change func(*Options), said ...string) (client, server *talker) {
	t.Helper()
	a := standard()
	ends := piped(t, a, caps, "", said...)
	client = dial(t, start(t, a, change))
	client.line()
	if got := client.ask("l LOGIN alice pw"); len(got) != 1 || got[0] != "l OK [CAPABILITY "+caps+"] Logged in" {
		t.Fatalf("%q", got)
	}
	return client, <-ends
}

// reads wants exactly these bytes next.
func (k *talker) reads(want string) {
	k.t.Helper()
	_ = k.conn.SetReadDeadline(time.Now().Add(time.Minute))
	got := make([]byte, len(want))
	if n, err := io.ReadFull(k.r, got); err != nil || string(got) != want {
		k.t.Fatalf("%sgot %q %v, want %q", k.where, got[:n], err, want)
	}
}

// ends wants the connection to end well, without another byte.
func (k *talker) ends() {
	k.t.Helper()
	_ = k.conn.SetReadDeadline(time.Now().Add(time.Minute))
	if rest, err := io.ReadAll(k.r); err != nil || len(rest) > 0 {
		k.t.Fatalf("%sgot %q %v, want the end", k.where, rest, err)
	}
}

const plus = "IMAP4rev1 LITERAL+ X-THEIRS"

// TestSplicePipelined: what the client sends behind its login in one piece reaches the server as it is and in order, the
// answer to the login comes first, and what the server said unasked next.
func TestSplicePipelined(t *testing.T) {
	const five = "b SELECT INBOX\r\nc FETCH 1:* (FLAGS\r\n BODY[])\r\nd APPEND x {3+}\r\n\r\n{ (\\Seen)\r\n e \xff noop \n\r\nf LOGOUT\r\n"
	plain := base64.StdEncoding.EncodeToString([]byte("\x00alice\x00pw"))
	for name, c := range map[string]struct{ before, login, asked string }{
		"LOGIN":                                    {"", "a LOGIN alice pw\r\n", ""},
		"LOGIN with literals":                      {"", "a LOGIN {5+}\r\nalice {2+}\r\npw\r\n", ""},
		"AUTHENTICATE with an initial response":    {"", "a AUTHENTICATE PLAIN " + plain + "\r\n", ""},
		"AUTHENTICATE without":                     {"a AUTHENTICATE PLAIN\r\n", plain + "\r\n", "+ \r\n"},
		"behind commands that are answered before": {"", "0 NOOP\r\na LOGIN alice pw\r\n", "0 OK NOOP completed\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			a := standard()
			ends := piped(t, a, plus, "* OK [ALERT] full soon\r\n* 3 EX")
			k := dial(t, start(t, a, nil))
			k.line()
			if c.before != "" {
				k.send(c.before)
				k.reads(c.asked)
				c.asked = ""
			}
			k.send(c.login + five)
			k.reads(c.asked + "a OK [CAPABILITY " + plus + "] Logged in\r\n* OK [ALERT] full soon\r\n* 3 EX")
			s := <-ends
			s.reads(five)
			s.send("ISTS\r\nb OK x\r\n")
			k.reads("ISTS\r\nb OK x\r\n")
			s.send("* BYE\r\nf OK\r\n")
			_ = s.conn.Close()
			k.reads("* BYE\r\nf OK\r\n")
			k.ends()
		})
	}
}

// TestSpliceRefusedLogin: no connection is handed to whom the engine refuses, and one that fails first may try again.
func TestSpliceRefusedLogin(t *testing.T) {
	a := standard()
	ends := piped(t, a, plus, "")
	k := dial(t, start(t, a, nil))
	k.line()
	k.want(k.ask("a LOGIN alice wrong"), "a NO [AUTHENTICATIONFAILED]")
	if len(ends) > 0 {
		t.Fatal("a connection was handed over")
	}
	k.want(k.ask("b LOGIN alice pw"), "b OK [CAPABILITY "+plus+"]")
	k.send("c NOOP\r\n")
	(<-ends).reads("c NOOP\r\n")
}

// TestSpliceHalfClose: each side may end its half and still hears the other.
func TestSpliceHalfClose(t *testing.T) {
	t.Run("client", func(t *testing.T) {
		k, s := splicedClient(t, plus, nil)
		k.send("a FETCH 1 BODY[]\r\n")
		_ = k.conn.(*net.TCPConn).CloseWrite()
		s.reads("a FETCH 1 BODY[]\r\n")
		s.ends()
		s.send(strings.Repeat("x", 1<<20))
		k.reads(strings.Repeat("x", 1<<20))
		_ = s.conn.Close()
		k.ends()
	})
	t.Run("client, with its login", func(t *testing.T) {
		a := standard()
		ends := piped(t, a, plus, "")
		k := dial(t, start(t, a, nil))
		k.line()
		k.send("a LOGIN alice pw\r\nb LOGOUT\r\n")
		_ = k.conn.(*net.TCPConn).CloseWrite()
		s := <-ends
		s.reads("b LOGOUT\r\n")
		s.ends()
		s.send("b OK\r\n")
		_ = s.conn.Close()
		k.reads("a OK [CAPABILITY " + plus + "] Logged in\r\nb OK\r\n")
		k.ends()
	})
	t.Run("server", func(t *testing.T) {
		k, s := splicedClient(t, plus, nil)
		s.send("* BYE\r\n")
		_ = s.conn.(*net.TCPConn).CloseWrite()
		k.reads("* BYE\r\n")
		k.ends()
		k.send("a LOGOUT\r\n")
		s.reads("a LOGOUT\r\n")
		_ = k.conn.Close()
		s.ends()
	})
	t.Run("server, and the client stays", func(t *testing.T) {
		k, s := splicedClient(t, plus, nil)
		_ = s.conn.(*net.TCPConn).CloseWrite()
		k.ends()
		s.ends() // after a while
	})
}

// TestSpliceServerDies: in the middle of an answer the client's connection ends, and nothing is said in its place.
func TestSpliceServerDies(t *testing.T) {
	k, s := splicedClient(t, plus, nil)
	k.send("a FETCH 1 BODY[]\r\n")
	s.reads("a FETCH 1 BODY[]\r\n")
	s.send("* 1 FETCH (BODY[] {1000}\r\nhalf")
	k.reads("* 1 FETCH (BODY[] {1000}\r\nhalf")
	_ = s.conn.(*net.TCPConn).SetLinger(0)
	_ = s.conn.Close()
	_ = k.conn.SetReadDeadline(time.Now().Add(time.Minute))
	rest, err := io.ReadAll(k.r)
	if len(rest) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%q %v", rest, err)
	}
}

// TestSpliceClientDies: the server's connection ends with the client's.
func TestSpliceClientDies(t *testing.T) {
	k, s := splicedClient(t, plus, nil)
	_ = k.conn.(*net.TCPConn).SetLinger(0)
	_ = k.conn.Close()
	_ = s.conn.SetReadDeadline(time.Now().Add(time.Minute))
	if rest, err := io.ReadAll(s.r); len(rest) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%q %v", rest, err)
	}
}

// TestSpliceStuckClient: one that does not take what it is sent is cut off.
func TestSpliceStuckClient(t *testing.T) {
	_, s := splicedClient(t, plus, func(o *Options) { o.IOTimeout = 200 * time.Millisecond })
	_ = s.conn.SetWriteDeadline(time.Now().Add(time.Minute))
	for {
		if _, err := s.conn.Write(make([]byte, 1<<20)); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal("it is still waited for")
		} else if err != nil {
			return
		}
	}
}

// TestSpliceDrain: when the proxy ends, an answer is ended first, and nothing is said in its middle. One that does not end
// is cut off.
func TestSpliceDrain(t *testing.T) {
	const part = "* 1 FETCH (BODY[] {6}\r\nab"
	spliced := func(drain time.Duration) (login func() (client, server *talker), stop func()) {
		a := standard()
		ends := piped(t, a, plus, "")
		addr, stop := startStoppable(t, a, func(o *Options) { o.Gate = proxy.NewGate(proxy.GateOptions{Drain: drain}) }, false)
		return func() (client, server *talker) { return client2(t, addr), <-ends }, stop
	}
	t.Run("in time", func(t *testing.T) {
		login, stop := spliced(time.Minute)
		idle, _ := login()
		busy, server := login()
		server.send(part)
		busy.reads(part)
		stopped := make(chan bool)
		go func() { stop(); close(stopped) }()
		const bye = "* BYE [UNAVAILABLE] The server is about to restart; come back in a moment\r\n"
		idle.reads(bye)
		idle.ends()
		server.send("cdef)\r\na OK\r\n")
		busy.reads("cdef)\r\na OK\r\n" + bye)
		busy.ends()
		<-stopped
	})
	t.Run("too late", func(t *testing.T) {
		login, stop := spliced(time.Second)
		hung, server := login()
		server.send(part)
		hung.reads(part)
		stop()
		_ = hung.conn.SetReadDeadline(time.Now().Add(time.Minute))
		if rest, err := io.ReadAll(hung.r); len(rest) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%q %v", rest, err)
		}
	})
}

func client2(t *testing.T, addr string) *talker {
	t.Helper()
	k := dial(t, addr)
	k.line()
	k.want(k.ask("l LOGIN alice pw"), "l OK ")
	return k
}

// TestSpliceCounts: a spliced connection is one of the gate's, and is counted as what it is.
func TestSpliceCounts(t *testing.T) {
	a := standard()
	ends := piped(t, a, plus, "")
	addr := start(t, a, func(o *Options) {
		o.Gate = proxy.NewGate(proxy.GateOptions{Total: 1, Refuse: Refuse})
	})
	k := client2(t, addr)
	s := <-ends
	other := dial(t, addr)
	if got := other.line(); !strings.HasPrefix(got, "* BYE") {
		t.Errorf("one too many: %q", got)
	}
	_ = s.conn.Close()
	k.ends()
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if k := dial(t, addr); strings.HasPrefix(k.line(), "* OK") {
			return
		}
		if time.Now().After(end) {
			t.Fatal("its place was not given back")
		}
	}
}

// TestSpliceTLS: over TLS to the client, to the server and to both everything is the same, large literals included.
func TestSpliceTLS(t *testing.T) {
	conf := testTLS(t)
	for _, c := range []struct{ client, server bool }{{true, false}, {false, true}, {true, true}, {false, false}} {
		t.Run(fmt.Sprintf("client %t, server %t", c.client, c.server), func(t *testing.T) {
			a := standard()
			servers := make(chan net.Conn, 1)
			a.pipe = func() *backfill.Pipe {
				near, far := pair(t)
				if c.server {
					far = tls.Server(far, conf)
					near = tls.Client(near, &tls.Config{InsecureSkipVerify: true})
					go func() { _ = near.(*tls.Conn).Handshake() }()
					if err := far.(*tls.Conn).Handshake(); err != nil {
						t.Error(err)
					}
				}
				servers <- far
				return &backfill.Pipe{Conn: near, Caps: []string{"IMAP4rev1", "LITERAL+"}}
			}
			k := dial(t, start(t, a, func(o *Options) { o.TLS = conf }))
			k.line()
			if c.client {
				k.want(k.ask("s STARTTLS"), "s OK")
				k.upgrade()
			}
			k.want(k.ask("l LOGIN alice pw"), "l OK [CAPABILITY IMAP4rev1 LITERAL+]")
			far := <-servers
			big := bytes.Repeat([]byte("All work and no play makes Jack a dull boy\r\n"), 100_000)
			go func() { _, _ = k.conn.Write(big) }()
			s := &talker{t: t, conn: far, r: bufio.NewReader(far)}
			s.reads(string(big))
			go func() { _, _ = far.Write(big) }()
			k.reads(string(big))
			if half, ok := k.conn.(interface{ CloseWrite() error }); !ok || half.CloseWrite() != nil {
				t.Fatal("cannot close one half")
			}
			s.ends()
			s.send("end")
			_ = far.Close()
			k.reads("end")
			k.ends()
		})
	}
}
