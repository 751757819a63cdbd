package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"crossfade/store"
	"crossfade/store/memory"
)

// town is a server with several users, each a fakeServer with a password of its own.
type town struct {
	host    string
	mu      sync.Mutex
	users   map[string]*fakeServer
	off     bool     // it cannot be reached
	failed  []string // logins that were refused
	entered int
	slow    time.Duration // what a login takes
	veil    *veil         // what the master is shown; nil: everything
}

func newTown(host string, users ...string) *town {
	s := &town{host: host, users: map[string]*fakeServer{}}
	for _, u := range users {
		name, secret, _ := strings.Cut(u, ":")
		s.add(name, secret)
	}
	return s
}

func (s *town) add(name, secret string) *fakeServer {
	box := newFake(s.host, "/", 100)
	box.secret = secret
	s.users[canonical(name)] = box
	return box
}

func (s *town) Host() string { return s.host }

func (s *town) Login(ctx context.Context, user, secret string) (Mail, error) {
	return s.LoginAs(ctx, Credentials{User: user, Secret: secret})
}

// LoginAs implements ActsFor: the user "master" may open everybody's mailbox.
func (s *town) LoginAs(ctx context.Context, c Credentials) (Mail, error) {
	if s.slow > 0 {
		time.Sleep(s.slow)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	box := s.users[canonical(c.User)]
	whose := box
	if c.As != "" && c.User == "master" {
		whose = s.users[canonical(c.As)]
	}
	switch {
	case s.off:
		return nil, &Error{Op: "login", Host: s.host, Scope: HostScope, Patience: Later, Text: "down"}
	case box == nil || whose == nil || box.secret != c.Secret:
		s.failed = append(s.failed, c.User)
		return nil, &Error{Op: "login", Host: s.host, Scope: AccountScope, Patience: Never, Code: "AUTHENTICATIONFAILED"}
	}
	s.entered++
	if s.veil != nil && whose != box {
		return &veiled{whose, s.veil}, nil
	}
	return whose, nil
}

func (s *town) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// office is a town with an administrator's interface.
type office struct {
	*town
	api    error // what everything is answered with
	made   []NewMailbox
	set    []string // mailboxes that were given a password
	info   map[string]MailboxInfo
	refuse error                        // what Create and SetPassword are answered with
	before func(what string)            // called before they do anything
	after  func(what string) (no error) // called when it is done and nobody knows yet
}

func newOffice(host string, users ...string) *office {
	return &office{town: newTown(host, users...), info: map[string]MailboxInfo{}}
}

func (o *office) Mailbox(_ context.Context, login string) (MailboxInfo, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.api != nil:
		return MailboxInfo{}, o.api
	case strings.HasPrefix(login, "list@"):
		return MailboxInfo{}, &Error{Op: "look", Host: o.host, Scope: AccountScope, Patience: Never, Code: CodeAlias, Text: "it is a list"}
	case o.users[canonical(login)] == nil:
		return MailboxInfo{}, ErrNoMailbox
	}
	return o.info[login], nil
}

func (o *office) Create(_ context.Context, m NewMailbox) error {
	return o.do("create", func() error {
		if o.users[canonical(m.Login)] != nil {
			return o.no(CodeInUse)
		}
		o.add(m.Login, m.Secret)
		o.made = append(o.made, m)
		return nil
	})
}

func (o *office) SetPassword(_ context.Context, login, secret string) error {
	return o.do("set", func() error {
		o.users[canonical(login)].secret = secret
		o.set = append(o.set, login)
		return nil
	})
}

func (o *office) do(what string, f func() error) error {
	if o.before != nil {
		o.before(what)
	}
	o.mu.Lock()
	err := o.api
	if err == nil {
		err = o.refuse
	}
	if err == nil {
		err = f()
	}
	o.mu.Unlock()
	if err == nil && o.after != nil {
		err = o.after(what)
	}
	return err
}

func (o *office) no(code string) error {
	return &Error{Op: "create", Host: o.host, Scope: AccountScope, Patience: Never, Code: code, Text: "no: " + code}
}

func (o *office) lost() error {
	return &Error{Op: "create", Host: o.host, Scope: HostScope, Patience: Later, Err: errors.New("cut")}
}

// loginBed is an engine between a town and an office.
type loginBed struct {
	t   testing.TB
	src *town
	dst *office
	opt Options
	kv  store.KV
	e   *Engine

	plain bool    // the destination has no administrator's interface
	lists *lister // it can list its mailboxes
}

func newLoginBed(t testing.TB, mode LoginMode) *loginBed {
	b := &loginBed{t: t, src: newTown("old", "ann@x.example:right", "bob@x.example:bobs"), dst: newOffice("new"), kv: memory.New()}
	b.opt = Options{Mode: mode, Hold: true}
	b.open()
	t.Cleanup(func() { b.shut() })
	return b
}

// open starts an engine over the state.
func (b *loginBed) open() {
	b.t.Helper()
	st, err := store.Open(b.kv)
	if err == nil {
		opt := b.opt
		opt.Store, opt.Source, opt.Destination = st, b.src, Driver(b.dst)
		if b.plain {
			opt.Destination = b.dst.town
		}
		if b.lists != nil {
			opt.Destination = b.lists
		}
		b.e, err = New(opt)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *loginBed) shut() {
	if err := b.e.Close(); err != nil {
		b.t.Error(err)
	}
}

func (b *loginBed) again() { b.shut(); b.open() }

// try logs in and tells how that ended: "in", a response code, or "down".
func (b *loginBed) try(name, secret string) string {
	s, err := b.e.Login(b.t.Context(), name, secret)
	var refusal *Refusal
	var e *Error
	switch {
	case err == nil:
		if err := s.Close(); err != nil {
			b.t.Error(err)
		}
		b.e.lapse(s.a)
		return "in"
	case errors.As(err, &refusal):
		if strings.Contains(err.Error(), secret) {
			b.t.Errorf("a password in an error: %v", err)
		}
		return refusal.Code
	case IsUnavailable(err):
		return "down"
	case errors.As(err, &e):
		return e.Code
	}
	return err.Error()
}

// lapse has the next login asked about, as after a minute.
func (e *Engine) lapse(a *account) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.provenAt = time.Time{}
}

// want is the kind of what the admin is told of an account; "" if nothing.
func (b *loginBed) want() string {
	var kinds []string
	for _, n := range b.e.Waiting() {
		kinds = append(kinds, n.Kind)
	}
	return strings.Join(kinds, " ")
}

func (b *loginBed) records() (recs []store.Account) {
	b.t.Helper()
	must(b.t.(tester), b.e.store.View(func(rx *store.Rx) (err error) { recs, err = rx.Accounts(); return err }))
	return recs
}

// passwords are those of the destination's mailboxes.
func (b *loginBed) passwords() string {
	b.dst.mu.Lock()
	defer b.dst.mu.Unlock()
	var out []string
	for name, box := range b.dst.users {
		out = append(out, fmt.Sprintf("%s:%s", name, box.secret))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}
