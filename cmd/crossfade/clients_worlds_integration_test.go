//go:build integration

package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"crossfade/internal/testbed"
)

// worlds are accounts with equal mail, one for each program and state, behind one proxy.
type worlds struct {
	source, dest *testbed.Server
	p            *proxyProcess
	programs     []program
	dir          string
	before       map[string]testbed.Snapshot // of the source, by user
	runs         [][states]sitting           // by program
}

func (w *worlds) user(program, state int) string { return testbed.User(10*program + state) }
func (w *worlds) home(program, state int) string {
	return filepath.Join(w.dir, w.programs[program].name, fmt.Sprint(state))
}

// users are all that are in one of these states.
func (w *worlds) users(in ...int) (out []string) {
	for p := range w.programs {
		for _, state := range in {
			out = append(out, w.user(p, state))
		}
	}
	return out
}

// newWorlds fills the source and starts the proxy, which copies nothing yet.
func newWorlds(t *testing.T, programs ...program) *worlds {
	bed := testbed.Start(t, []string{"CROSSFADE_DEST_FSYNC=never"}, testbed.Source, testbed.Dest)
	w := &worlds{source: bed.Server(testbed.Source), dest: bed.Server(testbed.Dest), programs: programs, dir: t.TempDir(),
		before: map[string]testbed.Snapshot{}, runs: make([][states]sitting, len(programs))}
	// One mailbox is made and the others are copies: the same UIDs, the same order.
	mail := func(user string) string { return filepath.Join(bed.Dir, testbed.Source, "mail", user, "Maildir") }
	like := func(first string, users []string) {
		for _, user := range users {
			if out, err := runClient(nil, "sh", "-c", `rm -rf "$2" && cp -a "$1" "$2"`, "sh", mail(first), mail(user)); err != nil {
				t.Fatalf("%s %v", out, err)
			}
		}
	}
	first := w.user(0, isDirect)
	w.source.FillFiles(t, first, fillShape("1")...)
	snapshotOf(t, w.source.Addr, first) // gives UIDs, so that all have the same
	like(first, w.users(isHalf))
	w.source.Fill(t, first, fillShape("2")...)
	like(first, append(w.users(isDirect)[1:], w.users(isBlended, isSettled, isSpliced)...))
	w.p = newProxy(t, bed, "--hold-backfill", "--settle-after", "never")
	w.p.start(t)
	for _, user := range w.users(isDirect, isBlended, isHalf, isSettled, isSpliced) {
		enrolAs(t, w.p.imap, user)
	}
	return w
}

// fillShape is half of a mailbox.
func fillShape(seed string) []string {
	return []string{"--seed", seed, "--folders", "7", "--per-folder", "5", "--mean", "3000", "--most", "60000", "--names", "intl"}
}

// copied waits until all of these users' mail is.
func (w *worlds) copied(t *testing.T, users ...string) {
	t.Helper()
	var left []string
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		left = nil
		for _, a := range w.p.report(t).Accounts {
			if slices.Contains(users, a.Account) && !a.Done {
				left = append(left, a.Account)
			}
		}
		if len(left) == 0 {
			return
		}
	}
	t.Fatalf("not copied: %v\n%s", left, w.p.said)
}

// halve stops the copying and has the other half of the mail arrive on the source.
func (w *worlds) halve(t *testing.T) {
	t.Helper()
	crossfade(t, w.p, "hold")
	for _, user := range w.users(isHalf) {
		w.source.Fill(t, user, fillShape("2")...)
		want := snapshotOf(t, w.source.Addr, user).Count()
		got := 0
		for end := time.Now().Add(time.Minute); time.Now().Before(end) && got != want; time.Sleep(200 * time.Millisecond) {
			got = snapshotOf(t, w.p.imap, user).Count()
		}
		if above := snapshotOf(t, w.dest.Addr, user).Count(); got != want || above == 0 || above > want*2/3 {
			t.Fatalf("%s sees %d messages of %d, %d are copied", user, got, want, above)
		}
	}
}
