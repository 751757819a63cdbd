//go:build integration

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"crossfade/internal/testbed"
)

// soak is a move of many accounts with everything against it: the proxy and both servers are killed, connections are cut
// in the middle of a byte stream, and clients work meanwhile. The counts are for twenty accounts; fewer get their share.
type soak struct {
	seed               uint64
	accounts, messages int // of one round
	kills, cuts        int // to go

	killed, hit, cut int // done: kills, those of them that hit a move at work, cuts
	moved            int // messages compared at the end
	did              map[string]int
}

// Rounds are moves of mail of their own. There are at least four, and more if a move is over before its share of
// trouble has come.
const (
	soakRounds     = 4
	soakMostRounds = 30
)

// TestSoak wants nothing lost, nothing doubled and nothing altered after it all.
func TestSoak(t *testing.T) {
	t.Parallel()
	s := &soak{seed: uint64(number(t, "CROSSFADE_TEST_SEED", int(time.Now().UnixNano()))), did: map[string]int{},
		accounts: number(t, "CROSSFADE_TEST_ACCOUNTS", 3), messages: number(t, "CROSSFADE_TEST_MESSAGES", 150)}
	share := func(n int) int { return max(6, n*min(s.accounts, 20)/20) }
	s.kills, s.cuts = share(number(t, "CROSSFADE_TEST_KILLS", 20)), share(number(t, "CROSSFADE_TEST_CUTS", 20))
	rounds := soakRounds
	if s.accounts < 20 {
		rounds = 1
	}
	kills, cuts := (s.kills+rounds-1)/rounds, (s.cuts+rounds-1)/rounds
	t.Logf("seed %d: %d kills and %d cuts, rounds of %d accounts with %d messages each", s.seed, s.kills, s.cuts, s.accounts, s.messages)
	for i := 0; s.kills > 0 || s.cuts > 0; i++ {
		if i == soakMostRounds {
			t.Fatalf("after %d rounds %d kills and %d cuts are left", i, s.kills, s.cuts)
		}
		if i == rounds { // what is left comes upon a smaller move
			s.accounts = max(1, s.accounts/5)
		}
		if !t.Run(fmt.Sprintf("round-%d", i), func(t *testing.T) { s.round(t, i, min(kills, s.kills), min(cuts, s.cuts)) }) {
			return
		}
	}
	t.Logf("%d kills (%d while mail was moving) and %d cuts, %d messages compared; the clients did %v", s.killed, s.hit, s.cut, s.moved, s.did)
	if s.hit < s.killed/2 || s.did["acknowledged"] == 0 || s.killed >= 50 && s.did["unknown"] == 0 {
		t.Error("that proves too little")
	}
}

// number reads a count from the environment.
func number(t testing.TB, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q is no number", name, text)
	}
	return n
}

// round moves all accounts once.
func (s *soak) round(t *testing.T, i, kills, cuts int) {
	m := s.load(t, i)
	m.enrol(t, s.seed+uint64(i))
	stop := m.work(t)
	before := m.cuts()
	done := m.trouble(t, rand.New(rand.NewPCG(s.seed, uint64(i))), kills, cuts)
	cut := m.cuts() - before
	m.settleDown()
	stop()
	m.proxy.wantDone(t, 20*time.Minute)
	m.compare(t)
	s.kills, s.cuts = s.kills-done.killed, s.cuts-cut
	s.killed, s.hit, s.cut, s.moved = s.killed+done.killed, s.hit+done.hit, s.cut+cut, s.moved+m.count()
	m.tell(t, done, cut, s.did)
}

// load starts servers with mail of this round's own. Most rounds have a destination that takes messages one by one:
// there is more time to hit them.
func (s *soak) load(t *testing.T, i int) *move {
	t.Helper()
	env := []string{fmt.Sprintf("CROSSFADE_TEST_USERS=%d", s.accounts), "CROSSFADE_DEST_CAPABILITY=" + []string{
		"IMAP4rev1 SASL-IR ID ENABLE IDLE SPECIAL-USE LIST-EXTENDED CHILDREN NAMESPACE UIDPLUS MOVE UNSELECT",
		"IMAP4rev1 SASL-IR ID ENABLE IDLE SPECIAL-USE LIST-EXTENDED CHILDREN NAMESPACE UIDPLUS MOVE UNSELECT LITERAL+",
		"", // all that it has
	}[i%3]}
	m := &move{bed: testbed.Start(t, env, testbed.Source, testbed.Dest), accounts: make([]account, s.accounts)}
	folders := min(20, max(8, s.messages/20))
	m.each(t, func(n int, a *account) error {
		a.user = testbed.User(n)
		m.bed.Server(testbed.Source).FillFiles(t, a.user, "--seed", fmt.Sprint(s.seed%1000000+uint64(100*i+n)), "--folders", fmt.Sprint(folders),
			"--per-folder", fmt.Sprint(s.messages/folders), "--mean", "6000", "--most", "2000000")
		return a.see(m.bed.Server(testbed.Source).Addr)
	})
	return m
}
