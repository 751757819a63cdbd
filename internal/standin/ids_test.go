package standin

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

// clock is a clock that tests turn.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func (c *clock) turn(d time.Duration) { c.now = c.now.Add(d) }

func counter(o IDSOptions) (*IDS, *clock) {
	c := &clock{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	o.Now = c.Now
	return NewIDS(o), c
}

func fail(i *IDS, ip netip.Addr, n int) {
	for range n {
		i.Failed(ip)
	}
}

func TestIDSRules(t *testing.T) {
	ip := netip.MustParseAddr("127.0.0.1")
	i, c := counter(IDSOptions{})
	want := func(delay time.Duration, blocked bool, when string) {
		t.Helper()
		if d, b := i.Allowed(ip); d != delay || b != blocked {
			t.Errorf("%s: delay %v blocked %v, want %v %v", when, d, b, delay, blocked)
		}
	}
	fail(i, ip, 14)
	want(0, false, "14 failures")
	fail(i, ip, 1)
	want(2500*time.Millisecond, false, "15 failures")
	fail(i, ip, 9)
	want(2500*time.Millisecond, false, "24 failures")
	fail(i, ip, 1)
	want(2500*time.Millisecond, true, "25 failures")
	c.turn(10 * time.Minute)
	want(0, true, "10 minutes on")
	c.turn(21 * time.Minute)
	want(0, false, "31 minutes on")
	fail(i, ip, 10)
	want(0, true, "35 failures in 50 minutes")
	c.turn(3 * time.Hour)
	want(0, true, "three hours on")
	c.turn(time.Hour)
	want(0, false, "four hours on")
	if got := i.Tally(ip); got.Total != 35 || got.Peak != 25 || got.Blocks < 2 {
		t.Errorf("tally %+v", got)
	}
}

func TestIDSSuccess(t *testing.T) {
	ip := netip.MustParseAddr("203.0.113.7")
	i, c := counter(IDSOptions{})
	count := func() int {
		i.mu.Lock()
		defer i.mu.Unlock()
		return i.hosts[ip].within(c.now, 10*time.Minute)
	}
	fail(i, ip, 10)
	i.Succeeded(ip, "joe")
	i.Succeeded(ip, "joe") // within five minutes: nothing
	if n := count(); n != 8 {
		t.Errorf("%d failures after joe, want 8", n)
	}
	i.Succeeded(ip, "ann")
	if n := count(); n != 6 {
		t.Errorf("%d failures after ann, want 6", n)
	}
	c.turn(5 * time.Minute)
	i.Succeeded(ip, "joe")
	if n := count(); n != 4 {
		t.Errorf("%d failures after joe again, want 4", n)
	}
	old, _ := counter(IDSOptions{SuccessOff: -1})
	fail(old, ip, 15)
	old.Succeeded(ip, "joe")
	if d, _ := old.Allowed(ip); d == 0 {
		t.Error("a success lowered the count of an old server")
	}
}

func TestIDSExempt(t *testing.T) {
	for _, c := range []struct {
		ip      string
		opt     IDSOptions
		blocked bool
	}{
		{"10.1.2.3", IDSOptions{}, true},
		{"10.1.2.3", IDSOptions{ExemptPrivate: true}, false},
		{"172.20.0.1", IDSOptions{ExemptPrivate: true}, false},
		{"192.168.1.1", IDSOptions{ExemptPrivate: true}, false},
		{"127.0.0.1", IDSOptions{ExemptPrivate: true}, true},
		{"203.0.113.7", IDSOptions{Whitelist: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}}, false},
		{"203.0.114.7", IDSOptions{Whitelist: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}}, true},
		{"::ffff:203.0.113.7", IDSOptions{Whitelist: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}}, false},
	} {
		i, _ := counter(c.opt)
		ip := netip.MustParseAddr(c.ip)
		fail(i, ip, 25)
		if _, blocked := i.Allowed(ip); blocked != c.blocked {
			t.Errorf("%s with %+v: blocked %v", c.ip, c.opt, blocked)
		}
		if _, blocked := i.Allowed(netip.MustParseAddr("198.51.100.1")); blocked {
			t.Error("another address is blocked too")
		}
	}
}

func TestGate(t *testing.T) {
	v2 := append(append([]byte{}, signature...), 0x21, 0x11, 0, 12, 198, 51, 100, 9, 127, 0, 0, 1, 0, 80, 0, 143)
	for name, c := range map[string]struct {
		proxy bool
		send  string
		ip    string // "" is refused
	}{
		"no header wanted":      {false, "a NOOP\r\n", "pipe"},
		"header wanted":         {true, "a NOOP is said here\r\n", ""},
		"version 1":             {true, "PROXY TCP4 198.51.100.9 127.0.0.1 80 143\r\na NOOP\r\n", "198.51.100.9"},
		"version 1, unknown":    {true, "PROXY UNKNOWN\r\na NOOP\r\n", "pipe"},
		"version 2":             {true, string(v2) + "a NOOP\r\n", "198.51.100.9"},
		"version 1, nonsense":   {true, "PROXY TCP4 nobody 127.0.0.1 80 143\r\n", ""},
		"blocked by its header": {true, "PROXY TCP4 198.51.100.66 127.0.0.1 80 143\r\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := &Gate{IDS: NewIDS(IDSOptions{})}
			g.TCPProxy.Store(c.proxy)
			fail(g.IDS, netip.MustParseAddr("198.51.100.66"), 25)
			near, far := net.Pipe()
			done := make(chan struct{})
			go func() { defer close(done); _, _ = near.Write([]byte(c.send)) }()
			t.Cleanup(func() { near.Close(); far.Close(); <-done })
			nc, ip, err := g.Admit(far)
			switch {
			case c.ip == "":
				if err == nil {
					t.Error("let in")
				}
				return
			case err != nil:
				t.Fatal(err)
			case c.ip != "pipe" && ip.String() != c.ip:
				t.Errorf("the caller is %v, want %s", ip, c.ip)
			}
			buf := make([]byte, 6)
			if _, err := nc.Read(buf); err != nil || string(buf) != "a NOOP" {
				t.Errorf("read %q, %v", buf, err)
			}
		})
	}
}
