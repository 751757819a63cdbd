package smartermail

import (
	"context"
	"crypto/rand"
	"strings"
	"sync"
	"time"

	"crossfade/backfill"
)

// key names an access token: the administrator's own, a domain's, or a user's.
type key struct{ domain, user string }

// Lives of tokens: most that is believed of what the server says, what is believed when it says nothing, and how long
// before its end one is replaced.
const (
	lifeMost  = 15 * time.Minute
	lifeLeast = 30 * time.Second
	lifeGuess = 10 * time.Minute
	lifeEarly = time.Minute
)

// keysMost is how many tokens are kept; one more and all but the administrator's are had anew.
const keysMost = 1000

// keys are the tokens. Callers that want the same one at once share one call.
type keys struct {
	c      *client
	client string // differs in every process: a second login with the same one would end the first

	mu    sync.Mutex // never held during a call
	have  map[key]token
	under map[key]*flight
	admin admin
	bar   bar
}

type token struct {
	access, refresh string
	until           time.Time
}

// admin is what the login told of the administrator.
type admin struct {
	known  bool
	system bool
	domain string // of one domain's administrator
}

// flight is a token being had.
type flight struct {
	done  chan struct{}
	token token
	err   error
}

// bar stands before the login after a refusal. The server counts every failure for the address that all mail comes from.
type bar struct {
	until time.Time
	wait  time.Duration
	err   error
}

const (
	barFirst = 5 * time.Minute
	barMost  = 2 * time.Hour
)

func newKeys(c *client) *keys {
	return &keys{c: c, client: "crossfade-" + strings.ToLower(rand.Text()), have: map[key]token{}, under: map[key]*flight{}}
}

// get returns a token that is good for a while. It waits for a call of another who wants the same; that call goes on when
// this caller's context ends.
func (k *keys) get(ctx context.Context, want key) (string, error) {
	k.mu.Lock()
	if t, ok := k.have[want]; ok && time.Now().Before(t.until) {
		k.mu.Unlock()
		return t.access, nil
	}
	f := k.under[want]
	if f == nil {
		f = &flight{done: make(chan struct{})}
		k.under[want] = f
		old := k.have[want]
		go k.fly(context.WithoutCancel(ctx), want, old, f)
	}
	k.mu.Unlock()
	select {
	case <-f.done:
		return f.token.access, f.err
	case <-ctx.Done():
		return "", k.c.broken(request{op: "login"}, context.Cause(ctx))
	}
}

// fly has a token and tells all who wait. Every call that it makes has a time-out.
func (k *keys) fly(ctx context.Context, want key, old token, f *flight) {
	f.token, f.err = k.obtain(ctx, want, old)
	k.mu.Lock()
	if f.err == nil {
		if len(k.have) >= keysMost {
			root := k.have[key{}]
			clear(k.have)
			k.have[key{}] = root
		}
		k.have[want] = f.token
	} else {
		delete(k.have, want)
	}
	delete(k.under, want)
	k.mu.Unlock()
	close(f.done)
}

func (k *keys) obtain(ctx context.Context, want key, old token) (token, error) {
	switch {
	case want.user != "":
		return k.impersonate(ctx, want)
	case want.domain != "":
		return k.manage(ctx, want.domain)
	case old.refresh != "":
		if t, err := k.refresh(ctx, old); err == nil {
			return t, nil
		} else if backfill.IsUnavailable(err) {
			return token{}, err
		}
	}
	return k.login(ctx)
}

// drop forgets a token that the server did not take, unless there is a newer one. The refresh token stays.
func (k *keys) drop(of key, access string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	t, ok := k.have[of]
	switch {
	case !ok || t.access != access:
	case of == key{}:
		t.until = time.Time{}
		k.have[of] = t
	default:
		delete(k.have, of)
	}
}

// life says until when a token is used.
func life(told string) time.Time {
	now := time.Now()
	end, err := time.Parse(time.RFC3339, told)
	if err != nil {
		return now.Add(lifeGuess)
	}
	left := end.Sub(now)
	if left < lifeLeast { // clocks differ: a new token is good for something
		left = 2 * lifeLeast
	}
	left = min(left, lifeMost)
	return now.Add(left - min(lifeEarly, left/2))
}

// refused notes that the server refused the administrator's password, and for how long it is not asked again.
func (k *keys) refused(err error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.bar.wait = min(max(barFirst, 2*k.bar.wait), barMost)
	k.bar.until, k.bar.err = time.Now().Add(k.bar.wait), err
	return err
}

// barred is the refusal that still stands; nil if the login may be tried.
func (k *keys) barred() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Now().Before(k.bar.until) {
		return k.bar.err
	}
	return nil
}

// resolve names the token that acts for a key: the administrator of one domain needs no other for that domain, and gets
// none for another.
func (k *keys) resolve(ctx context.Context, want key) (key, error) {
	if want.user != "" || want.domain == "" {
		return want, nil
	}
	ad, err := k.role(ctx)
	switch {
	case err != nil:
		return want, err
	case ad.system:
		return want, nil
	case ad.domain != want.domain:
		return want, &backfill.Error{Op: "api domain", Host: k.c.host, Scope: backfill.AccountScope, Patience: backfill.Never, Code: backfill.CodeCannot,
			Text: "the API's user administers " + ad.domain + " alone, not " + want.domain}
	}
	return key{}, nil
}
