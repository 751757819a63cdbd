package strikes

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"
)

const (
	// maxKnown bounds the passwords that are remembered.
	maxKnown = 20_000
	// knownFor is how long a password is remembered after it might have been asked about again.
	knownFor = 24 * time.Hour
	// maxAgain and maxStored are the longest pauses before a password is asked about again: any, and the stored one.
	maxAgain  = time.Hour
	maxStored = 5 * time.Minute
	// goodFor is how long a password that was accepted may be tried several times at once.
	goodFor = time.Minute
)

// Known are passwords that were refused. It is safe for concurrent use.
type Known struct {
	key [32]byte // of this run: what is kept means nothing to others

	mu     sync.Mutex
	bad    map[[32]byte]*refusals
	good   map[[32]byte]time.Time // when it was accepted last
	asking map[[32]byte]chan struct{}
	turned uint64 // passwords that were refused from memory
}

// refusals are the history of one password.
type refusals struct {
	n     int
	again time.Time // when it may be asked about
}

// NewKnown makes an empty memory.
func NewKnown() *Known {
	k := &Known{bad: make(map[[32]byte]*refusals), good: make(map[[32]byte]time.Time), asking: make(map[[32]byte]chan struct{})}
	rand.Read(k.key[:]) // it never fails (crypto/rand)
	return k
}

// digest names a user's password; its first half is the user.
func (k *Known) digest(user, secret string) (d [32]byte) {
	u := k.half(user)
	s := k.half(user, secret)
	copy(d[:16], u[:])
	copy(d[16:], s[:])
	return d
}

func (k *Known) half(parts ...string) (d [16]byte) {
	m := hmac.New(sha256.New, k.key[:])
	for _, p := range parts {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		m.Write(n[:])
		m.Write([]byte(p))
	}
	copy(d[:], m.Sum(nil))
	return d
}

// Enter waits while the same password of the same user is being tried, unless it was accepted a moment ago: a mail
// program opens several connections at once, and a wrong password is to be refused once. leave ends the try. The error is
// ctx's.
func (k *Known) Enter(ctx context.Context, user, secret string) (leave func(), err error) {
	d := k.digest(user, secret)
	for {
		busy := k.enter(d)
		switch {
		case busy == nil:
			return func() {}, nil
		case busy.mine:
			return sync.OnceFunc(func() { k.leave(d) }), nil
		}
		select {
		case <-busy.over:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// attempt is a password that is being tried.
type attempt struct {
	mine bool
	over chan struct{}
}

// enter begins a try, or tells which one must end first; nil if none needs to.
func (k *Known) enter(d [32]byte) *attempt {
	k.mu.Lock()
	defer k.mu.Unlock()
	if at, ok := k.good[d]; ok && time.Since(at) < goodFor {
		return nil
	}
	if over, ok := k.asking[d]; ok {
		return &attempt{over: over}
	}
	k.asking[d] = make(chan struct{})
	return &attempt{mine: true}
}

func (k *Known) leave(d [32]byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	close(k.asking[d])
	delete(k.asking, d)
}

// Pair is a name for a user's password, for Try.
func (k *Known) Pair(user, secret string) uint64 {
	d := k.half(user, secret)
	return binary.BigEndian.Uint64(d[:])
}

// Bad tells what is known of a password: whether it was refused before and not accepted since, and whether it is too
// early to ask about it again.
func (k *Known) Bad(user, secret string) (bad, early bool) {
	d := k.digest(user, secret)
	k.mu.Lock()
	defer k.mu.Unlock()
	r := k.bad[d]
	if r == nil || time.Since(r.again) >= knownFor {
		return false, false
	}
	if early = time.Now().Before(r.again); early {
		k.turned++
	}
	return true, early
}

// Refused remembers that a server refused a password: it may be asked about again after 1, 2, 4 ... 60 minutes. The one
// that is stored, since it was right once, may be after 0, 1, 2, 4, 5 minutes.
func (k *Known) Refused(user, secret string, stored bool) {
	d := k.digest(user, secret)
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	over := func(r *refusals) bool { return now.Sub(r.again) >= knownFor }
	r := k.bad[d]
	if r == nil || over(r) {
		forget(k.bad, maxKnown, over)
		r = &refusals{}
		k.bad[d] = r
	}
	delete(k.good, d)
	r.n++
	r.again = now.Add(pause(r.n, stored))
}

// pause is the wait after so many refusals.
func pause(n int, stored bool) time.Duration {
	most := maxAgain
	if stored {
		n, most = n-1, maxStored
	}
	if n <= 0 {
		return 0
	}
	return min(time.Minute<<min(n-1, 10), most)
}

// Accepted says that a password is right: it is forgotten that it was ever refused.
func (k *Known) Accepted(user, secret string) {
	d := k.digest(user, secret)
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.bad, d)
	forget(k.good, maxKnown, func(at time.Time) bool { return time.Since(at) >= goodFor })
	k.good[d] = time.Now()
}

// Forget forgets all of a user's.
func (k *Known) Forget(user string) {
	u := k.half(user)
	k.mu.Lock()
	defer k.mu.Unlock()
	for d := range k.bad {
		if [16]byte(d[:16]) == u {
			delete(k.bad, d)
		}
	}
}

// ForgetAll forgets everything.
func (k *Known) ForgetAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.bad)
}

// Stats are how many passwords are remembered, and how many tries were refused from memory since the program started.
func (k *Known) Stats() (remembered int, turned uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.bad), k.turned
}
