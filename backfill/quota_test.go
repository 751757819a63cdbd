package backfill

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/emersion/go-imap/v2"
)

// limited is a server that offers quotas and special uses.
type limited struct {
	*fakeServer
	quotas []Quota
}

func (s *limited) Login(ctx context.Context, user, secret string) (Mail, error) {
	if _, err := s.fakeServer.Login(ctx, user, secret); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *limited) Features() Features {
	f := s.fakeServer.Features()
	f.Caps = imap.CapSet{"QUOTA": {}, "CREATE-SPECIAL-USE": {}}
	return f
}

func (s *limited) Quota(_ context.Context, box string) ([]Quota, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.boxes[box] == nil {
		return nil, s.err("GETQUOTAROOT", "NONEXISTENT", FolderScope)
	}
	return slices.Clone(s.quotas), nil
}

func (s *limited) CreateUse(ctx context.Context, box string, use []string) error {
	if err := s.Create(ctx, box); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.boxes[box].attrs = use
	return nil
}

func (s *limited) Server(context.Context) (string, error)             { return "", nil }
func (s *limited) Namespaces(context.Context) (string, error)         { return "", nil }
func (s *limited) AppendLimit(context.Context, string) (int64, error) { return 0, nil }
func (s *limited) Connections(context.Context, int) (int, error)      { return 0, nil }

// TestQuotaCountsWhatIsToCome: mail that is still on the source counts as used, and a server without quotas has none.
func TestQuotaCountsWhatIsToCome(t *testing.T) {
	b := newBed(t)
	many(b.src.boxes["INBOX"], 10)
	b.start(true)
	s := b.login()
	if got, err := s.Quotas(t.Context(), "INBOX"); err != nil || len(got) > 0 {
		t.Fatalf("%+v %v", got, err)
	}

	b = newBed(t)
	many(b.src.boxes["INBOX"], 10)
	size := 0
	for _, m := range b.src.boxes["INBOX"].msgs {
		size += len(m.body)
	}
	quotas := []Quota{{Root: "user", Resource: "STORAGE", Used: 1000, Limit: 1 << 20}, {Root: "user", Resource: "MESSAGE", Used: 3, Limit: 100}, {Root: "user", Resource: "X-NUM", Used: 1, Limit: 2}}
	b.opt = func(o *Options) { o.Destination = &limited{b.dst, quotas} }
	b.start(true)
	s = b.login()
	must(t, b.open(s, "INBOX").f.learnDetails(t.Context()))
	want := []Quota{{"user", "STORAGE", 1000 + int64(size), 1 << 20}, {"user", "MESSAGE", 13, 100}, {"user", "X-NUM", 1, 2}}
	for _, name := range []string{"INBOX", "Kunden", "INBOX.Kunden"} { // Kunden is on the source only
		if got, err := s.Quotas(t.Context(), name); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %+v %v, want %+v", name, got, err, want)
		}
	}
	if _, err := s.Quotas(t.Context(), "nowhere"); !errors.Is(err, ErrNoFolder) {
		t.Error(err)
	}
}

// TestCreateUse: a folder with a special use is made where the destination can, and never a second one of a role.
func TestCreateUse(t *testing.T) {
	use := func(s *Session, name, attr string) string {
		err := s.CreateUse(t.Context(), name, []string{attr})
		var r *Refusal
		switch {
		case errors.As(err, &r):
			return r.Code
		case err != nil:
			return err.Error()
		}
		return ""
	}
	b := newBed(t)
	b.start(true)
	if got := use(b.login(), "Old", `\Archive`); got != "USEATTR" || b.dst.boxes["Old"] != nil {
		t.Errorf("a server that cannot: %q", got)
	}
	b = newBed(t)
	b.opt = func(o *Options) { o.Destination = &limited{fakeServer: b.dst} }
	b.start(true)
	s := b.login()
	for _, c := range []struct{ name, attr, want string }{
		{"Old", `\Archive`, ""}, {"Older", `\Archive`, "USEATTR"}, {"Old", `\Junk`, "ALREADYEXISTS"}, {"All", `\All`, ""}, {"All too", `\all`, "USEATTR"},
	} {
		if got := use(s, c.name, c.attr); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.name, c.attr, got, c.want)
		}
	}
	if got := b.dst.boxes["Old"]; got == nil || !slices.Equal(got.attrs, []string{`\Archive`}) || b.dst.boxes["Older"] != nil {
		t.Errorf("%+v", got)
	}
}
