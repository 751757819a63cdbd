package backfill

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"crossfade/store"
)

// mishaps counts errors by class. Its labels take few values, whatever a server says.
type mishaps struct{ count *prometheus.CounterVec }

func newMishaps() mishaps {
	return mishaps{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "crossfade_errors_total",
		Help: "Errors that the backfill met, by the side they came from, how much they stopped, and why.",
	}, []string{"side", "scope", "cause"})}
}

// mishap counts an error that stopped a message, a folder, an account or a host for a while.
func (e *Engine) mishap(err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	e.mishaps.count.WithLabelValues(e.sideOf(err), scopeOf(err), causeOf(err)).Inc()
}

// sideOf tells which server an error came from.
func (e *Engine) sideOf(err error) string {
	var at *Error
	dst := e.opt.Destination.Host()
	below := func(host string) bool {
		return slices.ContainsFunc(e.eachSource(), func(s *source) bool { return s.Host() == host })
	}
	switch {
	case IsFull(err), errors.Is(err, store.ErrClosed):
		return "state"
	case !errors.As(err, &at) || at.Host == dst && below(dst):
		return "unknown"
	case below(at.Host):
		return "source"
	case at.Host == dst:
		return "destination"
	}
	return "unknown"
}

// String is the scope as metrics and reports name it.
func (s Scope) String() string {
	switch s {
	case Item:
		return "item"
	case FolderScope:
		return "folder"
	case AccountScope:
		return "account"
	case HostScope:
		return "host"
	}
	return "unknown"
}

func scopeOf(err error) string {
	var at *Error
	switch {
	case IsFull(err), errors.Is(err, store.ErrClosed): // nothing of ours can be written, whoever it is for
		return "all"
	case errors.As(err, &at):
		return at.Scope.String()
	case IsUnavailable(err):
		return HostScope.String()
	}
	return FolderScope.String()
}

// codes are the response codes that are counted each on its own (RFC 3501, 4315, 5530, 7889, 8514 and what large
// services send).
func codes() []string {
	return []string{"alreadyexists", "authenticationfailed", "authorizationfailed", "badcharset", "cannot", "clientbug", "contactadmin",
		"corruption", "expired", "expungeissued", "inuse", "limit", "nonexistent", "noperm", "overquota", "privacyrequired", "read-only",
		"serverbug", "throttled", "toobig", "trycreate", "unavailable", "unknown-cte"}
}

// causeOf is the server's response code, or else what happened.
func causeOf(err error) string {
	var at *Error
	if errors.As(err, &at) && at.Code != "" {
		if code := strings.ToLower(at.Code); slices.Contains(codes(), code) {
			return code
		}
		return "other_code"
	}
	var network net.Error
	switch {
	case errors.Is(err, ErrUIDValidity):
		return "uidvalidity"
	case errors.Is(err, ErrNoFolder):
		return "no_folder"
	case IsFull(err):
		return "disk_full"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "timeout"
	case errors.Is(err, ErrUncertain), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "cut"
	case errors.As(err, &network):
		return "network"
	case at != nil && at.Text != "":
		return "refused" // in words alone
	case IsUnavailable(err):
		return "unavailable"
	}
	return "other"
}
