package probe

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/mapping"
)

// scratchName begins the names of the folders that probes write into.
const scratchName = "Crossfade check "

// scratch is the folder that a probe writes into.
type scratch struct {
	fence
	path  mapping.Path
	box   string // where messages are written: the folder itself, or one below
	boxes int
	last  uint32 // the highest UID seen in box

	limits
	validity uint32 // of the folder itself
	told     int    // APPENDUIDs that could be compared
	lie      string // one that was wrong
}

// fence lets nothing be changed but one folder and those below it.
type fence struct {
	backfill.Writer
	root, sep string
}

var errFence = errors.New("the probe may only write into its own folder")

func (f fence) check(boxes ...string) error {
	for _, box := range boxes {
		if below, ok := strings.CutPrefix(box, f.root); !ok || below != "" && (f.sep == "" || !strings.HasPrefix(below, f.sep)) {
			return fmt.Errorf("%q: %w", box, errFence)
		}
	}
	return nil
}

func (f fence) Append(ctx context.Context, box string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
	if err := f.check(box); err != nil {
		return nil, err
	}
	return f.Writer.Append(ctx, box, items)
}

func (f fence) Store(ctx context.Context, box string, uidValidity uint32, uids imap.UIDSet, op backfill.FlagOp, flags mapping.Flags) (map[uint32]mapping.Flags, error) {
	if err := f.check(box); err != nil {
		return nil, err
	}
	return f.Writer.Store(ctx, box, uidValidity, uids, op, flags)
}

func (f fence) Expunge(ctx context.Context, box string, uidValidity uint32, uids imap.UIDSet) error {
	if err := f.check(box); err != nil {
		return err
	}
	return f.Writer.Expunge(ctx, box, uidValidity, uids)
}

func (f fence) Copy(ctx context.Context, box string, uidValidity uint32, uids imap.UIDSet, to string) (backfill.Copied, error) {
	if err := f.check(box, to); err != nil {
		return backfill.Copied{}, err
	}
	return f.Writer.Copy(ctx, box, uidValidity, uids, to)
}

func (f fence) Move(ctx context.Context, box string, uidValidity uint32, uids imap.UIDSet, to string) (backfill.Copied, error) {
	if err := f.check(box, to); err != nil {
		return backfill.Copied{}, err
	}
	return f.Writer.Move(ctx, box, uidValidity, uids, to)
}

func (f fence) Create(ctx context.Context, box string) error {
	if err := f.check(box); err != nil {
		return err
	}
	return f.Writer.Create(ctx, box)
}

func (f fence) Delete(ctx context.Context, box string) error {
	if err := f.check(box); err != nil {
		return err
	}
	return f.Writer.Delete(ctx, box)
}

func (f fence) Rename(ctx context.Context, box, to string) error {
	if err := f.check(box, to); err != nil {
		return err
	}
	return f.Writer.Rename(ctx, box, to)
}

func (f fence) Subscribe(ctx context.Context, box string, on bool) error {
	if err := f.check(box); err != nil {
		return err
	}
	return f.Writer.Subscribe(ctx, box, on)
}

// newScratch makes a folder with a name that nobody else has.
func newScratch(ctx context.Context, w backfill.Writer) (*scratch, error) {
	f := w.Features()
	path := w.Path(f.Prefix + scratchName + strings.ToLower(rand.Text()[:8]))
	s := &scratch{path: path, fence: fence{w, w.Name(path), f.Separator}}
	s.box = s.root
	_, err := step(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.Create(ctx, s.root) })
	return s, err
}

// fresh goes on in a new folder below: the old one cannot be listed any more.
func (s *scratch) fresh(ctx context.Context) error {
	s.boxes++
	s.box, s.last = s.child(fmt.Sprintf("part %d", s.boxes+1)), 0
	_, err := step(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.Create(ctx, s.box) })
	return err
}

// child is the raw name of a folder below.
func (s *scratch) child(names ...string) string {
	return s.Name(append(slices.Clone(s.path), names...))
}

// remove deletes the folder with all below it, and tells if something is left. It has time of its own: it also runs
// after an interrupt.
func (s *scratch) remove(ctx context.Context, n notes) {
	ctx = context.WithoutCancel(ctx)
	var err error
	for try := range 4 {
		time.Sleep(time.Duration(try*try) * time.Second)
		if _, err = step(ctx, s.clear); err == nil {
			n.green("scratch", "the scratch folder %q has been removed", s.path.String())
			return
		}
	}
	n.red("scratch", "delete it with a mail program", "the scratch folder %q could not be removed: %s", s.path.String(), words(err))
}

