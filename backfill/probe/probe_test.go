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
	"crossfade/backfill/probe"
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

// look probes and returns the findings by side and name, and what the source held.
func look(t *testing.T, src, dst backfill.Driver, o probe.Options) (map[string]probe.Finding, probe.Survey) {
	t.Helper()
	got := map[string]probe.Finding{}
	o.Source, o.Destination, o.User, o.Secret = src, dst, user, pass
	o.Tell = func(f probe.Finding) {
		key := string(f.Side) + " " + f.Check
		if old, twice := got[key]; twice && old.Level > f.Level {
			return
		}
		got[key] = f
	}
	survey := probe.Run(t.Context(), o)
	return got, survey
}

// TestGood: between two servers that behave, nothing is red, the survey is right, and nothing is left behind.
func TestGood(t *testing.T) {
	src, dst := newMemory(t, 10), newMemory(t, 50)
	got, survey := look(t, src.driver(t), dst.driver(t), probe.Options{Connections: 4, Large: true})
	for key, f := range got {
		broken := f.Check == "odd-header-line" || f.Check == "odd-header-from" // go-imap's server cannot show such headers
		if broken != (f.Level == probe.Red) {
			t.Errorf("%s: %+v", key, f)
		}
	}
	for _, want := range []string{"both plan", "destination bytes", "destination keywords", "destination appenduid", "destination dates", "destination twins",
		"destination pipeline", "destination recreate", "destination names", "destination scratch", "destination large", "source uidvalidity", "source mail"} {
		if f, ok := got[want]; !ok || f.Level != probe.Green {
			t.Errorf("%s: %+v", want, f)
		}
	}
	if survey.Messages != 9 || survey.Folders != 3 || !survey.Whole || survey.Largest != 614 {
		t.Errorf("survey %+v", survey)
	}
	for name, m := range map[string]memory{"source": src, "destination": dst} {
		if names := folderNames(t, m); !slices.Equal(names, []string{"INBOX", "Sent", "Work", "Work/Old"}) && !slices.Equal(names, []string{"INBOX", "Sent", "Work/Old"}) {
			t.Errorf("folders on the %s afterwards: %q", name, names)
		}
	}
}

