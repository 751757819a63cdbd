package proxy

import (
	"context"
	"net/netip"
	"testing"
	"time"
)

func TestAttempts(t *testing.T) {
	a := NewAttempts(AttemptsOptions{Delay: -1, Burst: 2, Every: time.Hour})
	bad, good := netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("192.0.2.2/32")
	for i := range 2 {
		if !a.Allowed(bad) {
			t.Fatalf("refused after %d failures", i)
		}
		a.Failed(context.Background(), bad)
	}
	if a.Allowed(bad) || !a.Allowed(good) {
		t.Fatal("the limit is not each address's own")
	}
}

func TestAttemptsWaitEndsWithTheClient(t *testing.T) {
	a := NewAttempts(AttemptsOptions{Delay: time.Hour})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	a.Failed(ctx, netip.Prefix{})
	began := time.Now()
	NewAttempts(AttemptsOptions{Delay: 20 * time.Millisecond}).Failed(context.Background(), netip.Prefix{})
	if took := time.Since(began); took < 20*time.Millisecond {
		t.Fatalf("waited only %v", took)
	}
}

func TestAttemptsMemoryIsBounded(t *testing.T) {
	a := NewAttempts(AttemptsOptions{Delay: -1})
	for i := range 3 * maxAddresses {
		a.Failed(context.Background(), netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32))
	}
	if len(a.byAddr) > maxAddresses {
		t.Fatalf("%d addresses kept", len(a.byAddr))
	}
}
