package backfill

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"crossfade/backfill/strikes"
)

// counting is a server that counts failed logins by address, as SmarterMail does, and where all users have the password
// "right N". It takes a moment to answer.
type counting struct {
	host string

	mu     sync.Mutex
	failed []time.Time
	asked  int
}

func (s *counting) login(user int, secret string) error {
	time.Sleep(100 * time.Millisecond)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if user >= 0 && secret == fmt.Sprint("right ", user) {
		return nil
	}
	s.failed = append(s.failed, time.Now())
	return &Error{Op: "login", Host: s.host, Scope: AccountScope, Patience: Never, Code: "AUTHENTICATIONFAILED"}
}

// most is the greatest number of failures in any window.
func (s *counting) most(window time.Duration) (most int) {
	first := 0
	for i, at := range s.failed {
		for at.Sub(s.failed[first]) >= window {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// siege is a proxy that is guessed at, with the way of a login reduced to what stands between it and the servers.
type siege struct {
	g        *guesses
	old, new *counting
	first    *counting // the one that is asked first; if it is the new one, it alone is asked

	mu     sync.Mutex
	stored map[string]string
	tries  int
	done   bool // everybody is in: the guesser may go home
}

func newSiege(destinationFirst bool) *siege {
	s := &siege{old: &counting{host: "old"}, new: &counting{host: "new"}, stored: map[string]string{}}
	s.g = newGuesses(StrikeLimits{Source: strikes.Per(100, 10*time.Minute), Destination: strikes.Per(10, 10*time.Minute)}, "new")
	if s.first = s.old; destinationFirst {
		s.first = s.new
	}
	return s
}

func (s *siege) login(ctx context.Context, name string, user int, secret string, from int) (err error) {
	ctx = WithNetwork(ctx, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(from >> 8), byte(from), 0}), 24))
	g, err := s.g.try(ctx, name, secret, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.tries++
		return s.stored[name] == secret
	})
	if err != nil {
		return err
	}
	defer func() { g.end(err) }()
	for _, side := range []*counting{s.first, s.new} {
		told, err := s.g.strike(ctx, side.host, name, secret, g.likely)
		if err != nil {
			return err
		}
		err = side.login(user, secret)
		if told(err); err != nil {
			return err
		}
		if s.first == s.new {
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stored[name] = secret
	return nil
}

// over tells whether the siege ends.
func (s *siege) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.done
}

// guess is what one of the guesser's machines does: so many guesses, at one name or at many, the real ones among them; in
// minutes or, if it is slow, within an hour.
func (s *siege) guess(ctx context.Context, machine, guesses int, many, slow bool, r *rand.Rand) {
	if slow {
		time.Sleep(time.Duration(r.IntN(600)) * time.Second)
	}
	for i := range guesses {
		if s.over() {
			return
		}
		user := 0
		if many {
			user = r.IntN(500) - 470 // most names do not exist
		}
		err := s.login(ctx, fmt.Sprint("user", user), user, fmt.Sprint("guess ", machine, i), machine)
		pause := time.Second
		if passwordRefused(err) {
			pause = 2 * time.Second // the proxy answers failures late
		}
		if slow {
			pause += time.Duration(r.IntN(240)) * time.Second
		}
		time.Sleep(pause)
	}
}

// live is what a real user does from a network of his own: log in again every half minute until that works, and later
// again. It tells how long the first time took, and how long the slowest of the later ones.
func (s *siege) live(ctx context.Context, t *testing.T, user int) (first, later time.Duration) {
	name, secret := fmt.Sprint("user", user), fmt.Sprint("right ", user)
	began := time.Now()
	for s.login(ctx, name, user, secret, 1000+user) != nil {
		time.Sleep(30 * time.Second)
	}
	first = time.Since(began)
	for range 10 {
		time.Sleep(3 * time.Minute)
		began := time.Now()
		if err := s.login(ctx, name, user, secret, 2000+user); err != nil { // from anywhere
			t.Errorf("%s, whose password is known: %v", name, err)
		}
		later = max(later, time.Since(began))
	}
	return first, later
}

