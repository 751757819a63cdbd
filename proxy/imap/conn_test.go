package imap

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"crossfade/backfill"
	"crossfade/proxy"
)

func TestDrainTakesLeave(t *testing.T) {
	a := standard()
	addr, stop := startStoppable(t, a, nil, false)
	fresh := dial(t, addr)
	fresh.line()
	waiting := client(t, addr, true)
	idling := client(t, addr, true)
	idling.send("i IDLE\r\n")
	idling.line()
	stop() // returns only when all connections are gone
	for _, k := range []*talker{fresh, waiting, idling} {
		if got := k.line(); !strings.HasPrefix(got, "* BYE [UNAVAILABLE]") {
			t.Fatalf("got %q", got)
		}
		if got := k.line(); got != "EOF" {
			t.Fatalf("got %q", got)
		}
	}
}

// stuckBox waits for the end of the context in every question to the servers.
type stuckBox struct {
	proxy.Mailbox
	entered, left chan struct{}
}

func (b *stuckBox) Fetch(ctx context.Context, _ []uint32, _ []string, _ func(*backfill.RawItem) error) error {
	close(b.entered)
	<-ctx.Done()
	close(b.left)
	return context.Cause(ctx)
}

type stuckSession struct {
	fakeSession
	box *stuckBox
}

func (s stuckSession) Open(ctx context.Context, name string, ro bool) (proxy.Mailbox, error) {
	var err error
	s.box.Mailbox, err = s.fakeSession.Open(ctx, name, ro)
	return s.box, err
}

func startStuck(t *testing.T) (addr string, stop func(), box *stuckBox) {
	a := standard()
	box = &stuckBox{entered: make(chan struct{}), left: make(chan struct{})}
	addr, stop = startStoppable(t, a, func(o *Options) {
		o.Login = func(context.Context, string, string) (proxy.Session, error) {
			return stuckSession{fakeSession{a}, box}, nil
		}
		o.Gate = proxy.NewGate(proxy.GateOptions{Drain: 50 * time.Millisecond})
	}, false)
	return addr, stop, box
}

func TestHangUpStopsTheCommand(t *testing.T) {
	addr, stop, box := startStuck(t)
	defer stop()
	k := client(t, addr, true)
	k.send("a FETCH 1 BODY.PEEK[]\r\n")
	<-box.entered
	_ = k.conn.Close()
	select {
	case <-box.left:
	case <-time.After(time.Minute):
		t.Fatal("the command goes on for nobody")
	}
}

func TestDrainCutsWhatDoesNotEnd(t *testing.T) {
	addr, stop, box := startStuck(t)
	k := client(t, addr, true)
	k.send("a FETCH 1 BODY.PEEK[]\r\n")
	<-box.entered
	stop()
	if got := k.line(); got != "EOF" {
		t.Fatalf("got %q", got)
	}
}

func TestSilenceEnds(t *testing.T) {
	k := dial(t, start(t, standard(), func(o *Options) { o.LoginTimeout = 30 * time.Millisecond }))
	k.line()
	if got := k.line(); !strings.HasPrefix(got, "* BYE") {
		t.Fatal(got)
	}
	addr := start(t, standard(), func(o *Options) { o.IdleTimeout = 60 * time.Millisecond })
	k = client(t, addr, false)
	if got := k.line(); !strings.HasPrefix(got, "* BYE") {
		t.Fatal(got)
	}
	k = dial(t, addr)
	k.line()
	k.send("l LOGIN alice pw\r\ns SELECT INBOX\r\na IDLE\r\n") // at once: there is no silence between them
	for got := k.line(); !strings.HasPrefix(got, "+ "); got = k.line() {
		if strings.HasPrefix(got, "* BYE") || got == "EOF" {
			t.Fatal(got)
		}
	}
	if got := k.line(); !strings.HasPrefix(got, "* BYE") {
		t.Fatal(got)
	}
}

func TestLongThings(t *testing.T) {
	k := client(t, start(t, standard(), nil), true)
	var set strings.Builder
	for i := 3; set.Len() < 60_000; i += 2 {
		fmt.Fprintf(&set, "%d,", i)
	}
	lines := k.ask("a UID FETCH " + set.String() + "4 (FLAGS)")
	if len(lines) != 2 || lines[0] != `* 3 FETCH (UID 4 FLAGS ($Work \Deleted))` {
		t.Fatal(lines)
	}
	k.want(k.ask("b XYZ "+strings.Repeat("x", 3<<20)), "b BAD")
	k.want(k.ask("c SEARCH "+strings.Repeat("(", 5000)+"ALL"+strings.Repeat(")", 5000)), "c NO [LIMIT]")
	k.want(k.ask("d SEARCH "+strings.Repeat("OR SEEN ", 900)+"ALL"), "d OK")
	k.want(k.ask("e SEARCH "+strings.Repeat("NOT ", 100_000)+"ALL"), "e NO [LIMIT]")
	k.want(k.ask("f LIST \"\" "+strings.Repeat("*%", 450)+"x"), "f OK")
	k.want(k.ask("g LIST \"\" "+strings.Repeat("*%", 4500)+"x"), "g BAD")
	k.want(k.ask("h CREATE "+strings.Repeat("x", 5000)), "h NO [LIMIT]")
	k.want(k.ask("i STORE 1 +FLAGS ("+strings.Repeat("x ", 5000)+")"), "i NO [LIMIT]")
	k.want(k.ask("j ID ("+strings.Repeat(`"a" "b" `, 5000)+")"), "j BAD")
	k.send("k STORE 1 +FLAGS {2000000+}\r\n" + strings.Repeat("\r\nx CREATE smuggled", 2000000/19+1)[:2000000] + "\r\n")
	k.want(k.until("k"), "k BAD")
	k.want(k.ask("l NOOP"), "l OK")
}

