//go:build integration

package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/internal/faults"
	"crossfade/internal/standin"
	"crossfade/internal/testbed"
)

// TestAccountsAgain: a mailbox that was moved from a real Dovecot to a stand-in for SmarterMail, where every UIDVALIDITY is 1,
// is deleted there by the administrator. It is begun anew by 'crossfade accounts again', after having been made by hand
// already, with other mail under the same numbers, or by the user's next login. What was there alone is told as lost before;
// all the rest is copied again, once; and clients see it under new numbers.
func TestAccountsAgain(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t, nil, testbed.Source)
	for i, how := range []string{"gone", "made by hand"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			a := newAgain(t, bed, testbed.User(i))
			a.move(t)
			a.dest.Directory.Remove(a.user)
			if how == "made by hand" {
				a.byHand(t)
			} else if _, err := testbed.Read(a.proxy.imap, a.user, testbed.Pass); err == nil {
				t.Error("somebody was let in to a mailbox that is gone")
			}
			a.begin(t)
			a.compare(t)
		})
	}
}

// again is one user whose mailbox is lost.
type again struct {
	user         string
	source       *testbed.Server
	dest         *standin.Server
	proxy        *proxyProcess
	before, seen testbed.Snapshot // on the old server, and through the proxy before the loss
	want         testbed.Snapshot // what there is to be in the end, by the new server's names
}

func newAgain(t *testing.T, bed *testbed.Bed, user string) *again {
	t.Helper()
	a := &again{user: user, source: bed.Server(testbed.Source), dest: standin.Start(t, standin.Options{})}
	a.source.Fill(t, user, "--folders", "6", "--per-folder", "12")
	a.before = snapshotOf(t, a.source.Addr, user)
	a.dest.Directory.AddDomain(standin.Domain{Name: "example.test"})
	password := filepath.Join(t.TempDir(), "api-password")
	if err := os.WriteFile(password, []byte("admin-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a.proxy = proxyBetween(t, bed, a.source.PlainURL(), a.dest.IMAP.URL(), "--destination-api", a.dest.API.URL, "--destination-api-user", "admin",
		"--destination-api-password-file", password, "--login-mode", "capture", "--auto-clean", "copy")
	return a
}

// text is a message that no server had before.
func text(n int) []byte {
	return fmt.Appendf(nil, "From: a@example.test\r\nMessage-ID: <foreign%d@example.test>\r\nSubject: foreign %d\r\n\r\n%s\r\n", n, n, strings.Repeat("x", 100+n))
}

// move has all mail copied; the user deletes and flags some of it, and some comes that only the new server has.
func (a *again) move(t *testing.T) {
	t.Helper()
	a.proxy.start(t)
	snapshotOf(t, a.proxy.imap, a.user)
	a.proxy.settle(t, a.before.Count())
	c, err := dialGoAs(a.proxy.imap, a.user, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.open("INBOX"); err != nil {
		t.Fatal(err)
	}
	set := imap.SeqSet{imap.SeqRange{Start: 1, Stop: 2}}
	for _, step := range []error{
		c.Store(imap.SeqSetNum(3), &imap.StoreFlags{Op: imap.StoreFlagsSet, Flags: []imap.Flag{imap.FlagFlagged, imap.FlagAnswered}}, nil).Close(),
		c.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(),
		c.Expunge().Close(),
	} {
		if step != nil {
			t.Fatal(step)
		}
	}
	a.want = a.saw(t)
	if n := a.want.Count(); n != a.before.Count()-2 {
		t.Fatalf("%d messages of %d", n, a.before.Count())
	}
	a.dest.IMAP.Account(a.user).Add("INBOX", faults.Message{Body: text(1000)}, faults.Message{Body: text(1001)})
	for end := time.Now().Add(longEnough); ; time.Sleep(50 * time.Millisecond) {
		if a.seen = a.saw(t); a.seen.Count() == a.want.Count()+2 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("new mail is not shown")
		}
	}
}

func (a *again) saw(t *testing.T) testbed.Snapshot {
	t.Helper()
	return snapshotOf(t, a.proxy.imap, a.user)
}

// byHand makes the mailbox anew and lets mail come to it, more than it had. The user's client goes on with the numbers that it
// knows: it sees no other message under them, and none is changed or deleted.
func (a *again) byHand(t *testing.T) {
	t.Helper()
	a.dest.Directory.AddMailbox(standin.Mailbox{Email: a.user, Password: testbed.Pass})
	inbox := a.want.Folders["INBOX"]
	inbox.Messages = map[uint32]testbed.Message{}
	for uid, m := range a.want.Folders["INBOX"].Messages {
		inbox.Messages[uid] = m
	}
	var mail []faults.Message
	for n := range len(a.seen.Folders["INBOX"].Messages) + 20 {
		m := faults.Message{Body: text(n), Date: time.Unix(1700000000, 0)}
		mail = append(mail, m)
		inbox.Messages[uint32(1_000_000+n)] = testbed.Message{Date: m.Date.Unix(), Size: len(m.Body), Sum: fmt.Sprintf("%x", sha256.Sum256(m.Body))}
	}
	a.want.Folders["INBOX"] = inbox
	account := a.dest.IMAP.Account(a.user)
	account.Add("INBOX", mail...)
	there := account.Messages("INBOX")

	c, err := dialGoAs(a.proxy.imap, a.user, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, a.proxy.said)
	}
	defer c.Close()
	if err := c.open("INBOX"); err != nil {
		t.Fatalf("%v\n%s", err, a.proxy.said)
	}
	read := 0
	for uid, was := range a.seen.Folders["INBOX"].Messages {
		got, err := c.Fetch(imap.UIDSetNum(imap.UID(uid)), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}}).Collect()
		if err != nil { // it was on the new server alone
			continue
		}
		for _, m := range got {
			if sum := fmt.Sprintf("%x", sha256.Sum256(m.BodySection[0].Bytes)); sum != was.Sum {
				t.Errorf("UID %d is another message now", uid)
			}
			read++
		}
		if c.Store(imap.UIDSetNum(imap.UID(uid)), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close() == nil {
			t.Errorf("UID %d can be marked as deleted", uid)
		}
	}
	_ = c.UIDExpunge(imap.UIDSet{imap.UIDRange{Start: 1, Stop: 0}}).Close() // nothing is marked: what it is answered tells nothing
	if want := len(a.seen.Folders["INBOX"].Messages) - 2; read != want {
		t.Errorf("%d messages could be read, want %d", read, want)
	}
	if now := account.Messages("INBOX"); !reflect.DeepEqual(there, now) {
		t.Errorf("the new mailbox was changed: %d messages, now %d", len(there), len(now))
	}
	for end := time.Now().Add(longEnough); ; time.Sleep(50 * time.Millisecond) {
		if strings.Contains(a.proxy.says(t, "status"), "accounts again") {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("nothing is told:\n%s\n%s", a.proxy.says(t, "status"), a.proxy.said)
		}
	}
}

