package smartermail

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"crossfade/backfill"
)

// client talks to one API.
type client struct {
	opts Options
	base string // ends in /api/v1/
	host string
	http *http.Client
	keys *keys
	old  sync.Once // the build was looked at

	counter atomic.Pointer[func(login string, failed bool)] // nil: nobody counts
}

func newClient(o Options) (*client, error) {
	base, conf, err := parseURL(o)
	if err != nil {
		return nil, err
	}
	if o.User == "" || o.Secret == "" {
		return nil, errors.New("smartermail: the administrator's name and password are needed")
	}
	o = o.orDefaults()
	u, err := url.Parse(base)
	if err != nil {
		return nil, errors.New("smartermail: the URL must look like https://host:port")
	}
	c := &client{opts: o, base: base, host: u.Host, http: transport(conf, o)}
	c.keys = newKeys(c)
	return c, nil
}

// request is one call.
type request struct {
	op      string // for errors: "user-put"
	method  string
	path    string // below the base, its segments escaped
	body    any
	harmful bool     // changes something: never sent twice unless the server said that it did not take it
	secrets []string // what must not come back in an error
}

func get(op string, segments ...string) request {
	return request{op: op, method: http.MethodGet, path: join(segments)}
}

func post(op string, body any, segments ...string) request {
	return request{op: op, method: http.MethodPost, path: join(segments), body: body}
}

// join makes a path of a fixed head and of segments that are escaped each.
func join(segments []string) string {
	out := segments[0]
	for _, s := range segments[1:] {
		out += "/" + url.PathEscape(s)
	}
	return out
}

// tries is how often a call that changes nothing is made when the server does not answer.
const tries = 3

// exchange makes a call with a token; "" is none. It returns the server's answer, whatever it says. An error is of a server
// that cannot be reached, or does not answer as the API does.
func (c *client) exchange(ctx context.Context, r request, token string) (*answer, error) {
	for try := 1; ; try++ {
		a, err := c.once(ctx, r, token)
		if err == nil && a.status != http.StatusTooManyRequests && a.status < 500 {
			return a, nil
		}
		if try == tries || r.harmful || ctx.Err() != nil {
			return a, err
		}
		select {
		case <-ctx.Done():
			return nil, c.broken(r, context.Cause(ctx))
		case <-time.After(time.Duration(try) * 200 * time.Millisecond):
		}
	}
}

// once is exchange without a second try. With an error the answer is what is left of one that is none of the API's: its
// status.
func (c *client) once(ctx context.Context, r request, token string) (*answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.opts.Timeout, errors.New("no answer within "+c.opts.Timeout.String()))
	defer cancel()
	var body io.Reader
	if r.body != nil {
		b, err := json.Marshal(r.body)
		if err != nil {
			return nil, fmt.Errorf("smartermail: %s: %w", r.op, err)
		}
		body = bytes.NewReader(b)
	} else if r.method == http.MethodPost {
		body = strings.NewReader("{}")
	}
	req, err := http.NewRequestWithContext(ctx, r.method, c.base+r.path, body)
	if err != nil {
		return nil, c.broken(r, errors.New("the call cannot be made"))
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := c.http.Do(req) // net/http sends a POST again on its own only if nothing of it was sent
	if err != nil {
		return nil, c.broken(r, cause(ctx, err))
	}
	defer resp.Body.Close() // its error says nothing: all that is wanted was read
	raw, err := io.ReadAll(io.LimitReader(resp.Body, bodyMost+1))
	switch {
	case err != nil:
		return nil, c.broken(r, cause(ctx, err))
	case len(raw) > bodyMost:
		return &answer{status: resp.StatusCode}, c.broken(r, fmt.Errorf("the answer is longer than %d MB", bodyMost>>20))
	}
	a, err := parseAnswer(resp.StatusCode, raw)
	if err != nil && resp.StatusCode == http.StatusNotFound { // a build that does not know the call
		return &answer{status: resp.StatusCode}, nil
	}
	if err != nil {
		return &answer{status: resp.StatusCode}, c.broken(r, err)
	}
	return a, nil
}

// cause takes the URL out of a transport's error, and says why a context ended.
func cause(ctx context.Context, err error) error {
	if why := context.Cause(ctx); why != nil {
		return why
	}
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	var ne *net.OpError
	if errors.As(err, &ne) {
		return ne
	}
	return errors.New(plainText(err.Error()))
}

// broken is the error of a call that got no answer. What may have been done says so.
func (c *client) broken(r request, err error) error {
	if r.harmful && !unsent(err) {
		err = fmt.Errorf("%w: %w", backfill.ErrUncertain, err)
	}
	return &backfill.Error{Op: "api " + r.op, Host: c.host, Scope: backfill.HostScope, Patience: backfill.Later, Err: err}
}

// unsent tells whether there was not even a connection.
func unsent(err error) bool {
	var ne *net.OpError
	return errors.As(err, &ne) && ne.Op == "dial"
}

// call makes a call with a key, and reads its answer into out; nil is not read. A key that the server does not take any
// more is renewed once: then the call was not done.
func (c *client) call(ctx context.Context, k key, r request, out any) error {
	a, err := c.ask(ctx, k, r)
	if err != nil {
		return err
	}
	return c.settle(r, a, out)
}

// settle makes an error of an answer that is not well, and reads the others.
func (c *client) settle(r request, a *answer, out any) error {
	if !a.well() {
		return a.refusal(r.op, c.host, r.secrets...)
	}
	if err := a.into(out); err != nil {
		return &backfill.Error{Op: "api " + r.op, Host: c.host, Scope: backfill.HostScope, Patience: backfill.Later, Err: err}
	}
	return nil
}

// ask is call with the answer as it is.
func (c *client) ask(ctx context.Context, k key, r request) (*answer, error) {
	k, err := c.keys.resolve(ctx, k)
	if err != nil {
		return nil, err
	}
	for try := 0; ; try++ {
		token, err := c.keys.get(ctx, k)
		if err != nil {
			return nil, err
		}
		r := r
		r.secrets = append(r.secrets[:len(r.secrets):len(r.secrets)], token, c.opts.Secret)
		a, err := c.exchange(ctx, r, token)
		if err != nil {
			return nil, err
		}
		if a.status != http.StatusUnauthorized || try > 0 {
			if a.status == http.StatusForbidden || a.status == http.StatusUnauthorized {
				c.keys.drop(k, token)
			}
			return a, nil
		}
		c.keys.drop(k, token)
	}
}