func TestLongAuthentication(t *testing.T) {
	k := dial(t, start(t, standard(), nil))
	k.line()
	for i, n := range []int{5000, 20_000} {
		tag := fmt.Sprint("a", i)
		k.send(tag + " AUTHENTICATE PLAIN\r\n")
		k.line()
		k.send(base64.StdEncoding.EncodeToString([]byte("\x00alice\x00"+strings.Repeat("x", n*3/4-7))) + "\r\n")
		k.want(k.until(tag), tag+" ")
	}
	k.want(k.ask("b LOGIN alice pw"), "b OK")
}

func TestFailedLoginsAreLimited(t *testing.T) {
	k := dial(t, start(t, standard(), func(o *Options) {
		o.Attempts = proxy.NewAttempts(proxy.AttemptsOptions{Delay: time.Nanosecond, Burst: 3, Every: time.Hour})
	}))
	k.line()
	for range 3 {
		k.want(k.ask("a LOGIN alice no"), "a NO [AUTHENTICATIONFAILED]")
	}
	k.want(k.ask("a LOGIN alice pw"), "a NO [UNAVAILABLE]")
}

func TestTooManyConnections(t *testing.T) {
	addr := start(t, standard(), func(o *Options) {
		o.Gate = proxy.NewGate(proxy.GateOptions{PerAddress: 1, Refuse: Refuse, Logger: slog.New(slog.DiscardHandler)})
	})
	k := client(t, addr, false)
	if got := dial(t, addr).line(); !strings.HasPrefix(got, "* BYE [LIMIT]") {
		t.Fatal(got)
	}
	k.want(k.ask("a NOOP"), "a OK")
}

// TestTooManyOfOneAccount: others still log in, and a place that is left is free.
func TestTooManyOfOneAccount(t *testing.T) {
	addr := start(t, standard(), func(o *Options) { o.Seats = proxy.NewSeats(2) })
	first, second := client(t, addr, false), client(t, addr, false)
	third := dial(t, addr)
	third.line()
	third.want(third.ask("a LOGIN alice pw"), "a NO [LIMIT]")
	third.want(third.ask("b LOGIN alice pw"), "b NO [LIMIT]")
	second.ask("c LOGOUT")
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		said := third.ask("d LOGIN alice pw")
		if last := said[len(said)-1]; strings.HasPrefix(last, "d OK") {
			break
		} else if time.Now().After(end) {
			t.Fatal(last)
		}
	}
	first.want(first.ask("e NOOP"), "e OK")
}

// muteSession is one whose servers never answer a STATUS.
type muteSession struct{ proxy.Session }

func (muteSession) Status(ctx context.Context, _ string, _ bool) (backfill.Status, error) {
	<-ctx.Done()
	return backfill.Status{}, context.Cause(ctx)
}

// TestCommandWithoutEnd: a command that nobody answers ends, and the connection goes on.
func TestCommandWithoutEnd(t *testing.T) {
	a := standard()
	k := client(t, start(t, a, func(o *Options) {
		login := o.Login
		o.Login = func(ctx context.Context, user, secret string) (proxy.Session, error) {
			s, err := login(ctx, user, secret)
			return muteSession{s}, err
		}
		o.CommandTimeout = 50 * time.Millisecond
	}), false)
	k.want(k.ask("a STATUS INBOX (MESSAGES)"), "a NO [UNAVAILABLE]")
	k.send("b STATUS INBOX (MESSAGES)\r\nc NOOP\r\n")
	k.want(k.until("b"), "b NO [UNAVAILABLE]")
	k.want(k.until("c"), "c OK")
}

// TestStrangersHoldLittle: before a login no line and no command is longer than a login can be.
func TestStrangersHoldLittle(t *testing.T) {
	k := dial(t, start(t, standard(), nil))
	k.line()
	k.send("a LOGIN alice " + strings.Repeat("x", 40<<10) + "\r\n")
	k.want(k.until("a"), "a BAD")
	k.send("b LOGIN")
	for range 8 {
		k.send(" {8000+}\r\n" + strings.Repeat("y", 8000))
	}
	k.send("\r\n")
	k.want(k.until("b"), "b BAD")
	k.want(k.ask("c LOGIN alice pw"), "c OK")
	k.want(k.ask("d SELECT INBOX"), "d OK")
	k.want(k.ask("e SEARCH TEXT "+strings.Repeat("z", 40<<10)), "e OK")
}

