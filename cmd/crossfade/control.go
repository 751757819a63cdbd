package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"crossfade/backfill"
)

// controlled is what the control socket asks of the engine.
type controlled interface {
	Status() backfill.Report
	verifier
	quarantineKeeper
	finisher
	rebuilder
	steered
	settler
	parter
	exporting
	accountKeeper
	Accept(ctx context.Context, account, folder string, again bool) (backfill.Accepted, error)
	AcceptWhole(account string) (backfill.Accepted, error)
}

func socketPath(state string) string { return filepath.Join(state, "crossfade.sock") }

// listenControl opens the control socket. The store's lock has made sure that no other process uses this state,
// so a socket that is still there was left behind.
func listenControl(state string) (net.Listener, error) {
	path := socketPath(state)
	if len(path) > 107 { // what sockaddr_un holds, see unix(7)
		return nil, usagef("--state %s: the path is too long for a Unix socket in it; choose one of at most 90 characters", state)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	ln, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	return ln, nil
}

// serveHTTP answers on ln until ctx ends, then lets requests in flight end within a few seconds.
func serveHTTP(ctx context.Context, ln net.Listener, h http.Handler) error {
	requests, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return requests }}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		grace, end := context.WithTimeout(requests, 3*time.Second)
		defer end()
		err := srv.Shutdown(grace)
		cut()
		stopped <- errors.Join(err, srv.Close())
	})
	err := srv.Serve(ln)
	if stop() { // the listener failed by itself
		return err
	}
	if err := <-stopped; err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// controlHandler answers on the control socket.
func controlHandler(e controlled) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(e.Status()) // an error here means that the asker has gone
	})
	steer(mux, e)
	mux.HandleFunc("POST /accept", handleAccept(e))
	handleParting(mux, e)
	mux.HandleFunc("POST /settle", func(w http.ResponseWriter, r *http.Request) { streamSettle(w, r, e) })
	mux.HandleFunc("GET /verify", func(w http.ResponseWriter, r *http.Request) { streamVerify(w, r, e) })
	handleQuarantine(mux, e)
	mux.HandleFunc("GET /finish", func(w http.ResponseWriter, r *http.Request) { answerFinish(w, r, e) })
	handleRebuild(mux, e)
	handleExport(mux, e)
	handleAccounts(mux, e)
	return mux
}

// ask sends one request to the proxy that uses this state. The caller closes the body.
func ask(ctx context.Context, state, method, path string) (*http.Response, error) {
	resp, err := send(ctx, state, method, path, http.NoBody)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= 300 {
		_ = resp.Body.Close()
		return nil, otherVersion(state, resp)
	}
	return resp, nil
}

// otherVersion is the error of an answer that this version's socket does not give.
func otherVersion(state string, resp *http.Response) error {
	return fmt.Errorf("the proxy at %s answered %s; is it another version?", socketPath(state), resp.Status)
}

// send sends one request and returns the answer, whatever its status.
func send(ctx context.Context, state, method, path string, body io.Reader) (*http.Response, error) {
	sock := socketPath(state)
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", sock)
		}}}
	req, err := http.NewRequestWithContext(ctx, method, "http://crossfade"+path, body)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	switch {
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("%s: permission denied; ask as the user that 'crossfade serve' runs as", sock)
	case err != nil && ctx.Err() == nil:
		return nil, fmt.Errorf("no proxy answers at %s; is 'crossfade serve' running with --state %s?", sock, state)
	case err != nil:
		return nil, err
	}
	return resp, nil
}
