package probe

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill"
)

// soon is how long before its end a certificate is worth a word.
const soon = 21 * 24 * time.Hour

// outside tells how a server is reached.
func (p *prober) outside(ctx context.Context, n notes, d backfill.Driver) {
	in, ok := d.(backfill.Inspector)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r := in.Reach(ctx)
	if r.Step == "name" {
		n.red("name", "correct the host in the URL, or the DNS that this machine asks", "%s: %v", d.Host(), r.Err)
		return
	}
	if r.Step == "connection" {
		n.red("connection", "see that the server runs, on this port, and that no firewall is between", "%s: %v", d.Host(), network(r.Err))
		return
	}
	n.green("connection", "%s is reached at %s in %s", d.Host(), strings.Join(r.Addresses, ", "), r.Took.Round(100*time.Microsecond))
	if r.Step == "greeting" {
		n.red("greeting", "see that this is an IMAP server and that it lets this machine in", "%s", words(r.Err))
		return
	}
	security(n, r)
	if r.Step == "" {
		n.green("greeting", "%q", r.Greeting)
		n.green("capabilities-before", "%s", capText(r.Caps))
		if n.side == Source && strings.Contains(r.Greeting, "Courier") {
			n.green("courier", "Courier keeps UIDs only for those who SELECT; so SELECT stands in for EXAMINE here, and nothing else is changed by it")
		}
	}
}

// network is the reason of a network error without the addresses, which are told already.
func network(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return op.Err
	}
	return err
}

// security tells of TLS and its certificate.
func security(n notes, r backfill.Reached) {
	const pin = "mend the certificate, or trust just this one: "
	t := r.TLS
	switch {
	case t == nil && r.Step == "TLS":
		n.red("tls", "imaps:// is for port 993, imap:// for 143 with STARTTLS; without either, ?tls=off on loopback only", "no TLS: %s", words(r.Err))
		return
	case t == nil:
		n.yellow("tls", "use imaps://, unless the way to the server is safe by itself", "passwords and mail travel in the clear")
		return
	case r.Step == "TLS" && t.Distrust != nil && !t.Pinned:
		n.red("tls", pin+"?tls=pin:"+t.Sum, "the certificate is not trusted: %v", t.Distrust)
	case r.Step == "TLS":
		n.red("tls", "if the server's certificate was renewed, put ?tls=pin:"+t.Sum+" into the URL; else somebody is between", "%v", r.Err)
	case strings.HasPrefix(t.Version, "TLS 1.3"), strings.HasPrefix(t.Version, "TLS 1.2"):
		n.green("tls", "%s, %s %s", r.Security, t.Version, t.Cipher)
	default:
		n.yellow("tls", "", "%s, %s: old, but better than none", r.Security, t.Version)
	}
	if t.Certificate != nil {
		certificate(n, t)
	}
}

func certificate(n notes, t *backfill.TLSSeen) {
	c := t.Certificate
	about := func() string {
		return "certificate of " + name(c.Subject.CommonName, c.DNSNames) + ", issued by " + name(c.Issuer.CommonName, c.Issuer.Organization) +
			", valid until " + c.NotAfter.Format(time.DateOnly)
	}
	left := time.Until(c.NotAfter)
	var host x509.HostnameError
	switch {
	case t.Pinned:
		n.green("certificate", "%s; it is the pinned one or nothing", about())
	case t.Skipped && t.Distrust != nil:
		reason := "it would not be trusted: " + t.Distrust.Error()
		if errors.As(t.Distrust, &host) {
			reason = "it is for another host: " + t.Distrust.Error()
		}
		n.yellow("certificate", "better than ?tls=skip-verify: ?tls=pin:"+t.Sum, "%s; %s", about(), reason)
	case t.Skipped:
		n.yellow("certificate", "leave ?tls=skip-verify out: it is trusted as it is", "%s", about())
	case t.Distrust == nil && left < soon:
		n.yellow("certificate", "see that it is renewed in time", "%s: that is in %d days", about(), int(left.Hours()/24))
	case t.Distrust == nil:
		n.green("certificate", "%s", about())
	}
}

func name(common string, others []string) string {
	switch {
	case common != "":
		return common
	case len(others) > 0:
		return strings.Join(others, ", ")
	}
	return "nobody"
}

// capText lists capabilities for people.
func capText(caps imap.CapSet) string {
	var names []string
	for c := range caps {
		names = append(names, string(c))
	}
	slices.Sort(names)
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, " ")
}