// begin begins the account anew, as the README says.
func (a *again) begin(t *testing.T) {
	t.Helper()
	told := a.proxy.says(t, "accounts", "again", a.user)
	for _, want := range []string{fmt.Sprintf(" %d messages would be copied again", a.before.Count()-2), " 2 were deleted", " 2 were on the new server alone"} {
		if !strings.Contains(told, want) {
			t.Errorf("it is not told that%s:\n%s", want, told)
		}
	}
	if told := a.proxy.says(t, "accounts", "again", a.user, "--yes"); !strings.Contains(told, "restart") {
		t.Error(told)
	}
	a.proxy.stop(t)
	a.proxy.start(t)
	if _, err := testbed.Read(a.proxy.imap, a.user, testbed.Pass); err == nil || !strings.Contains(err.Error(), "UNAVAILABLE") {
		t.Errorf("the login is answered with %v", err)
	}
	a.proxy.rebuild(t)
	var list rebuildAnswer
	if err := json.Unmarshal([]byte(a.proxy.says(t, "rebuild", "--json")), &list); err != nil {
		t.Fatal(err)
	}
	var sum backfill.RebuildFolder
	for _, f := range list.Waiting[0].Folders {
		sum.Return, sum.Uncopied, sum.Matched, sum.Deleted = sum.Return+f.Return, sum.Uncopied+f.Uncopied, sum.Matched+f.Matched, sum.Deleted+f.Deleted
	}
	if want := (backfill.RebuildFolder{Uncopied: a.before.Count() - 2, Deleted: 2}); sum != want {
		t.Errorf("it is told that %+v, want %+v", sum, want)
	}
	a.proxy.says(t, "rebuild", "--accept", "--account", a.user)
}

// compare holds what there is in the end against what was to be, on all sides.
func (a *again) compare(t *testing.T) {
	t.Helper()
	a.proxy.settle(t, a.before.Count()-2)
	same := testbed.CompareOptions{Map: func(s string) string { return s }}
	if bad := testbed.Compare(a.want, snapshotOf(t, a.dest.IMAP.Addr, a.user), same); bad != nil {
		t.Errorf("on the destination:\n%s", strings.Join(bad, "\n"))
	}
	now := a.saw(t)
	if bad := testbed.Compare(a.want, now, same); bad != nil {
		t.Errorf("through the proxy:\n%s", strings.Join(bad, "\n"))
	}
	for name, was := range a.seen.Folders {
		if f := now.Folders[name]; len(was.Messages) > 0 && f.UIDValidity <= was.UIDValidity {
			t.Errorf("%q is shown under UIDVALIDITY %d, and was under %d", name, f.UIDValidity, was.UIDValidity)
		}
	}
	if bad := a.before.Diff(snapshotOf(t, a.source.Addr, a.user)); bad != nil {
		t.Errorf("the source was changed:\n%s", strings.Join(bad, "\n"))
	}
	a.proxy.says(t, "verify")
	a.proxy.stop(t)
}
