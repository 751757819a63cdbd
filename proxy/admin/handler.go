package admin

import (
	"net"
	"net/http"
	"net/netip"

	"crossfade/backfill"
)

// Options of the handler.
type Options struct {
	// Healthy returns nil as long as the proxy can do its work. The error's text is not shown. Nil: always well.
	Healthy func() error
	// Metrics answers GET /metrics. Nil: there are none.
	Metrics http.Handler
	// Overview tells the status page how far everything is. Nil: there is no status page.
	Overview func() backfill.Overview
	// Version is shown at the page's foot.
	Version string
	// Names says who may read names of accounts and folders.
	Names Names
}

// Names says who may read names of accounts and folders on the status page.
type Names int

// Nobody; who asks for an address of this very machine, not for a host name somebody made up; everybody.
const (
	NamesNever Names = iota
	NamesLocally
	NamesAlways
)

// NamesFor is what holds for a listening address unless the admin says otherwise.
func NamesFor(addr net.Addr) Names {
	if ap, err := netip.ParseAddrPort(addr.String()); err == nil && ap.Addr().Unmap().IsLoopback() {
		return NamesLocally
	}
	return NamesNever
}

// may tells whether a request may be answered with names.
func (n Names) may(r *http.Request) bool {
	if n != NamesLocally {
		return n == NamesAlways
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// Handler answers GET /healthz, and /metrics and / if there is something to tell.
func Handler(opts Options) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", opts.health)
	if opts.Metrics != nil {
		mux.Handle("GET /metrics", opts.Metrics)
	}
	if opts.Overview != nil {
		mux.Handle("GET /{$}", opts.page())
	}
	return mux
}