func folderNames(t *testing.T, m memory) (names []string) {
	t.Helper()
	mail, err := m.driver(t).Login(t.Context(), user, pass)
	if err != nil {
		t.Fatal(err)
	}
	defer mail.Close()
	fs, err := mail.Folders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fs {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	return names
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

// TestQuirks: each thing that a server may do wrong is found, under its name.
func TestQuirks(t *testing.T) {
	withoutKeywords := func(f mapping.Flags) mapping.Flags { return f.Remove(mapping.NewFlags("$Forwarded", "CrossfadeCheck")) }
	for _, c := range []struct {
		name  string
		q     quirks
		want  string // side and check
		level probe.Level
		words string
	}{
		{"rewrites", quirks{append: func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
			return next(altered(items, func(b []byte) []byte { return append([]byte("X-Scanned: yes\r\n"), b...) }))
		}}, "destination bytes", probe.Red, "X-Scanned: yes"},
		{"drops keywords on APPEND", quirks{append: func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
			items = slices.Clone(items)
			for i := range items {
				items[i].Flags = withoutKeywords(items[i].Flags)
			}
			return next(items)
		}}, "destination keywords", probe.Green, "dropped by APPEND and kept by STORE"},
		{"keeps no keywords", quirks{store: true, entry: func(e *backfill.Entry) { e.Flags = withoutKeywords(e.Flags) }}, "destination keywords", probe.Yellow, "does not keep keywords: $Forwarded CrossfadeCheck"},
		{"loses flags", quirks{entry: func(e *backfill.Entry) { e.Flags = e.Flags.Remove(`\Answered`) }}, "destination flags", probe.Yellow, `\Answered`},
		{"dates are now", quirks{entry: func(e *backfill.Entry) { e.Date = time.Now() }}, "destination date-past", probe.Red, "becomes"},
		{"no future", quirks{entry: func(e *backfill.Entry) {
			if e.Date.After(time.Now()) {
				e.Date = time.Now()
			}
		}}, "destination date-future", probe.Yellow, "in the future becomes"},
		{"lies about UIDs", quirks{append: func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
			r, err := next(items)
			for i := range r {
				r[i].UID++
			}
			return r, err
		}}, "destination appenduid", probe.Red, "APPENDUID said"},
		{"tells no UIDs", quirks{append: func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
			r, err := next(items)
			for i := range r {
				r[i] = backfill.AppendResult{}
			}
			return r, err
		}}, "destination appenduid", probe.Yellow, "tells no APPENDUID"},
		{"no UIDVALIDITY", quirks{state: func(_ string, s *backfill.BoxState) { s.UIDValidity = 0 }}, "destination uidvalidity", probe.Red, "UIDVALIDITY 0"},
		{"one UIDVALIDITY", quirks{state: func(_ string, s *backfill.BoxState) { s.UIDValidity = 1 }}, "destination recreate", probe.Red, "same UIDVALIDITY 1"},
		{"refuses NUL", quirks{append: func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
			if strings.Contains(read(items[0]), "\x00") {
				return refusedItem("no NUL here"), nil
			}
			return next(items)
		}}, "destination odd-nul", probe.Yellow, "no NUL here"},
		{"mends line ends", quirks{append: func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
			return next(altered(items, func(b []byte) []byte {
				return bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
			}))
		}}, "destination odd-bare-lf", probe.Yellow, "other line ends"},
		{"removes duplicates", quirks{append: func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
			if len(items) == 3 {
				r, err := next(items[:1])
				return append(r, r[0], r[0]), err
			}
			return next(items)
		}}, "destination twins", probe.Red, "removes duplicates"},
		{"loses one in a row", quirks{append: func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
			r, err := next(items[:max(1, min(19, len(items)))])
			for len(r) < len(items) {
				r = append(r, r[0])
			}
			return r, err
		}}, "destination pipeline", probe.Red, "19 are there"},
		{"clock is late", quirks{entry: func(e *backfill.Entry) { e.Date = e.Date.Add(-time.Hour) }}, "destination clock", probe.Yellow, "1h0m"},
		{"large mail is refused", quirks{append: func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
			if items[0].Size > 10e6 {
				return refusedItem("too large"), nil
			}
			return next(items)
		}}, "destination large", probe.Yellow, "of 10 MB and refuses one of 30 MB: too large"},
		{"no long names", quirks{create: func(box string) error {
			if len(box) > 200 {
				return said("name too long")
			}
			return nil
		}}, "destination name-long", probe.Yellow, "of 120 characters is taken, one of 200"},
		{"flat", quirks{create: func(box string) error {
			if strings.Count(box, "/") > 3 {
				return said("too deep")
			}
			return nil
		}}, "destination name-deep", probe.Yellow, "4 levels deep; one more is refused: too deep"},
		{"no case", quirks{create: func(box string) error {
			if strings.HasSuffix(box, "/case") {
				return said("already exists")
			}
			return nil
		}}, "destination name-case", probe.Yellow, "are one folder"},
		{"no wildcards in names", quirks{create: func(box string) error {
			if strings.Contains(box, "%") {
				return said("invalid name")
			}
			return nil
		}}, "destination name-wildcard", probe.Yellow, "invalid name"},
		{"trims names", quirks{folders: func(fs []backfill.Folder) []backfill.Folder {
			for i := range fs {
				last := len(fs[i].Path) - 1
				fs[i].Path = append(slices.Clone(fs[i].Path[:last]), strings.TrimSpace(fs[i].Path[last]))
			}
			return fs
		}}, "destination name-blanks", probe.Yellow, "comes back as another"},
		{"no folders at all", quirks{create: func(string) error { return said("permission denied") }}, "destination scratch", probe.Red, "permission denied"},
		{"breaks off", quirks{append: func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
			return nil, &backfill.Error{Op: "APPEND", Scope: backfill.AccountScope, Code: "OVERQUOTA", Text: "full"}
		}}, "destination writing", probe.Red, "[OVERQUOTA] full"},
		{"too small a quota", quirks{quota: []backfill.Quota{{Resource: "STORAGE", Used: 1 << 20, Limit: 1<<20 + 100}}}, "destination quota", probe.Red, "leaves 100 bytes"},
		{"too few messages", quirks{quota: []backfill.Quota{{Resource: "MESSAGE", Limit: 9}}}, "destination quota", probe.Yellow, "9 messages"},
		{"too small a limit", quirks{limit: 500}, "destination append-limit", probe.Red, "up to 500 bytes"},
		{"few connections", quirks{connections: 2}, "destination connections", probe.Red, "only 2 of 4"},
		{"nearly enough connections", quirks{connections: 3}, "destination connections", probe.Yellow, "Too many connections"},
		{"refuses the login", quirks{login: &backfill.Error{Op: "login", Code: "AUTHENTICATIONFAILED", Text: "no"}}, "destination login", probe.Red, "[AUTHENTICATIONFAILED] no"},
		{"has next to nothing", quirks{caps: imap.CapSet{imap.CapIMAP4rev1: {}}}, "destination uidplus", probe.Yellow, "no UIDPLUS"},
		{"no role marks", quirks{caps: imap.CapSet{imap.CapIMAP4rev1: {}}}, "destination special-use", probe.Yellow, "told by their names"},
		{"leaves folders", quirks{folders: func(fs []backfill.Folder) []backfill.Folder {
			return append(fs, backfill.Folder{Name: "Crossfade check old", Path: mapping.Path{"Crossfade check old"}})
		}}, "destination leftover", probe.Yellow, "Crossfade check old"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			src, dst := newMemory(t, 10), newMemory(t, 50)
			got, _ := look(t, src.driver(t), quirky{dst.driver(t), c.q}, probe.Options{Connections: 4, Large: strings.HasSuffix(c.want, "large")})
			f, ok := got[c.want]
			if !ok || f.Level != c.level || !strings.Contains(f.Text, c.words) {
				t.Errorf("%s: %+v\nall: %v", c.want, f, got)
			}
			if c.name != "leaves folders" {
				for _, name := range folderNames(t, dst) {
					if strings.Contains(name, "Crossfade") {
						t.Errorf("%q is left behind", name)
					}
				}
			}
		})
	}
}