// TestSiege: ten thousand guesses from one network and from five hundred, at one name and at many, while thirty users log
// in for the first time and again. No server counts as many failures as would have it slow the proxy's address down, every
// user gets in with the second try at the latest, within a minute, the first time, and at once later, and memory is bounded.
func TestSiege(t *testing.T) {
	for i := range 16 {
		c := struct {
			machines              int
			many, slow, destFirst bool
		}{[]int{1, 500}[i&1], i&2 != 0, i&4 != 0, i&8 != 0}
		t.Run(fmt.Sprintf("%d machines, many names %v, slow %v, destination first %v", c.machines, c.many, c.slow, c.destFirst), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSiege(c.destFirst)
				var attack, users sync.WaitGroup
				for m := range max(c.machines, 20) { // one machine opens twenty connections
					machine := m % c.machines
					attack.Go(func() {
						s.guess(t.Context(), machine, 10_000/max(c.machines, 20), c.many, c.slow, rand.New(rand.NewPCG(1, uint64(m))))
					})
				}
				var mu sync.Mutex
				var firsts []time.Duration
				var later time.Duration
				r := rand.New(rand.NewPCG(2, 3))
				for user := range 30 {
					wait := time.Duration(r.IntN(1800)) * time.Second / 2
					users.Go(func() {
						time.Sleep(wait)
						f, l := s.live(t.Context(), t, user)
						mu.Lock()
						firsts, later = append(firsts, f), max(later, l)
						mu.Unlock()
					})
				}
				users.Wait()
				s.mu.Lock()
				s.done = true
				s.mu.Unlock()
				attack.Wait()
				first, atOnce := time.Duration(0), 0
				for _, f := range firsts {
					if first = max(first, f); f <= time.Second {
						atOnce++
					}
				}
				t.Logf("%d guesses tried, old server: %d asked, %d failed, new server: %d asked, %d failed; first logins: slowest %v, %d of 30 at once; later ones: slowest %v",
					s.tries, s.old.asked, len(s.old.failed), s.new.asked, len(s.new.failed), first, atOnce, later)
				if first > time.Minute || later > time.Second {
					t.Errorf("the slowest first login took %v, the slowest later one %v", first, later)
				}
				for _, l := range []struct {
					server *counting
					window time.Duration
					below  int
				}{{s.new, 10 * time.Minute, 15}, {s.new, 50 * time.Minute, 35}, {s.old, 10 * time.Minute, 101}} {
					if n := l.server.most(l.window); n >= l.below {
						t.Errorf("the %s server counted %d failures within %v", l.server.host, n, l.window)
					}
				}
				if n, _ := s.g.known.Stats(); n > 20_000 {
					t.Errorf("%d passwords are remembered", n)
				}
				for _, l := range s.g.logins() {
					if l.Waiting != 0 || l.Taken != 0 {
						t.Errorf("left behind: %+v", l)
					}
				}
			})
		})
	}
}

// TestOldPassword: three phones with a password that was changed on the servers open five connections each every minute;
// the servers are asked a few times in an hour.
func TestOldPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSiege(true)
		s.stored["user1"] = "old"
		var all sync.WaitGroup
		for range 15 {
			all.Go(func() {
				for range 60 {
					if err := s.login(t.Context(), "user1", 1, "old", 7); err == nil {
						t.Error("an old password was accepted")
					}
					time.Sleep(time.Minute)
				}
			})
		}
		time.Sleep(30 * time.Minute)
		if err := s.login(t.Context(), "user1", 1, "right 1", 7); err != nil {
			t.Errorf("the new password, from the same network: %v", err)
		}
		all.Wait()
		if n := len(s.new.failed); n > 20 || s.new.most(10*time.Minute) > 6 {
			t.Errorf("%d failures, %d within 10 minutes", n, s.new.most(10*time.Minute))
		}
	})
}