// clear deletes what there is of it, children first.
func (s *scratch) clear(ctx context.Context) (struct{}, error) {
	var none struct{}
	var last error
	for range 3 { // a server may show a parent only once its children are gone
		all, err := s.Folders(ctx)
		if err != nil {
			return none, err
		}
		mine := slices.DeleteFunc(all, func(f backfill.Folder) bool { return s.check(f.Name) != nil })
		if !slices.ContainsFunc(mine, selectable) {
			return none, nil
		}
		slices.SortFunc(mine, func(a, b backfill.Folder) int { return cmp.Compare(len(b.Name), len(a.Name)) })
		last = nil
		for _, f := range mine {
			if f.Subscribed {
				_ = s.Subscribe(ctx, f.Name, false) // a server may have done so by itself
			}
			if err := s.Delete(ctx, f.Name); err != nil && selectable(f) {
				last = err
			}
		}
	}
	return none, cmp.Or(last, errors.New("it is still listed"))
}

// letter is a message to be written.
type letter struct {
	flags mapping.Flags
	date  time.Time
	text  []byte
}

// newLetter makes a message like those that people write, with a Message-ID of its own.
func newLetter(subject string) letter {
	id := strings.ToLower(rand.Text())
	return letter{date: time.Date(2011, 10, 9, 8, 7, 6, 0, time.UTC), text: []byte("Received: from mail.example.org by mail.example.net; Sun, 9 Oct 2011 08:07:06 +0000\r\n" +
		"From: Crossfade check <check@example.org>\r\nTo: check@example.org\r\nSubject: " + subject + "\r\nDate: Sun, 9 Oct 2011 08:07:00 +0000\r\n" +
		"Message-ID: <" + id + "@check.example.org>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" +
		"A test message that may be deleted. Größe, Đã xử lý. \r\n.\r\nFrom here on, the end.  \r\n")}
}

func (l letter) item() backfill.AppendItem {
	return backfill.AppendItem{Flags: l.flags, Date: l.date, Size: int64(len(l.text)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(l.text)), nil }}
}

// put writes messages and returns what the server said and what came of it, in UID order.
func (s *scratch) put(ctx context.Context, letters ...letter) ([]backfill.AppendResult, []found, error) {
	var items []backfill.AppendItem
	for _, l := range letters {
		items = append(items, l.item())
	}
	results, err := step(ctx, func(ctx context.Context) ([]backfill.AppendResult, error) { return s.Append(ctx, s.box, items) })
	if err == nil && len(results) < len(letters) {
		err = fmt.Errorf("of %d messages only %d were answered", len(letters), len(results))
	}
	if err != nil {
		return results, nil, err
	}
	got, err := s.arrived(ctx)
	if err == nil {
		s.hold(results, got)
		err = s.read(ctx, got)
	}
	if err != nil && !fatal(err) {
		err = &unseenError{err}
	}
	return results, got, err
}

// unseenError is a message that was written and cannot be looked at.
type unseenError struct{ err error }

func (u *unseenError) Error() string { return u.err.Error() }
func (u *unseenError) Unwrap() error { return u.err }

// found is a message as the destination shows it.
type found struct {
	backfill.Entry
	text []byte
}

// arrived lists what has come since it was last called.
func (s *scratch) arrived(ctx context.Context) (got []found, err error) {
	_, err = step(ctx, func(ctx context.Context) (backfill.BoxState, error) {
		got = nil
		return s.Scan(ctx, s.box, backfill.Scan{Flags: true, Details: true}, func(e backfill.Entry) error {
			if e.UID > s.last {
				got = append(got, found{Entry: e})
			}
			return nil
		})
	})
	for _, g := range got {
		s.last = max(s.last, g.UID)
	}
	return got, err
}

// read fetches the bytes.
func (s *scratch) read(ctx context.Context, got []found) error {
	if len(got) == 0 {
		return nil
	}
	var uids imap.UIDSet
	for _, g := range got {
		uids.AddNum(imap.UID(g.UID))
	}
	_, err := step(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.Read(ctx, s.box, 0, uids, func(m *backfill.Message) error {
			text, err := io.ReadAll(m.Body)
			for i := range got {
				if got[i].UID == m.UID {
					got[i].text = text
				}
			}
			return err
		})
	})
	return err
}

// fatal tells an error after which there is no going on: the server does not answer, or says that it has no room.
func fatal(err error) bool {
	var e *backfill.Error
	return !errors.As(err, &e) || e.Scope == backfill.HostScope || full(err) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// full tells a refusal for want of room.
func full(err error) bool {
	var e *backfill.Error
	return errors.As(err, &e) && e.Code == "OVERQUOTA"
}

// onlyFatal is err if there is no going on after it; else it has been told.
func onlyFatal(err error) error {
	if fatal(err) {
		return err
	}
	return nil
}
