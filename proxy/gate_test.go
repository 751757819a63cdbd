package proxy

import (
	"context"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// open runs a gate until the returned function is called, which waits for its end.
func open(t *testing.T, g *Gate, handle Handler) (addr string, stop func() time.Duration) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Serve(ctx, ln, handle) }()
	return ln.Addr().String(), func() time.Duration {
		began := time.Now()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		return time.Since(began)
	}
}

func connect(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	return c
}

func TestGateLimits(t *testing.T) {
	for name, o := range map[string]GateOptions{"total": {Total: 2}, "address": {PerAddress: 2}} {
		t.Run(name, func(t *testing.T) {
			o.Logger, o.Drain = quiet(), 20*time.Millisecond
			o.Refuse = func(c net.Conn, what Full) {
				_, _ = io.WriteString(c, map[Full]string{FullAll: "full", FullAddress: "full for you"}[what])
			}
			want := map[string]string{"total": "full", "address": "full for you"}[name]
			g := NewGate(o)
			addr, stop := open(t, g, func(_, _ context.Context, c net.Conn) {
				_, _ = io.WriteString(c, "in")
				_, _ = io.Copy(io.Discard, c)
			})
			defer stop()
			var in [2]byte
			first, second := connect(t, addr), connect(t, addr)
			for _, c := range []net.Conn{first, second} {
				if _, err := io.ReadFull(c, in[:]); err != nil {
					t.Fatal(err)
				}
			}
			if got, _ := io.ReadAll(connect(t, addr)); string(got) != want {
				t.Fatalf("got %q", got)
			}
			_ = first.Close()
			for g.Connections() > 1 { // the place is free once the handler has ended
				time.Sleep(time.Millisecond)
			}
			if _, err := io.ReadFull(connect(t, addr), in[:]); err != nil {
				t.Fatalf("the place was not given back: %v", err)
			}
			_ = second.Close()
		})
	}
}

func TestGateDrainIsGraceful(t *testing.T) {
	addr, stop := open(t, NewGate(GateOptions{Drain: time.Minute, Logger: quiet()}), func(ctx, drain context.Context, c net.Conn) {
		_, _ = io.WriteString(c, "x")
		<-drain.Done()
		if ctx.Err() == nil {
			_, _ = io.WriteString(c, "bye")
		}
	})
	c := connect(t, addr)
	var one [1]byte
	if _, err := io.ReadFull(c, one[:]); err != nil {
		t.Fatal(err)
	}
	if took := stop(); took > 10*time.Second {
		t.Fatalf("took %v", took)
	}
	if got, _ := io.ReadAll(c); string(got) != "bye" {
		t.Fatalf("got %q", got)
	}
}

func TestGateDrainIsBounded(t *testing.T) {
	entered := make(chan struct{})
	addr, stop := open(t, NewGate(GateOptions{Drain: 20 * time.Millisecond, Logger: quiet()}), func(ctx, _ context.Context, c net.Conn) {
		close(entered)
		_, _ = io.Copy(io.Discard, c) // deaf to drain: only the end of the connection ends it
		<-ctx.Done()
	})
	connect(t, addr)
	<-entered
	stop()
}

func TestGateTellsOfABrokenListener(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = ln.Close()
	if err := NewGate(GateOptions{Logger: quiet()}).Serve(context.Background(), ln, nil); err == nil {
		t.Fatal("no error")
	}
}

type addrConn struct {
	net.Conn
	addr string
}

func (c addrConn) RemoteAddr() net.Addr { return textAddr(c.addr) }

type textAddr string

func (textAddr) Network() string  { return "tcp" }
func (a textAddr) String() string { return string(a) }

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.7:143":              "192.0.2.7/32",
		"[::ffff:192.0.2.7]:143":     "192.0.2.7/32",
		"[2001:db8:1:2:3:4:5:6]:143": "2001:db8:1:2::/64",
		"[fe80::1%eth0]:143":         "fe80::/64",
		"pipe":                       "invalid Prefix",
	} {
		if got := Address(addrConn{addr: in}).String(); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	if !IsLoopback(addrConn{addr: "[::1]:5"}) || IsLoopback(addrConn{addr: "192.0.2.1:5"}) || IsLoopback(addrConn{addr: "pipe"}) {
		t.Error("IsLoopback is wrong")
	}
}

// TestGateEndsQuietly: an end that was asked for is no error, however its news travels.
func TestGateEndsQuietly(t *testing.T) {
	for range 200 {
		_, stop := open(t, NewGate(GateOptions{Logger: quiet()}), func(context.Context, context.Context, net.Conn) {})
		stop()
	}
}
