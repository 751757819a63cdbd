package main

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"strings"
)

// check finds what serve cannot start with, before anything is opened, and says what to do about it. The server
// URLs are checked by their drivers.
func (s *settings) check() error {
	if err := s.checkServers(); err != nil {
		return err
	}
	if s.AutoClean != "" && s.AutoClean != "hold" && s.AutoClean != autoCleanCopy {
		return usagef("--auto-clean %s: say hold or copy", s.AutoClean)
	}
	if err := s.checkListeners(); err != nil {
		return err
	}
	return s.checkTLS()
}

// autoCleanCopy is what lets folders be copied that the new server empties.
const autoCleanCopy = "copy"

// checkServers wants two servers and a place to keep things.
func (s *settings) checkServers() error {
	if s.Source == "" {
		return usagef("where is the old server? Give %s", where("source", "imaps://old.example.com"))
	}
	if s.Destination == "" {
		return usagef("where is the new server? Give %s", where("destination", "imaps://new.example.com"))
	}
	if strings.EqualFold(s.Source, s.Destination) {
		return usagef("--source and --destination are the same server: mail must move from one to another")
	}
	if s.State == "" {
		return usagef("--state is empty: give a directory, such as %s", defaultState)
	}
	return nil
}

// checkListeners wants addresses that can be listened on.
func (s *settings) checkListeners() error {
	if s.IMAP == "" && s.IMAPS == "" {
		s.IMAPS = ":993"
	}
	for _, l := range []struct{ name, addr string }{{"imap", s.IMAP}, {"imaps", s.IMAPS}, {"admin", s.Admin}} {
		if err := checkAddr(l.name, l.addr); err != nil {
			return err
		}
	}
	return nil
}

// checkTLS wants a certificate wherever passwords would otherwise travel in the clear.
func (s *settings) checkTLS() error {
	switch {
	case s.TLSCert == "" && s.TLSKey != "":
		return usagef("--tls-key without --tls-cert: give the certificate chain (PEM) too")
	case s.TLSCert != "" && s.TLSKey == "":
		return usagef("--tls-cert without --tls-key: give the certificate's key (PEM) too")
	case s.TLSCert == "" && s.IMAPS != "":
		return usagef("a certificate is missing for IMAP over TLS on %s: give --tls-cert FILE --tls-key FILE (PEM)", s.IMAPS)
	case s.TLSCert == "" && !loopback(s.IMAP):
		return usagef("--imap %s without a certificate would let nobody log in: give --tls-cert FILE --tls-key FILE (PEM), or listen on 127.0.0.1", s.IMAP)
	}
	for name, path := range map[string]string{"tls-cert": s.TLSCert, "tls-key": s.TLSKey} {
		if path == "" {
			continue
		}
		if f, err := os.Open(path); err != nil {
			return usagef("--%s %s: %v", name, path, cause(err))
		} else if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

func checkAddr(name, addr string) error {
	if addr == "" {
		return nil
	}
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil || port == "" {
		return usagef("--%s %s: give ADDR:PORT, such as 0.0.0.0:993 or :993", name, addr)
	}
	return nil
}

// loopback tells whether only this machine can reach addr.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// cause is the reason in an error about a file, without the operation and the path.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// listen opens a listener, or says in one line why not and what to do.
func listen(name, addr string) (net.Listener, error) {
	ln, err := net.Listen("tcp", addr)
	switch {
	case err == nil:
		return ln, nil
	case errors.Is(err, fs.ErrPermission):
		return nil, usagef("--%s %s: permission denied: ports below 1024 need root or CAP_NET_BIND_SERVICE", name, addr)
	case strings.Contains(err.Error(), "address already in use"):
		return nil, usagef("--%s %s: another program listens there already: stop it or choose another port", name, addr)
	default:
		return nil, usagef("--%s %s: %v", name, addr, err)
	}
}
