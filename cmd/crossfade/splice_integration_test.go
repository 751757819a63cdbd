//go:build integration

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"crossfade/internal/testbed"
	"crossfade/store"
)

// splice settles the accounts of a stopped proxy, has them handed over to the destination, and starts the proxy.
func (p *proxyProcess) splice(t testing.TB) {
	t.Helper()
	o := stackOptions{state: p.state, log: slog.New(slog.DiscardHandler)}
	var err error
	for i, a := range p.args {
		switch {
		case a == "--source" && err == nil:
			o.source, err = newDriver("source", p.args[i+1], false, o.log)
		case a == "--destination" && err == nil:
			o.destination, err = newDriver("destination", p.args[i+1], false, o.log)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	st, err := newStack(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), longEnough)
	defer cancel()
	for {
		left, err := st.engine.Settle(ctx, "", "")
		if err != nil {
			t.Fatalf("%v, left is %+v", err, left)
		}
		if len(left) == 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	err = st.store.Update(func(tx *store.Tx) error {
		all, err := tx.Accounts()
		for i := range all {
			if all[i].Settled.IsZero() {
				t.Errorf("%s has not settled", all[i].DestLogin)
			}
			all[i].SpliceAccepted = true
			if err == nil {
				err = tx.PutAccount(all[i])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.close(); err != nil {
		t.Fatal(err)
	}
	p.start(t)
}

// splicedStory is a mailbox that was moved and whose clients are handed over.
func splicedStory(t *testing.T) *story {
	bed := testbed.Start(t, []string{"CROSSFADE_DEST_FSYNC=never"}, testbed.Source, testbed.Dest)
	s := &story{source: bed.Server(testbed.Source), dest: bed.Server(testbed.Dest), to: testbed.DefaultMap, sync: newMbsync(t)}
	s.source.Fill(t, testbed.User(0), "--folders", "6", "--per-folder", "40", "--mean", "8000", "--most", "1000000")
	s.mail = filepath.Join(bed.Dir, testbed.Source, "mail", testbed.User(0), "Maildir")
	s.rebase(t)
	s.p = newProxy(t, bed)
	s.p.start(t)
	enrol(t, s.p.imap)
	s.p.settle(t, s.before.Count())
	s.p.stop(t)
	s.p.splice(t)
	return s
}

// TestSplicedClients: go-imap's client, imaplib, mbsync and curl work through the pipe as they do on the destination itself:
// what they have of it they need not read again, and what they do is done there. The source may be gone.
func TestSplicedClients(t *testing.T) {
	t.Parallel()
	s := splicedStory(t)
	direct := snapshot(t, s.dest.Addr)
	if said, err := s.sync.sync(s.dest.Addr, "*"); err != nil {
		t.Fatalf("mbsync with the destination: %s: %v", said, err)
	}
	has := messageFiles(t, s.sync.dir)
	if said, err := s.sync.sync(s.p.imap, "*"); err != nil || len(has) < 100 || !maps.Equal(has, messageFiles(t, s.sync.dir)) {
		t.Errorf("mbsync had %d files of the destination, and through the pipe changed them: %s: %v", len(has), said, err)
	}
	if bad := direct.Diff(snapshot(t, s.p.imap)); bad != nil {
		t.Errorf("through the pipe:\n%s", strings.Join(bad, "\n"))
	}
	s.model = newModel(t, direct)
	s.work(t, "through the pipe")
	s.source.Kill(t)
	if bad := snapshot(t, s.dest.Addr).Diff(snapshot(t, s.p.imap)); bad != nil {
		t.Errorf("through the pipe, without the source:\n%s", strings.Join(bad, "\n"))
	}
	s.idles(t)
	s.p.stop(t)
}

// idles: a client in IDLE hears of new mail on the destination at once, is counted, and is told when the proxy goes.
func (s *story) idles(t *testing.T) {
	t.Helper()
	c, idle, exists := s.listens(t)
	defer c.Close()
	op := clientOp{Op: "append", Folder: "INBOX", File: s.model.letter(t, "new"), Date: time.Now().Unix()}
	if _, err := workGo(s.dest.Addr, []clientOp{op}); err != nil {
		t.Fatal(err)
	}
	awaitCount(t, exists, uint32(len(snapshot(t, s.dest.Addr).Folders["INBOX"].Messages)), s.dest.Name)
	for _, a := range s.p.report(t).Accounts {
		if a.Sessions != 1 || a.Spliced != 1 {
			t.Errorf("%d sessions, %d of them spliced", a.Sessions, a.Spliced)
		}
	}
	page, err := runClient(nil, "curl", "--silent", "http://"+s.p.admin+"/metrics")
	if err != nil || !strings.Contains(string(page), `crossfade_client_sessions{state="spliced"} 1`) {
		t.Errorf("the metrics do not count it: %v", err)
	}
	if err := idle.Close(); err != nil {
		t.Fatal(err)
	}
	if err := idle.Wait(); err != nil {
		t.Fatal(err)
	}
}

// TestSplicedLarge: 50 MB go both ways, with TLS on each leg, and are the same at the other end.
func TestSplicedLarge(t *testing.T) {
	t.Parallel()
	s := splicedStory(t)
	text := make([]byte, 50_000_000)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range text {
		text[i] = byte('!' + random.IntN(90))
		if i%78 == 76 {
			text[i], text[i+1] = '\r', '\n'
		} else if i%78 == 77 {
			text[i] = '\n'
		}
	}
	copy(text, "Subject: large\r\n\r\n")
	c, err := imapclient.DialStartTLS(s.p.imap, &imapclient.Options{TLSConfig: &tls.Config{InsecureSkipVerify: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login(testbed.User(0), testbed.Pass).Wait(); err != nil {
		t.Fatal(err)
	}
	w := c.Append("Drafts", int64(len(text)), nil)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	told, err := w.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select("Drafts", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	got, err := c.Fetch(imap.UIDSetNum(told.UID), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{}}}).Collect()
	if err != nil || len(got) != 1 || sha256.Sum256(got[0].BodySection[0].Bytes) != sha256.Sum256(text) {
		t.Fatalf("%d messages came back, or another one: %v", len(got), err)
	}
	direct, err := bodyOf(s.dest.Addr, "Drafts", uint32(told.UID))
	if err != nil || !bytes.Equal(direct, text) {
		t.Errorf("the destination has %d bytes, or others: %v", len(direct), err)
	}
	s.p.stop(t)
}

// TestSplicedRaw: what a script sends in one piece, its half of the connection closed behind it, is answered as the
// destination answers it, and commands behind the login are in order.
func TestSplicedRaw(t *testing.T) {
	t.Parallel()
	s := splicedStory(t)
	script := fmt.Sprintf("a LOGIN {%d}\r\n", len(testbed.User(0)))
	rest := fmt.Sprintf("%s %q\r\nb SELECT INBOX\r\nc FETCH 1:3 (UID BODY.PEEK[])\r\nd APPEND Drafts {5+}\r\nhello\r\ne NOSUCH\r\nf LIST \"\" {1+}\r\n*\r\ng LOGOUT\r\n",
		testbed.User(0), testbed.Pass)
	talk := func(addr string) string {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		_ = nc.SetDeadline(time.Now().Add(longEnough))
		_, _ = io.WriteString(nc, script)
		greeting := make([]byte, 1<<12)
		for n, said := 0, ""; !strings.Contains(said, "\r\n+"); said += string(greeting[:n]) {
			if n, err = nc.Read(greeting); err != nil {
				t.Fatal(err)
			}
		}
		_, _ = io.WriteString(nc, rest)
		_ = nc.(*net.TCPConn).CloseWrite()
		all, err := io.ReadAll(nc)
		if err != nil {
			t.Errorf("%s: %v", addr, err)
		}
		_, answers, found := strings.Cut(string(all), "Logged in\r\n")
		if !found {
			t.Fatalf("%s: %.300q", addr, all)
		}
		return answers
	}
	tags := func(answers string) string {
		var out []string
		for _, line := range strings.Split(answers, "\r\n") {
			if len(line) > 2 && line[1] == ' ' && strings.IndexByte("bcdefg", line[0]) >= 0 {
				out = append(out, strings.Join(strings.SplitN(line, " ", 3)[:2], " "))
			}
		}
		slices.Sort(out) // Dovecot does other things while an APPEND is written
		return strings.Join(out, "; ")
	}
	direct, through := talk(s.dest.Addr), talk(s.p.imap)
	const want = "b OK; c OK; d OK; e BAD; f OK; g OK"
	if tags(direct) != want || tags(through) != want {
		t.Errorf("direct %q, through the pipe %q", tags(direct), tags(through))
	}
	_, bodies, _ := strings.Cut(direct, "\r\nb OK")
	bodies, _, _ = strings.Cut(bodies, "\r\nc OK")
	_, bodies, _ = strings.Cut(bodies, "\r\n")
	if len(bodies) < 500 || !strings.Contains(through, bodies) {
		t.Errorf("the answers to FETCH differ: %.300q", bodies)
	}
	s.p.stop(t)
}

// TestSplicedServerKilled: when the destination dies its clients' connections end without a word that it has not said;
// logins are told that it is down, and go on when it is back.
func TestSplicedServerKilled(t *testing.T) {
	t.Parallel()
	s := splicedStory(t)
	nc, err := net.Dial("tcp", s.p.imap)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(longEnough))
	_, _ = fmt.Fprintf(nc, "a LOGIN %s %s\r\nb SELECT INBOX\r\nc IDLE\r\n", testbed.User(0), testbed.Pass)
	said := make([]byte, 0, 1<<14)
	for !bytes.Contains(said, []byte("+ idling")) {
		n, err := nc.Read(said[len(said):cap(said)])
		if said = said[:len(said)+n]; err != nil {
			t.Fatalf("%q %v", said, err)
		}
	}
	s.dest.Kill(t)
	rest, _ := io.ReadAll(nc)
	if rest = bytes.TrimPrefix(rest, []byte("* BYE Server shutting down.\r\n")); len(rest) > 0 { // Dovecot's own words, if it had the time
		t.Errorf("said behind the server's death: %q", rest)
	}
	login := func() string {
		nc, err := net.Dial("tcp", s.p.imap)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		_ = nc.SetDeadline(time.Now().Add(longEnough))
		_, _ = fmt.Fprintf(nc, "a LOGIN %s %s\r\nb LOGOUT\r\n", testbed.User(0), testbed.Pass)
		all, _ := io.ReadAll(nc)
		return string(all)
	}
	if got := login(); !strings.Contains(got, "a NO [UNAVAILABLE]") {
		t.Errorf("while it is down: %q", got)
	}
	s.dest.Start(t)
	for end := time.Now().Add(longEnough); ; time.Sleep(100 * time.Millisecond) {
		got := login()
		if strings.Contains(got, "a OK") && strings.Contains(got, "b OK") {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("it is back: %q", got)
		}
	}
	s.p.stop(t)
}
