package proxy

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func address(i int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32)
}

func TestAttempts(t *testing.T) {
	a := NewAttempts(AttemptsOptions{Delay: -1, Burst: 2, Every: time.Hour})
	bad, good := netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("192.0.2.2/32")
	for i := range 2 {
		if err := a.Admit(t.Context(), bad, "ann"); err != nil {
			t.Fatalf("refused after %d failures: %v", i, err)
		}
		a.Failed(t.Context(), bad, fmt.Sprint("name ", i))
	}
	if err := a.Admit(t.Context(), bad, "bob"); err != tooManyHere {
		t.Fatal(err)
	}
	if err := a.Admit(t.Context(), good, "bob"); err != nil {
		t.Fatal("the limit is not each address's own")
	}
}

// TestSpreadGuesser: somebody guesses one password from thousands of addresses. The user goes on from where he is at home
// without a pause, gets in from a new place at the first try, and the guesser has one try an hour for each network.
func TestSpreadGuesser(t *testing.T) {
	a := NewAttempts(AttemptsOptions{Delay: time.Minute})
	now := time.Now()
	home, hotel := netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("2001:db8:1:2::/64")
	a.Succeeded(home, "Ann@example.test")
	tried := 0
	for i := range 5000 {
		from := address(i)
		wait, err := a.judge("ann@example.test", from, now)
		if err == nil {
			tried++
			a.count("ann@example.test", from, now)
		} else if err != tooManyName || wait != 0 {
			t.Fatal(err)
		}
	}
	if networks := 5000/256 + 1; tried > 20+networks {
		t.Errorf("%d passwords were tried from %d networks", tried, networks)
	}
	if wait, err := a.judge("ann@example.test", home, now); wait != 0 || err != nil {
		t.Errorf("at home: %v %v", wait, err)
	}
	if wait, err := a.judge("ann@example.test", hotel, now); wait < 8*time.Minute || wait > 16*time.Minute || err != nil {
		t.Errorf("in a hotel: %v %v", wait, err)
	}
	a.count("ann@example.test", hotel, now)
	if _, err := a.judge("ann@example.test", netip.MustParsePrefix("2001:db8:1:3::/64"), now); err != tooManyName {
		t.Errorf("next door: %v", err)
	}
	if _, err := a.judge("ann@example.test", hotel, now.Add(strangerEvery+time.Second)); err != nil {
		t.Errorf("an hour later: %v", err)
	}
	if wait, err := a.judge("bob@example.test", hotel, now); wait != 0 || err != nil {
		t.Errorf("another name: %v %v", wait, err)
	}
}

// TestPauseGrows: with every failure under a name, up to a bound; a success ends it.
func TestPauseGrows(t *testing.T) {
	a := NewAttempts(AttemptsOptions{Delay: time.Minute})
	now, from := time.Now(), address(1)
	for i, least := range []time.Duration{1, 2, 4, 8, 16, 16, 16} {
		if wait := a.count("ann", from, now); wait < least*time.Minute || wait > 2*least*time.Minute {
			t.Errorf("failure %d waits %v", i+1, wait)
		}
	}
	a.Succeeded(from, "ANN")
	if wait := a.count("ann", from, now); wait > 2*time.Minute {
		t.Errorf("after a login it waits %v", wait)
	}
}

// TestOldPasswordAtHome: a device of the user's own that has an old password counts for nobody else.
func TestOldPasswordAtHome(t *testing.T) {
	a := NewAttempts(AttemptsOptions{Delay: -1, Burst: 1000})
	now := time.Now()
	a.Succeeded(address(1), "ann")
	for range 200 {
		a.count("ann", address(1), now)
	}
	if _, err := a.judge("ann", address(2), now); err != nil {
		t.Error(err)
	}
}

// TestNetworkOfGuessers: a network with many addresses has not as many times the failures; who has logged in from there
// before goes on.
func TestNetworkOfGuessers(t *testing.T) {
	a := NewAttempts(AttemptsOptions{Delay: -1, Burst: 10, Every: time.Hour})
	now := time.Now()
	a.Succeeded(address(1), "ann")
	tried := 0
	for i := range 256 {
		if _, err := a.judge(fmt.Sprint(i), address(i), now); err == nil {
			tried++
			a.count(fmt.Sprint(i), address(i), now)
		} else if err != tooManyNear {
			t.Fatal(err)
		}
	}
	if tried != 10*perNetwork {
		t.Errorf("%d passwords were tried", tried)
	}
	if _, err := a.judge("ann", address(1), now); err != nil {
		t.Errorf("at home: %v", err)
	}
	if _, err := a.judge("bob", address(300), now); err != nil {
		t.Errorf("another network: %v", err)
	}
	if _, err := a.judge("bob", address(2), now.Add(time.Hour)); err != nil {
		t.Errorf("later: %v", err)
	}
}

func TestAttemptsWaitEndsWithTheClient(t *testing.T) {
	a := NewAttempts(AttemptsOptions{Delay: time.Hour, UserBurst: 1})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	a.Failed(ctx, netip.Prefix{}, "ann")
	if err := a.Admit(ctx, address(1), "ann"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	began := time.Now()
	NewAttempts(AttemptsOptions{Delay: 20 * time.Millisecond}).Failed(context.Background(), netip.Prefix{}, "ann")
	if took := time.Since(began); took < 20*time.Millisecond {
		t.Fatalf("waited only %v", took)
	}
}

func TestAttemptsMemoryIsBounded(t *testing.T) {
	a := NewAttempts(AttemptsOptions{Delay: -1})
	for i := range 3 * maxRemembered {
		a.Failed(t.Context(), address(i), fmt.Sprint(i))
		a.Succeeded(address(i), fmt.Sprint(i))
		a.Failed(t.Context(), address(256*i), fmt.Sprint(i))
	}
	for _, n := range []int{len(a.byAddr), len(a.byNet), len(a.byUser), len(a.familiar), len(a.failed)} {
		if n > maxRemembered {
			t.Fatalf("%d records kept", n)
		}
	}
}

// TestSeats: so many for each account, given back once.
func TestSeats(t *testing.T) {
	s := NewSeats(2)
	leave, ok := s.Take("ann")
	_, ok2 := s.Take("ann")
	_, ok3 := s.Take("ann")
	_, bob := s.Take("bob")
	if !ok || !ok2 || ok3 || !bob {
		t.Fatal(ok, ok2, ok3, bob)
	}
	leave()
	leave()
	if _, ok := s.Take("ann"); !ok {
		t.Error("the place was not given back")
	}
	if _, ok := s.Take("ann"); ok {
		t.Error("it was given back twice")
	}
}
