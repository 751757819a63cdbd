package standin

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"
)

// Busy is what a client that is not let in is told in place of a greeting, before the connection ends: a NO, not a BYE.
const Busy = "* NO Server is busy, try again later."

// ErrBusy: the connection is to be told Busy and closed.
var ErrBusy = errors.New("not let in")

// Gate is what a connection passes before its greeting.
type Gate struct {
	IDS *IDS
	// TCPProxy: every connection must begin with a PROXY header.
	TCPProxy atomic.Bool
}

// Admit tells who is calling: by the PROXY header, where one is wanted, or by the connection's address. It returns the
// connection to go on with, or ErrBusy.
func (g *Gate) Admit(nc net.Conn) (net.Conn, netip.Addr, error) {
	ip := AddrOf(nc.RemoteAddr())
	if g.TCPProxy.Load() {
		r := bufio.NewReader(nc)
		_ = nc.SetReadDeadline(time.Now().Add(5 * time.Second)) // a connection that cannot have one ends otherwise
		told, err := proxyHeader(r)
		_ = nc.SetReadDeadline(time.Time{})
		if err != nil {
			return nc, ip, ErrBusy
		}
		if told.IsValid() {
			ip = told
		}
		nc = &begun{Conn: nc, r: r}
	}
	if _, blocked := g.IDS.Allowed(ip); blocked {
		return nc, ip, ErrBusy
	}
	return nc, ip, nil
}

// begun is a connection of which something was read ahead.
type begun struct {
	net.Conn
	r io.Reader
}

func (b *begun) Read(p []byte) (int, error) { return b.r.Read(p) }

// AddrOf is the IP address in a network address.
func AddrOf(a net.Addr) netip.Addr {
	if a == nil {
		return netip.Addr{}
	}
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}

var errNoHeader = errors.New("no PROXY header")

var signature = []byte("\r\n\r\n\x00\r\nQUIT\n")

// proxyHeader reads a PROXY header of version 1 or 2. The address is not valid if the header names none.
func proxyHeader(r *bufio.Reader) (netip.Addr, error) {
	head, err := r.Peek(len(signature))
	if err != nil {
		return netip.Addr{}, errNoHeader
	}
	if bytes.Equal(head, signature) {
		return proxyV2(r)
	}
	if !bytes.HasPrefix(head, []byte("PROXY ")) {
		return netip.Addr{}, errNoHeader
	}
	line, err := r.ReadString('\n')
	f := strings.Fields(line)
	if err != nil || len(line) > 107 {
		return netip.Addr{}, errNoHeader
	}
	if len(f) >= 2 && f[1] == "UNKNOWN" {
		return netip.Addr{}, nil
	}
	if len(f) != 6 {
		return netip.Addr{}, errNoHeader
	}
	ip, err := netip.ParseAddr(f[2])
	return ip.Unmap(), err
}

func proxyV2(r *bufio.Reader) (netip.Addr, error) {
	var h [16]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return netip.Addr{}, err
	}
	body := make([]byte, binary.BigEndian.Uint16(h[14:]))
	if _, err := io.ReadFull(r, body); err != nil {
		return netip.Addr{}, err
	}
	switch fam := h[13] >> 4; {
	case h[12]>>4 != 2:
		return netip.Addr{}, errNoHeader
	case h[12]&15 == 0: // LOCAL
		return netip.Addr{}, nil
	case fam == 1 && len(body) >= 12:
		return netip.AddrFrom4([4]byte(body[:4])), nil
	case fam == 2 && len(body) >= 36:
		return netip.AddrFrom16([16]byte(body[:16])).Unmap(), nil
	}
	return netip.Addr{}, errNoHeader
}
