package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/alecthomas/kong"
)

type healthCmd struct {
	Config string `placeholder:"FILE" help:"Configuration file (TOML), for its admin setting."`
	Admin  string `placeholder:"ADDR:PORT" help:"Where the running proxy answers /healthz."`
}

// Run asks /healthz and says what it said: for images without a shell.
func (c *healthCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	s, err := load(c.Config, io.env, kctx)
	if err != nil {
		return err
	}
	if s.Admin == "" {
		return usagef("where is the proxy's admin port? Give %s", where("admin", "127.0.0.1:8080"))
	}
	host, port, err := net.SplitHostPort(s.Admin)
	if err != nil {
		return usagef("--admin %s: give ADDR:PORT, such as 127.0.0.1:8080", s.Admin)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	text, err := get(ctx, "http://"+net.JoinHostPort(host, port)+"/healthz")
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(io.out, text)
	return err
}

// get reads a small page and fails unless it was answered with 200.
func get(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // without a proxy of the environment
	resp, err := client.Do(req)
	if err != nil {
		return "", fmt.Errorf("no answer: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s: %s", url, resp.Status, oneLine(string(body)))
	}
	return string(body), nil
}
