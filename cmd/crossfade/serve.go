package main

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"crossfade/backfill"
	"crossfade/backfill/driver/imap"
	"crossfade/backfill/pace"
	"crossfade/proxy"
)

type serveCmd struct {
	Config string `placeholder:"FILE" help:"Configuration file (TOML) with the same names as these flags."`
	settings
}

// Run runs the proxy until it is told to stop.
func (c *serveCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	s, err := load(c.Config, io.env, kctx)
	if err != nil {
		return err
	}
	log, err := newLogger(io.err, s.LogLevel, s.LogFormat)
	if err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return err
	}
	memory, err := s.memory()
	if err != nil {
		return err
	}
	defer limitMemory(memory)()
	st, err := build(s, log)
	if err != nil {
		return err
	}
	s.warnOfOpenSecrets(log) // not before: what is wrong with the settings is told in one line
	log.Info("crossfade", "version", versionText(), "source", withoutQuery(s.Source), "destination", withoutQuery(s.Destination), "state", s.State)
	return st.run(ctx)
}

// build puts the proxy together; on an error nothing is left open.
func build(s settings, log *slog.Logger) (st *stack, err error) {
	below, above, err := s.paces()
	if err != nil {
		return nil, err
	}
	memory, err := s.memory()
	if err != nil {
		return nil, err
	}
	settle, err := s.settling()
	if err != nil {
		return nil, err
	}
	source, err := s.sourceDriver(s.Source, below, log)
	if err != nil {
		return nil, err
	}
	destination, err := pacedDriver("destination", s.Destination, s.AllowPlainUpstream, above, log)
	if err != nil {
		return nil, err
	}
	if destination, err = s.joinAPI(destination, log); err != nil {
		return nil, err
	}
	who, err := s.logins()
	if err != nil {
		return nil, err
	}
	sources, err := who.drivers(s, source, below, log)
	if err != nil {
		return nil, err
	}
	var conf *tls.Config
	if s.TLSCert != "" {
		if conf, err = proxy.TLSFromFiles(s.TLSCert, s.TLSKey, log); err != nil {
			return nil, usagef("--tls-cert %s: %v", s.TLSCert, err)
		}
	}
	folders, err := s.folders()
	if err != nil {
		return nil, err
	}
	failures, err := s.strikes()
	if err != nil {
		return nil, err
	}
	st, err = newStack(stackOptions{strikes: failures, folders: folders, source: source, sources: sources, who: who, destination: destination, state: s.State, keyFile: s.KeyFile, hold: s.HoldBackfill, settling: &settle, copyCleaned: s.AutoClean == autoCleanCopy, memory: memory, log: log})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, st.close())
		}
	}()
	return st, st.open(s, conf)
}

// newDriver makes the driver of a server that is worked on as fast as it bears.
func newDriver(name, url string, allowPlain bool, log *slog.Logger) (backfill.Driver, error) {
	return pacedDriver(name, url, allowPlain, pace.Limits{}, log)
}

// pacedDriver reads a server's URL. The error does not repeat it: people put passwords into URLs.
func pacedDriver(name, url string, allowPlain bool, limits pace.Limits, log *slog.Logger) (backfill.Driver, error) {
	return imapDriver(name, imap.Options{URL: url, AllowPlain: allowPlain, Limits: limits, Log: log})
}

func imapDriver(name string, o imap.Options) (backfill.Driver, error) {
	d, err := imap.New(o)
	if err != nil {
		return nil, usagef("--%s: %s", name, strings.TrimPrefix(err.Error(), "imap: "))
	}
	return d, nil
}

// sourceDriver makes the driver of a source: url is --source or one of --sources, which have ManageSieve on its usual port.
func (s *settings) sourceDriver(url string, limits pace.Limits, log *slog.Logger) (backfill.Driver, error) {
	o := imap.Options{URL: url, AllowPlain: s.AllowPlainUpstream, Limits: limits, Log: log}
	if url == s.Source {
		var err error
		if o.SieveAddr, err = s.sieveAddr(); err != nil {
			return nil, err
		}
	}
	return imapDriver("source", o)
}

// sieveAddr reads --source-sieve; "" is the usual port of the source's host.
func (s *settings) sieveAddr() (string, error) {
	if s.SourceSieve == "" {
		return "", nil
	}
	host, port, err := net.SplitHostPort(s.SourceSieve)
	if err != nil {
		host, port = "", s.SourceSieve
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return "", usagef("--source-sieve %s: give a port, such as 2000, or HOST:PORT", s.SourceSieve)
	}
	if host == "" {
		u, err := url.Parse(s.Source)
		if err != nil { // the driver says what is wrong with it
			return "", nil
		}
		host = u.Hostname()
	}
	return net.JoinHostPort(host, port), nil
}

// open opens all listeners before anything runs, so that a port that is taken is told at once.
func (st *stack) open(s settings, conf *tls.Config) error {
	var plain, secure net.Listener
	most, err := s.crowd()
	if err != nil {
		return err
	}
	if s.IMAP != "" {
		if plain, err = listen("imap", s.IMAP); err != nil {
			return err
		}
	}
	if s.IMAPS != "" {
		if secure, err = listen("imaps", s.IMAPS); err != nil {
			return errors.Join(err, closeAll(plain))
		}
	}
	st.addIMAP(plain, secure, conf, most)
	if s.Admin != "" {
		ln, err := listen("admin", s.Admin)
		if err != nil {
			return err
		}
		st.addHTTP("admin", ln, adminHandler(st, s, ln.Addr()))
	}
	ln, err := listenControl(s.State)
	if err != nil {
		return err
	}
	st.addHTTP("control", ln, controlHandler(st.engine))
	return nil
}

func closeAll(ln net.Listener) error {
	if ln == nil {
		return nil
	}
	return ln.Close()
}

// withoutQuery is a server URL as it may be logged; drivers refuse URLs with a password in them.
func withoutQuery(url string) string {
	url, _, _ = strings.Cut(url, "?")
	return url
}
