package imap

import (
	"context"
	"strings"
	"testing"

	"crossfade/backfill"
	"crossfade/mapping"
	"crossfade/proxy"
)

// TestSwitchedSendsAway: whoever has a mailbox selected that gets other numbers is sent away at once, others are not.
func TestSwitchedSendsAway(t *testing.T) {
	a := standard()
	addr := start(t, a, nil)
	waiting, idling, elsewhere := client(t, addr, true), client(t, addr, true), client(t, addr, true)
	idling.send("i IDLE\r\n")
	idling.line()
	elsewhere.send("s SELECT Sent\r\n")
	for !strings.HasPrefix(elsewhere.line(), "s OK") {
	}
	a.boxes["INBOX"].renew()
	for name, k := range map[string]*talker{"waiting": waiting, "idling": idling} {
		if got := k.line(); got != byeSwitched {
			t.Errorf("%s: %q", name, got)
		}
		if got := k.line(); got != "EOF" {
			t.Errorf("%s: %q after the BYE", name, got)
		}
	}
	elsewhere.send("n NOOP\r\n")
	if got := elsewhere.line(); !strings.HasPrefix(got, "n OK") {
		t.Errorf("who has another mailbox selected got %q", got)
	}
}

// renewing is a mailbox that gets other numbers in the middle of a STORE, which fails or not.
type renewing struct {
	*fakeMailbox
	err error
}

func (b *renewing) Store(context.Context, []uint32, backfill.FlagOp, mapping.Flags) error {
	b.renew()
	return b.err
}

type renewingSession struct {
	fakeSession
	err error
}

func (s renewingSession) Open(ctx context.Context, name string, ro bool) (proxy.Mailbox, error) {
	box, err := s.fakeSession.Open(ctx, name, ro)
	return &renewing{box.(*fakeMailbox), s.err}, err
}

// TestSwitchedInACommand: what was done is said to be done before the BYE, what was not is not answered, and a command
// that was sent after it is not run.
func TestSwitchedInACommand(t *testing.T) {
	for _, err := range []error{nil, backfill.ErrSwitched} {
		a := standard()
		addr := start(t, a, func(o *Options) {
			o.Login = func(context.Context, string, string) (proxy.Session, error) {
				return renewingSession{fakeSession{a}, err}, nil
			}
		})
		k := client(t, addr, true)
		k.send("a STORE 1 +FLAGS.SILENT (\\Flagged)\r\nb UID EXPUNGE 1:*\r\n")
		var got []string
		for line := ""; line != "EOF"; {
			line = k.line()
			got = append(got, line)
		}
		want := "* BYE"
		if err == nil {
			want = "a OK STORE completed* BYE"
		}
		if all := strings.Join(got, ""); !strings.HasPrefix(all, want) || strings.Contains(all, "b ") {
			t.Errorf("%v: %q", err, got)
		}
	}
}