func TestAppendThroughAFile(t *testing.T) {
	a := standard()
	dir := t.TempDir()
	addr := start(t, a, func(o *Options) { o.SpoolDir, o.MaxMessage = dir, 3<<20 })
	k := client(t, addr, false)
	body := strings.Repeat("\r\nx CREATE smuggled\r\n\x00\xff", 50_000)
	k.send(fmt.Sprintf("a APPEND INBOX {%d+}\r\n%s\r\n", len(body), body))
	k.want(k.until("a"), "a OK [APPENDUID 7 5]")
	if got := a.boxes["INBOX"].msgs[5].body; got != body {
		t.Fatalf("%d bytes of %d arrived", len(got), len(body))
	}
	body = strings.Repeat(body, 3)
	k.send(fmt.Sprintf("b APPEND INBOX {%d+}\r\n%s\r\n", len(body), body))
	k.want(k.until("b"), "b NO [TOOBIG]")
	k.want(k.ask("c NOOP"), "c OK")
	if a.boxes["smuggled"] != nil {
		t.Fatal("a message was run")
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Fatalf("left in the spool: %v %v", left, err)
	}
}

func TestSpoolTrouble(t *testing.T) {
	a := standard()
	k := client(t, start(t, a, func(o *Options) { o.SpoolDir = "/nonexistent" }), false)
	body := strings.Repeat("x CREATE smuggled\r\n", 50_000)
	for _, plus := range []string{"", "+"} {
		k.send(fmt.Sprintf("a APPEND INBOX {%d%s}\r\n", len(body), plus))
		if plus == "" {
			k.line()
		}
		k.send(body + "\r\n")
		k.want(k.until("a"), "a NO [SERVERBUG]")
	}
	k.want(k.ask("b NOOP"), "b OK")
}

func TestCutAppendAddsNothing(t *testing.T) {
	a := standard()
	addr, stop := startStoppable(t, a, nil, false)
	k := client(t, addr, false)
	k.send("a APPEND INBOX {100+}\r\nhalf of it")
	_ = k.conn.Close()
	stop()
	if n := len(a.boxes["INBOX"].uids); n != 3 {
		t.Fatalf("%d messages", n)
	}
}

func TestSearchAsksEachKeyOnce(t *testing.T) {
	a := standard()
	k := client(t, start(t, a, nil), true)
	k.want(k.ask("a SEARCH OR TEXT zzz SUBJECT yyy"), "a OK")
	k.send("b SEARCH HEADER X-Y {3+}\r\n\xfc\"\\ TEXT gr\xc3\xbcn\r\n")
	k.want(k.until("b"), "b OK")
	k.want(k.ask("c SEARCH TEXT {4+}\r\na\tb\\"), "c OK")
	k.want(k.ask("d SEARCH SUBJECT a\"b"), "d BAD")
	k.send("e SEARCH CHARSET koi8-r TEXT {3+}\r\n\xc4\xcf\xcd\r\n")
	k.want(k.until("e"), "e OK")
	k.want(k.ask("f SEARCH CHARSET iso-2022-jp TEXT \"\x1b$B%F\x1b(B\""), "f OK")
	k.want(k.ask("g SEARCH CHARSET latin1 TEXT abc"), "g OK")
	for _, unknown := range []string{"X-NONE", "utf-16le", "iso-2022-kr", "x-user-defined", `""`} {
		k.want(k.ask("h SEARCH CHARSET "+unknown+" TEXT a"), "h NO [BADCHARSET")
	}
	want := []string{`|TEXT "zzz"`, `|SUBJECT "yyy"`, `UTF-8|HEADER "X-Y" {"ü\"\\"}`, `|TEXT {"a\tb\\"}`,
		`UTF-8|TEXT {"дом"}`, `UTF-8|TEXT {"テ"}`, `|TEXT "abc"`}
	if got := fmt.Sprint(a.searched); got != fmt.Sprint(want) {
		t.Fatalf("asked %q", a.searched)
	}
}

func TestFetchAsksHarmlessly(t *testing.T) {
	a := standard()
	k := client(t, start(t, a, nil), true)
	k.want(k.ask("a FETCH 1 (BODY[] RFC822 RFC822.TEXT BODY[1.MIME]<3.4> BODY[])"), "a OK")
	want := []string{"BODY.PEEK[] BODY.PEEK[TEXT] BODY.PEEK[1.MIME]<3.4>", "BODY.PEEK[]"}
	if fmt.Sprint(a.fetched) != fmt.Sprint(want) {
		t.Fatalf("asked %q", a.fetched)
	}
}