// TestSourceQuirks: what can be wrong with the old server.
func TestSourceQuirks(t *testing.T) {
	count := uint32(100)
	for _, c := range []struct {
		name  string
		q     quirks
		want  string
		level probe.Level
		words string
	}{
		{"another UIDVALIDITY each time", quirks{state: func(_ string, s *backfill.BoxState) { count++; s.UIDValidity = count }}, "source uidvalidity", probe.Red, "without anybody having touched it"},
		{"UIDVALIDITY 0", quirks{state: func(_ string, s *backfill.BoxState) { s.UIDValidity = 0 }}, "source uidvalidity", probe.Red, "UIDVALIDITY 0"},
		{"a folder that does not open", quirks{folders: func(fs []backfill.Folder) []backfill.Folder {
			return append(fs, backfill.Folder{Name: "Gone", Path: mapping.Path{"Gone"}})
		}}, "source folder", probe.Yellow, `"Gone" cannot be listed`},
		{"names that the destination cannot have", quirks{folders: func(fs []backfill.Folder) []backfill.Folder {
			for i := range fs {
				fs[i].Separator = "."
			}
			return append(fs, backfill.Folder{Name: "a/b", Path: mapping.Path{"a/b"}, Separator: "."})
		}}, "both plan-names", probe.Yellow, "a=2Fb"},
		{"the same UIDVALIDITY", quirks{state: func(_ string, s *backfill.BoxState) { s.UIDValidity = 51 }}, "both inbox-uidvalidity", probe.Yellow, "51 on both sides"},
		{"refuses the login", quirks{login: &backfill.Error{Op: "login", Scope: backfill.HostScope, Text: "busy"}}, "source login", probe.Red, "busy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			src, dst := newMemory(t, 10), newMemory(t, 50)
			got, _ := look(t, quirky{src.driver(t), c.q}, dst.driver(t), probe.Options{})
			if f, ok := got[c.want]; !ok || f.Level != c.level || !strings.Contains(f.Text, c.words) {
				t.Errorf("%s: %+v\nall: %v", c.want, f, got)
			}
		})
	}
}

// TestBeyond: what the source has and the destination was seen not to take is red.
func TestBeyond(t *testing.T) {
	src, dst := newMemory(t, 10), newMemory(t, 50)
	deep := "d" + strings.Repeat("/d", 6)
	for _, name := range []string{strings.Repeat("y", 130), deep, "Work/Same", "Work/same"} {
		if err := src.user.Create(name, nil); err != nil {
			t.Fatal(err)
		}
	}
	big := []byte("Subject: big\r\n\r\n" + strings.Repeat("0123456789abcdef\r\n", 70_000))
	if _, err := src.user.Append("INBOX", literal{bytes.NewReader(big)}, &imap.AppendOptions{Time: time.Now()}); err != nil {
		t.Fatal(err)
	}
	q := quirks{create: func(box string) error {
		_, last, _ := strings.Cut(box, "/")
		switch {
		case len(last) > 125:
			return said("too long")
		case strings.Count(box, "/") > 3:
			return said("too deep")
		case strings.HasSuffix(box, "/case"):
			return said("already exists")
		}
		return nil
	}, append: func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
		if items[0].Size > 1e6 {
			return refusedItem("too large"), nil
		}
		return next(items)
	}}
	got, _ := look(t, src.driver(t), quirky{dst.driver(t), q}, probe.Options{Large: true})
	for check, words := range map[string]string{"large": "1260 kB", "plan-long": "yyy", "plan-deep": "d / d / d", "plan-case": "Same"} {
		f, ok := got["both "+check]
		if !ok || f.Level != probe.Red || !strings.Contains(strings.ToLower(f.Text), strings.ToLower(words)) {
			t.Errorf("%s: %+v", check, f)
		}
	}
}

// TestInterrupted: the scratch folder goes also when the check is stopped in the middle of its work.
func TestInterrupted(t *testing.T) {
	src, dst := newMemory(t, 10), newMemory(t, 50)
	ctx, stop := context.WithCancel(t.Context())
	removed := false
	probe.Run(ctx, probe.Options{Source: src.driver(t), Destination: dst.driver(t), User: user, Secret: pass, Tell: func(f probe.Finding) {
		if f.Check == "bytes" {
			stop()
		}
		removed = removed || f.Check == "scratch" && f.Level == probe.Green
	}})
	if !removed || ctx.Err() == nil {
		t.Errorf("removed %t, %v", removed, ctx.Err())
	}
	for _, name := range folderNames(t, dst) {
		if strings.Contains(name, "Crossfade") {
			t.Errorf("%q is left behind", name)
		}
	}
}

// TestFence: whatever a probe's code does, nothing outside the scratch folder is changed.
func TestFence(t *testing.T) {
	probe.CheckFence(t, newMemory(t, 1).driver(t), user, pass)
}
