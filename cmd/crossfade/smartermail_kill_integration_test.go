//go:build integration

package main

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"crossfade/internal/faults"
	"crossfade/internal/imapwire"
	"crossfade/internal/standin"
	"crossfade/internal/syncwatch"
	"crossfade/internal/testbed"
	"crossfade/mapping/names"
)

// TestKilledBeforeSmarterMail: users of a real Dovecot log in for the first time and their mail moves to a stand-in for
// SmarterMail, under rows of its switches in which any two positions meet, and the proxy is killed again and again: while the
// mailbox is being made, at random moments, before and after the new server has done what it was asked, and behind chosen
// writes of the journal. There is one mailbox, with the user's password; every message is there once, unaltered, with what
// the switches leave of its flags; what was seen there once has never gone; and no login failed on the new server.
//
// CROSSFADE_TEST_SWITCHES is how many rows there are for such tests: a quarter of it is used here. CROSSFADE_TEST_KILLS/5 is
// how often each is killed, 20 times at most.
func TestKilledBeforeSmarterMail(t *testing.T) {
	t.Parallel()
	all := standin.IMAPSwitches()
	rows := standin.Pairs(all)
	rows = rows[:min(max(1, number(t, "CROSSFADE_TEST_SWITCHES", 12)/4), len(rows))]
	kills := min(20, max(4, number(t, "CROSSFADE_TEST_KILLS", 20)/5))
	seed := uint64(number(t, "CROSSFADE_TEST_SEED", int(time.Now().UnixNano())))
	t.Logf("seed %d: %d rows, %d kills each", seed, len(rows), kills)
	bed := testbed.Start(t, nil, testbed.Source)
	var killed, hit, moved atomic.Int64
	t.Run("rows", func(t *testing.T) {
		for i, row := range rows {
			o, name := standin.Apply(all, row)
			t.Run(fmt.Sprint(i, " ", name), func(t *testing.T) {
				t.Parallel()
				r := newKilledRow(t, bed, i, o, rand.New(rand.NewPCG(seed, uint64(i))), kills)
				r.enter()
				for k := range kills {
					r.die(k)
					killed.Add(1)
					if r.again() {
						hit.Add(1)
					}
				}
				moved.Add(int64(r.compare()))
			})
		}
	})
	t.Logf("%d kills, %d while mail was moving; %d messages compared", killed.Load(), hit.Load(), moved.Load())
	if hit.Load() < killed.Load()/2 {
		t.Error("that proves too little")
	}
}

// killedRow is one user who moves under one row of switches.
type killedRow struct {
	t      *testing.T
	n      int
	o      standin.Options
	random *rand.Rand
	user   string
	source *testbed.Server
	before testbed.Snapshot
	dest   *standin.Server
	proxy  *proxyProcess
	seen   map[string]string // what was ever on the new server: folder and UID to bytes
}

