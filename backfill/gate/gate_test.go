package gate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crossfade/store"
)

// ready is a state in which the old server may go.
func ready(now time.Time) State {
	return State{
		Time: now, Source: "old:993", Destination: "new:993",
		Accounts: []Account{{
			Name: "a@x.test", Listed: true, Folders: 3, Sourced: 2, Examined: 2, Done: 10, Source: 10,
			Verified: &store.Verified{OK: true, Ended: now.Add(-time.Hour), Folders: 3, Done: 10, Total: 10},
			Arrival:  now.Add(-15 * 24 * time.Hour), ArrivedIn: "INBOX",
		}},
		Refused: func(context.Context, func(Refused) error) error { return nil },
	}
}

func stays(kind, text string) *store.Left {
	return &store.Left{Items: []store.Leftover{{Kind: kind, Text: text}}}
}

// refusing gives these messages for those in quarantine.
func refusing(list ...Refused) func(context.Context, func(Refused) error) error {
	return func(_ context.Context, each func(Refused) error) error {
		for _, r := range list {
			if err := each(r); err != nil {
				return err
			}
		}
		return nil
	}
}

// TestConditions puts one thing in the way at a time: it is named, it says what to do, and nothing else is in the way.
func TestConditions(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		do   func(s *State, a *Account)
		opt  Options
		want string // the condition and its colour; "" if the gate opens
		item string
	}{
		{"all is well", func(*State, *Account) {}, Options{}, "", ""},
		{"nobody", func(s *State, _ *Account) { s.Accounts = nil }, Options{}, "accounts red", ""},
		{"not listed since the start", func(_ *State, a *Account) { a.Listed = false }, Options{}, "listed red", "not looked at"},
		{"no folders", func(_ *State, a *Account) { a.Folders, a.Sourced, a.Examined = 0, 0, 0 }, Options{}, "listed red", "no folder is known"},
		{"not listed whole", func(_ *State, a *Account) { a.Examined = 1 }, Options{}, "listed red", "1 of 2 folders not listed yet"},
		{"a rebuild", func(s *State, _ *Account) { s.Rebuilds = []Rebuild{{"b@x.test", "the state is lost", "matching"}} }, Options{}, "rebuild red", "b@x.test: the state is lost (matching)"},
		{"folders may be hidden", func(_ *State, a *Account) { a.Hidden = "only INBOX is shown" }, Options{}, "hidden red", "a@x.test: only INBOX is shown"},
		{"hidden folders are accepted", func(_ *State, a *Account) { a.Hidden = "only INBOX is shown" }, Options{Accept: []string{"hidden"}}, "", ""},
		{"an account has stopped", func(_ *State, a *Account) { a.Problems = []string{"full"} }, Options{}, "problems red", "a@x.test: full"},
		{"a folder has stopped", func(_ *State, a *Account) { a.Stopped = []Stopped{{"Sent", "gone"}} }, Options{}, "problems red", "a@x.test: Sent: gone"},
		{"held", func(s *State, a *Account) { s.Held, a.Paused = true, []string{"INBOX", "Sent"} }, Options{}, "held red", ""},
		{"paused", func(_ *State, a *Account) { a.Paused = []string{"Sent"} }, Options{}, "held red", "a@x.test: Sent"},
		{"archived mail", func(_ *State, a *Account) { a.Views = []View{{"[Gmail] / All Mail", 12, 2, true}} }, Options{}, "unfiled red", "a@x.test: [Gmail] / All Mail: 2 messages or more of 12"},
		{"perhaps archived mail", func(_ *State, a *Account) { a.Views = []View{{"[Gmail] / All Mail", 12, 0, true}} }, Options{}, "unfiled yellow", "a@x.test: [Gmail] / All Mail: whether all of its 12"},
		{"a view of a server without archived mail", func(_ *State, a *Account) { a.Views = []View{{"All", 10, 0, false}} }, Options{}, "", ""},
		{"not settled", func(_ *State, a *Account) { a.Unsettled, a.Native, a.Waits = 2, 1, "1 patience, 1 unseen" }, Options{}, "settled yellow", "a@x.test: 2 of 3 folders have not settled: 1 patience, 1 unseen"},
		{"an old name in use", func(_ *State, a *Account) { a.AliasUses, a.AliasUsed = 7, now.Add(-time.Hour) }, Options{}, "old names yellow", "a@x.test: 7 times, last on"},
		{"an old name in use, which is accepted", func(_ *State, a *Account) { a.AliasUsed, a.SpliceAccepted = now, true }, Options{}, "", ""},
		{"an old name long ago", func(_ *State, a *Account) { a.AliasUsed = now.Add(-31 * 24 * time.Hour) }, Options{}, "", ""},
		{"all are closed", func(s *State, _ *Account) { s.Accounts, s.Closed = nil, 2 }, Options{}, "", ""},
		{"not copied", func(_ *State, a *Account) { a.Left = 7 }, Options{}, "copied red", "7 messages to go"},
		{"under way", func(_ *State, a *Account) { a.Flights = []Flight{{"INBOX", 2}} }, Options{}, "in flight yellow", "INBOX: 2 messages"},
		{"refused", func(s *State, _ *Account) {
			s.Refused = refusing(Refused{"a@x.test", "INBOX", 5, "too_big", false, true})
		}, Options{}, "quarantine red", "UID 5: too_big (its bytes are saved here)"},
		{"refused and not saved", func(s *State, _ *Account) {
			s.Refused = refusing(Refused{"a@x.test", "INBOX", 5, "too_big", false, false})
		}, Options{}, "quarantine red", "on the old server only"},
		{"signed off", func(s *State, _ *Account) {
			s.Refused = refusing(Refused{"a@x.test", "INBOX", 5, "too_big", true, true})
		}, Options{}, "", ""},
		{"never compared", func(_ *State, a *Account) { a.Verified = nil }, Options{}, "verified red", "never compared"},
		{"did not agree", func(_ *State, a *Account) {
			a.Verified.OK, a.Verified.Bad, a.Verified.Problem = false, 1, "one missing"
		}, Options{}, "verified red", "1 of 3 folders did not agree on 2026-11-28 11:00 UTC: one missing"},
		{"compared long ago", func(_ *State, a *Account) { a.Verified.Ended = now.Add(-25 * time.Hour) }, Options{}, "verified yellow", "last on 2026-11-27"},
		{"that is new enough", func(_ *State, a *Account) { a.Verified.Ended = now.Add(-25 * time.Hour) }, Options{MaxAge: 48 * time.Hour}, "", ""},
		{"more than compared", func(_ *State, a *Account) { a.Source, a.Done = 12, 12 }, Options{}, "verified yellow", "10 messages then, 12 now"},
		{"mail arrives", func(_ *State, a *Account) { a.Arrival = now.Add(-time.Hour) }, Options{}, "arrivals yellow", "last on 2026-11-28 11:00 UTC, in INBOX"},
		{"long enough ago", func(_ *State, a *Account) { a.Arrival = now.Add(-3 * time.Hour) }, Options{Quiet: 2 * time.Hour}, "", ""},
		{"accepted", func(_ *State, a *Account) { a.Arrival = now }, Options{Accept: []string{"arrivals"}}, "", ""},
		{"a folder that would be emptied", func(_ *State, a *Account) { a.Cleaned = []Stopped{{"Trash", "after 30 days"}} }, Options{}, "auto-clean red", "a@x.test: Trash: after 30 days"},
		{"a filter forwards", func(_ *State, a *Account) { a.Stays = stays("redirect", "to b@y.test") }, Options{}, "forwards yellow", "a@x.test: to b@y.test"},
		{"a filter answers", func(_ *State, a *Account) { a.Stays = stays("vacation", "away") }, Options{}, "forwards yellow", "a@x.test: away"},
		{"forwards are set up", func(_ *State, a *Account) { a.Stays = stays("redirect", "to b@y.test") }, Options{Accept: []string{"forwards"}}, "", ""},
		{"a shared folder", func(_ *State, a *Account) { a.Stays = stays("shared", "with b@x.test") }, Options{}, "left behind yellow", "a@x.test: with b@x.test"},
		{"what could not be looked at", func(_ *State, a *Account) { a.Stays = stays("unseen", "filters") }, Options{}, "", ""},
		{"shared folders are set up", func(_ *State, a *Account) { a.Stays = stays("shared", "") }, Options{Accept: []string{"left behind"}}, "", ""},
		{"never came", func(_ *State, a *Account) { a.NeverCame = true }, Options{}, "never came yellow", "a@x.test"},
		{"clients are here", func(_ *State, a *Account) { a.Sessions = 3 }, Options{}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := ready(now)
			c.do(&s, &s.Accounts[0])
			r, err := Ask(t.Context(), s, c.opt)
			if err != nil {
				t.Fatal(err)
			}
			var got, items []string
			for _, k := range r.Conditions {
				if k.Text == "" || k.Colour != Green && k.Do == "" {
					t.Errorf("a line that says nothing, or not what to do: %+v", k)
				}
				if k.Colour != Green && !k.Accepted {
					got, items = append(got, k.Name+" "+string(k.Colour)), append(items, k.Items...)
				}
			}
			if strings.Join(got, ", ") != c.want || (r.Colour == Green) != (c.want == "") {
				t.Errorf("%s: %q, want %q", r.Colour, got, c.want)
			}
			if !strings.Contains(strings.Join(items, "\n"), c.item) {
				t.Errorf("no %q in %q", c.item, items)
			}
		})
	}
}

// TestConditionNamesSoMany: what is named is bounded, what is counted is not.
func TestConditionNamesSoMany(t *testing.T) {
	s := ready(time.Now())
	for i := range 50 {
		s.Accounts[0].Stopped = append(s.Accounts[0].Stopped, Stopped{fmt.Sprint(i), "gone"})
	}
	r, err := Ask(t.Context(), s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(r.Conditions, func(c Condition) bool { return c.Name == "problems" })
	if c := r.Conditions[i]; len(c.Items) != namedItems || c.More != 50-namedItems || !strings.HasPrefix(c.Text, "50 ") {
		t.Errorf("%d named, %d more: %s", len(c.Items), c.More, c.Text)
	}
}

// TestAskFails: a question that cannot be answered has no colour that could be mistaken for an answer.
func TestAskFails(t *testing.T) {
	broken := errors.New("broken")
	s := ready(time.Now())
	if _, err := Ask(t.Context(), s, Options{Accept: []string{"everything"}}); err == nil {
		t.Error("a condition that is none was accepted")
	}
	s.Refused = func(context.Context, func(Refused) error) error { return broken }
	if _, err := Ask(t.Context(), s, Options{}); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Ask(ctx, ready(time.Now()), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