// TestNotCounted: which ends of a login take a place, and which password is known to be wrong afterwards.
func TestNotCounted(t *testing.T) {
	for name, c := range map[string]struct {
		err      error
		strikes  int
		knownBad bool
	}{
		"accepted":      {nil, 0, false},
		"refused":       {&Error{Op: "login", Scope: AccountScope, Patience: Never, Code: "AUTHENTICATIONFAILED", Text: "no"}, 1, true},
		"down":          {&Error{Op: "dial", Scope: HostScope, Patience: Later, Err: errors.New("refused")}, 0, false},
		"busy":          {&Error{Op: "login", Scope: HostScope, Patience: Later, Code: "UNAVAILABLE", Text: "busy"}, 0, false},
		"cut":           {&Error{Op: "login", Scope: HostScope, Patience: Later, Err: ErrUncertain}, 1, false},
		"client left":   {context.Canceled, 1, false},
		"wrapped":       {fmt.Errorf("source: %w", &Error{Op: "login", Scope: AccountScope, Patience: Never, Code: "AUTHENTICATIONFAILED"}), 1, true},
		"other refusal": {&Error{Op: "login", Scope: AccountScope, Patience: Later, Code: "INUSE", Text: "in use"}, 0, false},
	} {
		for _, likely := range []bool{true, false} {
			g := newGuesses(StrikeLimits{}, "new")
			try, err := g.try(t.Context(), "ann", "pw", func() bool { return likely })
			must(t, err)
			told, err := g.strike(t.Context(), "new", "ann", "pw", try.likely)
			must(t, err)
			told(c.err)
			told(context.Canceled) // once only
			try.end(c.err)
			bad, early := g.known.Bad("ann", "pw")
			if n := g.logins()[0].Strikes; n != c.strikes || bad != c.knownBad || early != (c.knownBad && !likely) {
				t.Errorf("%s, likely %v: %d strikes, known bad %v, early %v", name, likely, n, bad, early)
			}
			again, err := g.try(t.Context(), "ann", "pw", func() bool { return true })
			if early != (err != nil) || err != nil && !passwordRefused(err) {
				t.Errorf("%s, likely %v: %v", name, likely, err)
			}
			if err == nil {
				if again.likely == c.knownBad {
					t.Errorf("%s: the stored password is likely: %v", name, again.likely)
				}
				again.leave()
			}
		}
	}
}

// TestNoPlace: a login that gets no place is put off, not refused: nothing is held against its password.
func TestNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuesses(StrikeLimits{Destination: strikes.Per(1, time.Hour)}, "new")
		told, err := g.strike(t.Context(), "new", "ann", "x", false)
		must(t, err)
		told(context.Canceled)
		try, err := g.try(t.Context(), "bob", "pw", func() bool { return false })
		must(t, err)
		_, err = g.strike(t.Context(), "new", "bob", "pw", false)
		var r *Refusal
		if !errors.As(err, &r) || r.Code != "UNAVAILABLE" || IsUnavailable(err) {
			t.Error(err)
		}
		try.end(err)
		if bad, _ := g.known.Bad("bob", "pw"); bad {
			t.Error("it is known as wrong")
		}
		if _, err := g.strike(t.Context(), "new", "bob", "pw", true); err != nil {
			t.Errorf("a likely one waits: %v", err)
		}
		if r := g.report(); len(r) != 1 || r[0] != (LoginReport{"destination", "new", 1, 1, 3600, 0, 1}) {
			t.Errorf("%+v", r)
		}
		g.known.Refused("bob", "pw", false)
		g.forget("bob")
		g.known.Refused("ann", "pw", false)
		g.forget("")
		for _, name := range []string{"ann", "bob"} {
			if bad, _ := g.known.Bad(name, "pw"); bad {
				t.Errorf("%s's is not forgotten", name)
			}
		}
	})
}

// TestConfiguredCounts: a master user whose password is wrong is refused by the source each time, and each time counts there.
func TestConfiguredCounts(t *testing.T) {
	b := newLoginBed(t, DestinationFirst)
	b.opt.SourceCredentials = func(id LoginIdentity) (Credentials, bool) {
		return Credentials{User: "master", As: id.SourceLogin, Secret: "not this one"}, true
	}
	b.again()
	b.dst.add("ann@x.example", "hers")
	if said := b.try("ann@x.example", "hers"); said != "CONTACTADMIN" {
		t.Errorf("ann is told %q", said)
	}
	for _, l := range b.e.guesses.logins() {
		if want := map[string]int{"old": 1, "new": 0}[l.Host]; l.Strikes != want {
			t.Errorf("%s counted %d failures, %d were expected", l.Host, l.Strikes, want)
		}
	}
	if n := len(b.e.guesses.logins()); n != 2 {
		t.Errorf("%d hosts were asked", n)
	}
}
