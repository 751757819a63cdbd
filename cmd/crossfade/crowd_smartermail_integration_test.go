//go:build integration

package main

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"crossfade/internal/faults"
	"crossfade/internal/standin"
)

// TestCrowdOfSmarterMail: clients work at random while the mail moves to a stand-in for SmarterMail, under rows of its
// switches in which any two positions meet, and both servers are restarted at random. What was taken is there, once.
// CROSSFADE_TEST_SWITCHES is how many rows there are for such tests: half of it are used here.
func TestCrowdOfSmarterMail(t *testing.T) {
	t.Parallel()
	all := standin.IMAPSwitches()
	rows := standin.Pairs(all)
	for _, row := range rows[:min(crowdCount("CROSSFADE_TEST_SWITCHES", 12)/2, len(rows))] {
		o, name := standin.Apply(all, row)
		t.Run(name, func(t *testing.T) { smarterCrowd(t, o) })
	}
}

func smarterCrowd(t *testing.T, o standin.Options) {
	old, fresh := faults.Start(t, faults.Quirks{}), standin.Start(t, o)
	fresh.Directory.AddDomain(standin.Domain{Name: "example.test"})
	users := make([]*crowdUser, 2)
	for i := range users {
		u := &crowdUser{name: fmt.Sprintf("user%d@example.test", i), pass: "secret", must: map[string]bool{}, may: map[string]bool{}}
		fresh.Directory.AddMailbox(standin.Mailbox{Email: u.name, Password: u.pass, Locale: o.Locale})
		u.above = func() (subjects []string) {
			for _, m := range fresh.IMAP.Account(u.name).Messages("INBOX") {
				subjects = append(subjects, crowdSubject(string(m.Body)))
			}
			return subjects
		}
		before := old.Account(u.name, u.pass)
		for range 8 {
			subject, text := u.letter()
			before.Add("INBOX", faults.Message{Body: []byte(text), Date: time.Unix(1500000000, 0)})
			u.must[subject] = true
		}
		users[i] = u
	}
	addr, stop := runCrowd(t, old, fresh.IMAP.Server)
	const sessions = 4
	leave := crowdWorks(users, sessions, addr)
	for _, s := range []*faults.Server{old, fresh.IMAP.Server, fresh.IMAP.Server} {
		time.Sleep(time.Duration(500+rand.IntN(500)) * time.Millisecond)
		if err := s.Restart(); err != nil {
			t.Fatal(err)
		}
	}
	crowdTook(t, users, sessions)
	leave()
	for _, u := range users {
		u.settled(t, addr)
	}
	stop()
}
