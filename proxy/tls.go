package proxy

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// recheck is how often the certificate files are looked at, when somebody connects.
const recheck = 10 * time.Second

// certFiles is a certificate kept in files that may be replaced while we run.
type certFiles struct {
	cert, key string
	log       *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	stamp   [2]time.Time // modification times of what is loaded
	checked time.Time
}

// TLSFromFiles makes a server configuration from a PEM certificate chain and its key. When the files change,
// new connections get the new certificate; if it cannot be loaded the old one stays and the reason is logged.
// logger may be nil.
func TLSFromFiles(cert, key string, logger *slog.Logger) (*tls.Config, error) {
	if logger == nil {
		logger = slog.Default()
	}
	c := &certFiles{cert: cert, key: key, log: logger}
	stamp, err := c.stamps()
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	if err := c.load(stamp); err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.get(time.Now()), nil },
	}, nil
}

func (c *certFiles) get(now time.Time) *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.checked) < recheck {
		return c.current
	}
	c.checked = now
	stamp, err := c.stamps()
	if err == nil && stamp != c.stamp {
		err = c.load(stamp)
	}
	if err != nil {
		c.log.Error("the new certificate cannot be used; the old one stays", "err", err)
	}
	return c.current
}

func (c *certFiles) stamps() (s [2]time.Time, err error) {
	for i, name := range [...]string{c.cert, c.key} {
		info, err := os.Stat(name)
		if err != nil {
			return s, err
		}
		s[i] = info.ModTime()
	}
	return s, nil
}

func (c *certFiles) load(stamp [2]time.Time) error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return err
	}
	c.current, c.stamp = &pair, stamp
	return nil
}
