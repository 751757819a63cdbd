package probe_test

import (
	"bytes"
	"context"
	"io"
	"log"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"crossfade/backfill"
	driver "crossfade/backfill/driver/imap"
	"crossfade/mapping"
)

const user, pass = "alice@example.test", "pw"

// quirks change what a driver's Writer does, as servers do.
type quirks struct {
	caps    imap.CapSet // nil: all that the memory server has
	append  func(next appendFunc, box string, items []backfill.AppendItem) ([]backfill.AppendResult, error)
	entry   func(*backfill.Entry)
	store   bool // keywords cannot be stored
	state   func(box string, s *backfill.BoxState)
	create  func(box string) error
	delete  func(box string) error
	folders func([]backfill.Folder) []backfill.Folder
	login   error

	quota       []backfill.Quota
	limit       int64
	connections int // 0: as many as asked for
}

type appendFunc func(items []backfill.AppendItem) ([]backfill.AppendResult, error)

// quirky is a driver with quirks.
type quirky struct {
	backfill.Driver
	q quirks
}

func (d quirky) Login(ctx context.Context, user, secret string) (backfill.Mail, error) {
	if d.q.login != nil {
		return nil, d.q.login
	}
	m, err := d.Driver.Login(ctx, user, secret)
	if err != nil {
		return nil, err
	}
	return quirkyMail{m.(backfill.Writer), d.q}, nil
}

type quirkyMail struct {
	backfill.Writer
	q quirks
}

func (m quirkyMail) Features() backfill.Features {
	f := m.Writer.Features()
	if m.q.caps != nil {
		f.Caps = m.q.caps
	}
	return f
}

func (m quirkyMail) Append(ctx context.Context, box string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
	next := func(items []backfill.AppendItem) ([]backfill.AppendResult, error) {
		return m.Writer.Append(ctx, box, items)
	}
	if m.q.append == nil {
		return next(items)
	}
	return m.q.append(next, box, items)
}

func (m quirkyMail) Scan(ctx context.Context, box string, what backfill.Scan, each func(backfill.Entry) error) (backfill.BoxState, error) {
	return m.Writer.Scan(ctx, box, what, func(e backfill.Entry) error {
		if m.q.entry != nil {
			m.q.entry(&e)
		}
		return each(e)
	})
}

func (m quirkyMail) Store(ctx context.Context, box string, v uint32, uids imap.UIDSet, op backfill.FlagOp, flags mapping.Flags) (map[uint32]mapping.Flags, error) {
	if m.q.store {
		return nil, nil
	}
	return m.Writer.Store(ctx, box, v, uids, op, flags)
}

func (m quirkyMail) Examine(ctx context.Context, box string) (backfill.BoxState, error) {
	s, err := m.Writer.Examine(ctx, box)
	if m.q.state != nil {
		m.q.state(box, &s)
	}
	return s, err
}

func (m quirkyMail) Create(ctx context.Context, box string) error {
	if m.q.create != nil {
		if err := m.q.create(box); err != nil {
			return err
		}
	}
	return m.Writer.Create(ctx, box)
}

func (m quirkyMail) Delete(ctx context.Context, box string) error {
	if m.q.delete != nil {
		if err := m.q.delete(box); err != nil {
			return err
		}
	}
	return m.Writer.Delete(ctx, box)
}

func (m quirkyMail) Folders(ctx context.Context) ([]backfill.Folder, error) {
	fs, err := m.Writer.Folders(ctx)
	if m.q.folders != nil {
		fs = m.q.folders(fs)
	}
	return fs, err
}

func (m quirkyMail) Server(context.Context) (string, error)     { return "Quirky 1.0", nil }
func (m quirkyMail) Namespaces(context.Context) (string, error) { return "", nil }
func (m quirkyMail) Quota(context.Context, string) ([]backfill.Quota, error) {
	return m.q.quota, nil
}
func (m quirkyMail) AppendLimit(context.Context, string) (int64, error) { return m.q.limit, nil }
func (m quirkyMail) Connections(_ context.Context, n int) (int, error) {
	if m.q.connections > 0 && m.q.connections < n {
		return m.q.connections, said("Too many connections")
	}
	return n, nil
}

// said is a refusal of one message or folder.
func said(text string) error {
	return &backfill.Error{Op: "x", Host: "h", Scope: backfill.FolderScope, Patience: backfill.Later, Text: text}
}

func refusedItem(text string) []backfill.AppendResult {
	return []backfill.AppendResult{{Err: &backfill.Error{Op: "APPEND", Host: "h", Scope: backfill.Item, Patience: backfill.Never, Text: text}}}
}

// memory is a mail server in memory with one user and a little mail.
type memory struct {
	url  string
	user *imapmemserver.User
}

func newMemory(t *testing.T, first int) memory {
	t.Helper()
	u := imapmemserver.NewUser(user, pass)
	for range first { // so that both sides' UIDVALIDITYs differ
		if u.Create("x", nil) != nil || u.Delete("x") != nil {
			t.Fatal("cannot make and delete a folder")
		}
	}
	for _, box := range []string{"INBOX", "Sent", "Work/Old"} {
		if err := u.Create(box, nil); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			body := "Subject: a\r\n\r\n" + strings.Repeat("text\r\n", 100)
			if _, err := u.Append(box, literal{bytes.NewReader([]byte(body))}, &imap.AppendOptions{Time: time.Now()}); err != nil {
				t.Fatal(err)
			}
		}
	}
	mem := imapmemserver.New()
	mem.AddUser(u)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := imapserver.New(&imapserver.Options{InsecureAuth: true, Logger: log.New(io.Discard, "", 0), Caps: imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapNamespace: {}, imap.CapUIDPlus: {}, imap.CapMove: {}},
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		}})
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	t.Cleanup(func() { srv.Close(); <-done })
	return memory{"imap://" + ln.Addr().String() + "?tls=off", u}
}

type literal struct{ *bytes.Reader }

func (m memory) driver(t *testing.T) *driver.Driver {
	t.Helper()
	d, err := driver.New(driver.Options{URL: m.url})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// altered gives items other bytes.
func altered(items []backfill.AppendItem, how func([]byte) []byte) []backfill.AppendItem {
	out := slices.Clone(items)
	for i, it := range out {
		r, err := it.Open()
		if err != nil {
			continue
		}
		text, _ := io.ReadAll(r) // from memory
		text = how(text)
		out[i].Size = int64(len(text))
		out[i].Open = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	}
	return out
}

func read(it backfill.AppendItem) string {
	r, err := it.Open()
	if err != nil {
		return ""
	}
	text, _ := io.ReadAll(r) // from memory
	return string(text)
}
