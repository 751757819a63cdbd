package imap

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"time"

	"crossfade/internal/durable"
	"crossfade/proxy"
)

// Options of a Server. Login must be set; for everything else the zero value works.
type Options struct {
	// Login opens an account. It is called with the name and the secret as the client sent them.
	Login proxy.Login
	// TLS is the server's side of implicit TLS and STARTTLS. Nil: none is offered, and only clients on this
	// machine may log in.
	TLS *tls.Config
	// AllowPlainLogin accepts passwords over unencrypted connections from anywhere.
	AllowPlainLogin bool
	Logger          *slog.Logger // nil: slog.Default()

	Gate     *proxy.Gate     // limits shared with other listeners; nil: one of its own with the defaults
	Attempts *proxy.Attempts // failed logins shared with other doors; nil: one of its own with the defaults
	Seats    *proxy.Seats    // logged-in clients of each account, likewise

	SpoolDir   string // for messages on their way in; "": the system's directory for temporary files
	MaxMessage int64  // largest message, and all messages of one APPEND together, in bytes; 0: 100 MiB

	IdleTimeout  time.Duration // silence allowed after login; 0: 30 min (RFC 3501 5.4 demands no less)
	LoginTimeout time.Duration // until a client has logged in; 0: 3 min
	IOTimeout    time.Duration // silence allowed inside a command, and longest wait for one write; 0: 2 min
	// CommandTimeout is how long a command may go on without a byte of an answer; 0: 10 min. It ends with NO [UNAVAILABLE].
	CommandTimeout time.Duration
}

func (o Options) orDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Gate == nil {
		o.Gate = proxy.NewGate(proxy.GateOptions{Refuse: Refuse, Logger: o.Logger})
	}
	if o.Attempts == nil {
		o.Attempts = proxy.NewAttempts(proxy.AttemptsOptions{})
	}
	if o.Seats == nil {
		o.Seats = proxy.NewSeats(0)
	}
	if o.MaxMessage <= 0 {
		o.MaxMessage = 100 << 20
	}
	if o.IdleTimeout <= 0 {
		o.IdleTimeout = 30 * time.Minute
	}
	if o.LoginTimeout <= 0 {
		o.LoginTimeout = 3 * time.Minute
	}
	if o.IOTimeout <= 0 {
		o.IOTimeout = 2 * time.Minute
	}
	if o.CommandTimeout <= 0 {
		o.CommandTimeout = 10 * time.Minute
	}
	return o
}

// Server serves IMAP clients on any number of listeners.
type Server struct {
	opts    Options
	metrics *metrics
	spools  *durable.Spool
	keys    *keyCache
}

// New makes a server.
func New(opts Options) *Server {
	return &Server{opts: opts.orDefaults(), metrics: newMetrics(), spools: durable.NewSpool(opts.SpoolDir, durable.Floor), keys: newKeyCache()}
}

// Serve serves clients until ctx ends or the listener fails; then it takes leave of the clients (* BYE) and
// returns when they are gone, the gate's drain time at most. implicitTLS is for port 993: TLS from the first
// byte. It needs Options.TLS.
func (s *Server) Serve(ctx context.Context, ln net.Listener, implicitTLS bool) error {
	if implicitTLS {
		ln = secureListener{ln}
	}
	return s.opts.Gate.Serve(ctx, ln, func(ctx, drain context.Context, nc net.Conn) {
		log := s.opts.Logger.With("client", nc.RemoteAddr().String())
		if u, ok := nc.(unspoken); ok {
			nc = u.Conn
		}
		plain := nc
		if implicitTLS {
			t, err := s.handshake(ctx, nc)
			if err != nil {
				log.Debug("TLS handshake failed", "err", err)
				return
			}
			nc = t
		}
		newConn(s, log, nc, plain, implicitTLS).serve(ctx, drain)
	})
}

const handshakeTimeout = 30 * time.Second

func (s *Server) handshake(ctx context.Context, nc net.Conn) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	_ = nc.SetDeadline(time.Time{}) // fails only on a closed connection; ctx has the time limit
	t := tls.Server(nc, s.opts.TLS)
	var err error
	if apart(func() { err = t.HandshakeContext(ctx) }); err != nil {
		return nil, err
	}
	return t, nil
}

// Refuse tells an IMAP client that there are too many connections; see proxy.GateOptions. One that waits for TLS could not
// read it.
func Refuse(nc net.Conn, full proxy.Full) {
	if _, secure := nc.(unspoken); secure {
		return
	}
	text := "* BYE [UNAVAILABLE] Too many connections; come back later\r\n"
	if full == proxy.FullAddress {
		text = "* BYE [LIMIT] Too many connections from your address\r\n"
	}
	_ = nc.SetWriteDeadline(time.Now().Add(time.Second)) // the client is sent away in any case
	_, _ = nc.Write([]byte(text))
}

// unspoken is a connection on which TLS comes first.
type unspoken struct{ net.Conn }

// secureListener marks its connections so.
type secureListener struct{ net.Listener }

// Accept implements net.Listener.
func (l secureListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return unspoken{c}, nil
}
