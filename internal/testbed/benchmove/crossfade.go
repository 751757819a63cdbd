package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"crossfade/internal/testbed"
)

// progress is what the benchmark needs of the proxy's status.
type progress struct {
	Done  bool `json:"done"`
	Total struct {
		Listed, Copying, Copied int
	} `json:"total"`
}

// crossfade starts a proxy, logs in once and waits until its status says that all is copied.
func (b *bench) crossfade(l leg, dir string) (m measured) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return measured{err: err}
	}
	front := ln.Addr().String()
	if err := ln.Close(); err != nil {
		return measured{err: err}
	}
	cmd := exec.Command(b.o.binary, "serve", "--source", "imap://"+l.source+"?tls=off", "--destination", l.dest.PlainURL(), "--imap", front, "--state", dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		return measured{err: err}
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil && m.err == nil {
			m.err = err
		}
		if m.err != nil {
			m.err = fmt.Errorf("%w\n%s", m.err, said.String())
		}
	}()
	if err := login(front); err != nil { // refused for as long as the proxy does not listen
		return measured{err: err}
	}
	return b.watch(cmd.Process.Pid, filepath.Join(dir, "crossfade.sock"), time.Now())
}

// watch asks often at first, so that the first message is seen, then rarely, so as not to disturb.
func (b *bench) watch(pid int, socket string, start time.Time) (m measured) {
	before := cpuTime(pid)
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	defer client.CloseIdleConnections()
	var first time.Time
	for time.Since(start) < b.o.limit {
		var p progress
		if err := status(client, &p); err != nil {
			return measured{err: err}
		}
		now := time.Now()
		if first.IsZero() && p.Total.Copying+p.Total.Copied > 0 {
			first = now
		}
		if p.Done && p.Total.Copied >= b.size.count {
			return measured{wall: now.Sub(start), first: now.Sub(first), cpu: cpuTime(pid) - before, peak: peakOf(pid)}
		}
		time.Sleep(min(10*time.Millisecond+now.Sub(start)/200, 250*time.Millisecond))
	}
	return measured{err: errors.New("not done in time")}
}

func status(client *http.Client, p *progress) error {
	resp, err := client.Get("http://crossfade/status")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(p)
}

// login enrols the user, as soon as the proxy listens.
func login(addr string) error {
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			if time.Now().After(end) {
				return err
			}
			continue
		}
		defer c.Close()
		if _, err := fmt.Fprintf(c, "a LOGIN %s %s\r\nb LOGOUT\r\n", testbed.User(0), testbed.Pass); err != nil {
			return err
		}
		said, err := io.ReadAll(bufio.NewReader(c))
		if err == nil && !strings.Contains(string(said), "a OK") {
			err = fmt.Errorf("login: %s", said)
		}
		return err
	}
}
