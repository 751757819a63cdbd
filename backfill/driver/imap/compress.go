package imap

import (
	"bufio"
	"compress/flate"
	"io"
	"net"
	"time"

	goimap "github.com/emersion/go-imap/v2"
)

const (
	capDeflate = goimap.Cap("COMPRESS=DEFLATE")
	// deflateFrom is the round trip from which a server counts as far: in one house the line is faster than deflate,
	// and the server's CPU is better spent otherwise.
	deflateFrom = 5 * time.Millisecond
)

// compress has both directions deflated from here on (RFC 4978), if the server is far and offers it. A server that then
// declines is talked to as it is.
func (c *conn) compress() error {
	if !c.caps.Has(capDeflate) || c.trip < deflateFrom {
		return nil
	}
	st, err := c.command(handler{}, "COMPRESS DEFLATE")
	if err != nil || !st.ok() {
		return err
	}
	err = c.wire.Upgrade(func(nc net.Conn) (net.Conn, error) { return deflated(nc) })
	if err != nil {
		return c.a.unreachable("COMPRESS", err)
	}
	return nil
}

// deflateConn is a connection whose bytes are deflated. What comes is inflated as it is read, so a bomb costs no more
// memory than the same bytes sent plainly.
type deflateConn struct {
	net.Conn
	reader io.Reader
	writer *flate.Writer
}

func deflated(nc net.Conn) (*deflateConn, error) {
	w, err := flate.NewWriter(nc, flate.BestSpeed)
	if err != nil {
		return nil, err
	}
	return &deflateConn{Conn: nc, reader: flate.NewReader(bufio.NewReaderSize(nc, 32<<10)), writer: w}, nil
}

func (c *deflateConn) Read(p []byte) (int, error) { return c.reader.Read(p) }

// Write sends what it is given at once: an answer may be waited for.
func (c *deflateConn) Write(p []byte) (int, error) {
	n, err := c.writer.Write(p)
	if err == nil {
		err = c.writer.Flush()
	}
	return n, err
}