func newKilledRow(t *testing.T, bed *testbed.Bed, n int, o standin.Options, random *rand.Rand, kills int) *killedRow {
	t.Helper()
	r := &killedRow{t: t, n: n, o: o, random: random, user: testbed.User(n), source: bed.Server(testbed.Source), seen: map[string]string{}}
	r.source.FillFiles(t, r.user, "--seed", fmt.Sprint(n), "--names", "plain", "--folders", "8", "--per-folder", fmt.Sprint(15+5*kills), "--mean", "6000")
	r.before = snapshotOf(t, r.source.Addr, r.user)
	r.o.IDS.Rules = []standin.IDSRule{{Failures: 2, Within: time.Hour, Block: time.Hour}} // nothing may fail here
	r.o.API.OldPaths, r.o.API.Blank = n%3 == 1, n%2 == 1
	if n%2 == 1 {
		r.o.IMAP.Stall = 2 * time.Second
	}
	r.dest = standin.Start(t, r.o)
	r.dest.Directory.AddDomain(standin.Domain{Name: "example.test"})
	password := filepath.Join(t.TempDir(), "api-password")
	if err := os.WriteFile(password, []byte("admin-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.proxy = proxyBetween(t, bed, r.source.PlainURL(), faults.NewRelay(t, r.dest.IMAP.Addr, 8*time.Millisecond).URL(), "--destination-api", r.dest.API.URL,
		"--destination-api-user", "admin", "--destination-api-password-file", password, "--login-mode", "capture", "--auto-clean", "copy",
		"--mailbox-language", cmp.Or(o.Locale, "en"))
	return r
}

// enter is the first login, during which the proxy is killed at one of several moments; the user's program tries again.
func (r *killedRow) enter() {
	r.t.Helper()
	moments := deathsInLogin(r.dest)
	moment := moments[r.n%len(moments)]
	r.proxy.start(r.t)
	dies, died := r.proxy.mortal()
	moment.arm(dies)
	said, err := tryLogin(r.t.Context(), netip.MustParseAddr("127.0.0.1"), r.proxy.imap, r.user, testbed.Pass)
	select {
	case <-died:
	default:
		r.t.Fatalf("killed %s: it was not; the login was told %q, %v", moment.name, said, err)
	}
	r.dest.IMAP.Unscript()
	r.proxy.kill()
	r.proxy.start(r.t)
	if err := (&firstUser{login: r.user, secret: testbed.Pass}).enter(r.t.Context(), r.proxy.imap, 0); err != nil {
		r.t.Fatalf("killed %s: %v\n%s", moment.name, err, r.proxy.said)
	}
}

// mortal returns what kills the proxy as it runs now, from any goroutine, and what tells that it did.
func (p *proxyProcess) mortal() (dies func(), died chan struct{}) {
	process, died := p.cmd.Process, make(chan struct{})
	var once atomic.Bool
	return func() {
		if once.CompareAndSwap(false, true) {
			_ = process.Kill()
			close(died)
		}
	}, died
}

// death is a moment at which the proxy can be killed.
type death struct {
	name string
	arm  func(dies func())
}

// deathsInLogin are the moments of a first login: what the new server was asked has been done or not, and nobody learns of it.
func deathsInLogin(s *standin.Server) []death {
	api := func(f standin.Fault) func(func()) {
		return func(dies func()) { f.Times, f.Do = 1, dies; s.API.Break(f) }
	}
	login := func(cut faults.Cut) func(func()) {
		return func(dies func()) {
			s.IMAP.Script(faults.Rule{Match: func(c faults.Command) bool { return c.Name == "LOGIN" || c.Name == "AUTHENTICATE" }, Nth: 1, Do: dies, Cut: cut})
		}
	}
	return []death{
		{"between the intent and the call", api(standin.Fault{Path: "user-put", Status: 503})},
		{"when the mailbox was made and nobody knew", api(standin.Fault{Path: "user-put", After: true})},
		{"when the mailbox was known and not opened", login(faults.CutBefore)},
		{"when the mailbox was opened and not noted", login(faults.CutAfter)},
		{"before the intent", api(standin.Fault{Path: "account-list-search", Status: 503})},
	}
}

// die kills the proxy in the move's k-th way.
func (r *killedRow) die(k int) {
	r.t.Helper()
	on := func(command string, cut faults.Cut) {
		dies, died := r.proxy.mortal()
		r.dest.IMAP.Script(faults.Rule{On: command, Nth: 1 + r.random.IntN(8), Do: dies, Cut: cut})
		select {
		case <-died:
		case <-time.After(5 * time.Second): // there is no such command any more
		}
		r.dest.IMAP.Unscript()
		r.proxy.kill()
	}
	switch (r.n + k) % 6 {
	case 0:
		on("APPEND", faults.CutBefore)
	case 1:
		on("APPEND", faults.CutAfter)
	case 2:
		time.Sleep(time.Duration(r.random.Int64N(int64(400 * time.Millisecond))))
		r.proxy.kill()
	case 3:
		r.proxy.kill()
		r.proxy.dieAtSync(r.t, 1+r.random.IntN(80))
	case 4:
		on("UID STORE", faults.CutAfter)
	case 5:
		on("CREATE", faults.CutAfter)
	}
}

// again starts the proxy after a kill, notes what is on the new server, and tells whether mail is still to be moved.
func (r *killedRow) again() bool {
	r.t.Helper()
	for name, f := range r.above().Folders {
		for uid, m := range f.Messages {
			if was := r.seen[fmt.Sprint(name, " ", uid)]; was != "" && was != m.Sum {
				r.t.Errorf("%q: UID %d is another message now", name, uid)
			}
			r.seen[fmt.Sprint(name, " ", uid)] = m.Sum
		}
	}
	r.proxy.start(r.t)
	return !r.proxy.report(r.t).Done
}

// above is what the new server holds in truth, past the wire.
func (r *killedRow) above() testbed.Snapshot {
	s := testbed.Snapshot{Folders: map[string]testbed.Folder{}}
	account := r.dest.IMAP.Account(r.user)
	for _, name := range account.Mailboxes() {
		f := testbed.Folder{Messages: map[uint32]testbed.Message{}}
		for _, m := range account.Messages(name) {
			flags := strings.Fields(strings.ToLower(strings.Join(m.Flags, " ")))
			slices.Sort(flags)
			f.Messages[m.UID] = testbed.Message{Flags: strings.Join(flags, " "), Date: m.Date.Unix(), Size: len(m.Body), Sum: fmt.Sprintf("%x", sha256.Sum256(m.Body))}
		}
		s.Folders[name] = f
	}
	return s
}

// lands is the new server's name for a folder of the old one.
func (r *killedRow) lands(there testbed.Snapshot) func(string) string {
	separator := cmp.Or(r.o.IMAP.Separator, "/")
	return func(name string) string {
		name = strings.TrimPrefix(name, "INBOX.")
		english := map[string]string{"Drafts": "Drafts", "Sent": "Sent Items", "Trash": "Deleted Items", "Spam": "Junk E-Mail"}[name]
		for _, f := range standin.DefaultFolders(r.o.Locale) {
			if _, ok := there.Folders[f.Name]; f.English == english && ok {
				return f.Name
			}
		}
		if english != "" { // of a language that the other names do not tell it is made in English
			return english
		}
		path := strings.Split(name, ".")
		if title := imapwire.EncodeMailbox(names.Title(names.Archive, r.o.Locale)); path[0] == "Archive" && title != "" {
			if _, ok := there.Folders[title]; ok {
				path[0] = title
			}
		}
		return strings.Join(path, separator)
	}
}

// compare waits for the end of the move and holds both sides against each other. It returns how many messages there were.
func (r *killedRow) compare() int {
	t := r.t
	t.Helper()
	total := r.before.Count()
	refused := r.proxy.doneWithRefusals(t, total)
	above := r.above()
	for at, sum := range r.seen {
		var uid uint32
		i := strings.LastIndexByte(at, ' ')
		if _, err := fmt.Sscan(at[i+1:], &uid); err != nil {
			t.Fatal(err)
		}
		if got := above.Folders[at[:i]].Messages[uid].Sum; got != sum {
			t.Errorf("%s was %s, and is %q", at, sum, got)
		}
	}
	o := testbed.CompareOptions{Map: r.lands(above), IgnoreFlags: r.o.IMAP.Keywords == standin.KeywordsNone}
	if !r.o.IMAP.Arrival {
		if bad := testbed.Compare(r.before, snapshotOf(t, r.proxy.imap, r.user), o); bad != nil {
			t.Errorf("through the proxy:\n%s", strings.Join(bad, "\n"))
		}
	}
	if bad := r.before.Diff(snapshotOf(t, r.source.Addr, r.user)); bad != nil {
		t.Errorf("the source was changed:\n%s", strings.Join(bad, "\n"))
	}
	if n := r.spoil(r.before); n != refused {
		t.Errorf("%d messages are too large, %d were refused", n, refused)
	}
	r.spoil(above)
	o.IgnoreFlags = false
	if bad := testbed.Compare(r.before, above, o); bad != nil {
		t.Errorf("on the destination:\n%s", strings.Join(bad, "\n"))
	}
	r.oneMailbox(t)
	r.proxy.stop(t)
	return total
}

// spoil takes out of a snapshot what the switches do not let through, and counts the messages that are too large.
func (r *killedRow) spoil(s testbed.Snapshot) (large int) {
	for _, f := range s.Folders {
		for uid, m := range f.Messages {
			if most := r.o.IMAP.MaxSize; most > 0 && int64(m.Size) > most {
				delete(f.Messages, uid)
				large++
				continue
			}
			if r.o.IMAP.Keywords == standin.KeywordsNone {
				m.Flags = strings.Join(slices.DeleteFunc(strings.Fields(m.Flags), func(f string) bool { return f[0] != '\\' }), " ")
			}
			if r.o.IMAP.Arrival {
				m.Date = 0
			}
			f.Messages[uid] = m
		}
	}
	return large
}

// oneMailbox: it was made once, was never given another password, and no login for it failed.
func (r *killedRow) oneMailbox(t *testing.T) {
	t.Helper()
	m, ok := r.dest.Directory.Mailbox(r.user)
	if all := r.dest.Directory.Emails("example.test"); len(all) != 1 || !ok || m.Password != testbed.Pass || m.Locale != cmp.Or(r.o.Locale, "en") {
		t.Errorf("mailboxes %q; language %q, the old password %v", all, m.Locale, m.Password == testbed.Pass)
	}
	if n := r.dest.API.Count("post-user"); n != 0 { // which is also asked of old builds, first
		t.Errorf("it was given another password %d times", n)
	}
	if tally := r.dest.IDS.Tally(netip.MustParseAddr("127.0.0.1")); tally.Total > 0 {
		t.Errorf("the new server counted %d failed logins", tally.Total)
	}
}

// dieAtSync lives until it has made something durable so many times, or for so long that all is moved.
func (p *proxyProcess) dieAtSync(t *testing.T, syncs int) {
	t.Helper()
	cmd := exec.Command("crossfade", p.args...)
	if _, err := syncwatch.KillAfter(cmd, p.state, syncs, 20*time.Second); err != nil {
		t.Fatal(err)
	}
}
