package drivertest

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"crossfade/backfill"
)

// testPipe: a connection is handed over logged in, on which the server answers whoever holds it; a wrong password is told
// as at a login.
func testPipe(t *testing.T, f Factory) {
	s := f(t)
	d, ok := s.Driver.(backfill.Piper)
	if !ok {
		return // a driver need not
	}
	_, err := d.Pipe(t.Context(), s.User, s.Secret+"x")
	var e *backfill.Error
	if !errors.As(err, &e) || e.Scope != backfill.AccountScope || e.Code != "AUTHENTICATIONFAILED" {
		t.Errorf("wrong password: %v", err)
	}
	if err != nil && strings.Contains(err.Error(), s.Secret+"x") {
		t.Error("the error holds the password")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	p, err := d.Pipe(ctx, s.User, s.Secret)
	cancel() // the connection outlives the login's context
	if err != nil {
		t.Fatal(err)
	}
	defer p.Conn.Close()
	if len(p.Ahead) > 0 {
		t.Errorf("said unasked: %q", p.Ahead)
	}
	samePipeCaps(t, d, s, p.Caps)
	if err := p.Conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(p.Conn, s.Ask); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, len(s.Answer))
	if _, err := io.ReadFull(p.Conn, answer); err != nil || string(answer) != s.Answer {
		t.Errorf("asked %q, answered %q %v", s.Ask, answer, err)
	}
}

// samePipeCaps compares what the pipe's server offers with what it offers to us.
func samePipeCaps(t *testing.T, d backfill.Driver, s Server, caps []string) {
	t.Helper()
	m, err := d.Login(t.Context(), s.User, s.Secret)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	var want, got []string
	for c := range m.Features().Caps {
		want = append(want, strings.ToUpper(string(c)))
	}
	for _, c := range caps {
		got = append(got, strings.ToUpper(c))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("offered over the pipe %q, to us %q", got, want)
	}
}
