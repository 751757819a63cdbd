package imap

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
)

// pageMessages is about how many messages one command of a scan lists: it bounds the memory of a scan.
const pageMessages = 20_000

// scan is one listing under way.
type scan struct {
	c     *conn
	what  backfill.Scan
	items string
	must  got

	vanish bool // what vanished is asked for, too

	page   []listed
	sorted bool
	flags  flagCache
	listed uint32
	last   uint32
}

// Scan implements backfill.Mail. Where a server gives no usable RFC822.SIZE, asked twice, Entry.Size is -1;
// where it gives no usable INTERNALDATE, Date is zero.
func (a *account) Scan(ctx context.Context, box string, what backfill.Scan, each func(backfill.Entry) error) (backfill.BoxState, error) {
	var state backfill.BoxState
	err := a.do(ctx, need{op: "scan", box: box, validity: what.UIDValidity}, func(c *conn) error {
		if what.ChangedSince > 0 && !c.condstore() {
			return &backfill.Error{Op: "scan", Host: c.host, Scope: backfill.FolderScope, Patience: backfill.Never, Err: backfill.ErrNotOffered}
		}
		s := newScan(c, what)
		if !c.now && !(s.full() && c.state.Exists == 0) { // that one is opened anew
			if err := c.must("NOOP"); err != nil {
				return err
			}
		}
		if what.Vanished != nil && what.ChangedSince > 0 {
			var err error
			if s.vanish, err = c.resync(); err != nil {
				return err
			}
		}
		modseq := c.state.HighestModSeq // not what changes meanwhile: the next scan must see that
		if s.full() && what.Flags {
			c.news, c.polled = news{}, true
		}
		if err := s.run(each); err != nil {
			return err
		}
		state = c.state
		state.HighestModSeq = modseq
		if s.last >= state.UIDNext && s.last < math.MaxUint32 {
			state.UIDNext = s.last + 1
		}
		return nil
	})
	return state, err
}

func newScan(c *conn, what backfill.Scan) *scan {
	s := &scan{c: c, what: what, items: "(UID", must: gotUID, sorted: true, flags: flagCache{}}
	if what.Flags {
		s.items += " FLAGS"
		s.must |= gotFlags
	}
	if what.Details {
		s.items += " RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"
		s.must |= gotSize | gotDate | gotHeader
	} else if what.Sizes {
		s.items += " RFC822.SIZE"
		s.must |= gotSize
	}
	s.items += ")"
	return s
}

func (s *scan) full() bool { return s.what.UIDs == nil && s.what.ChangedSince == 0 }

// run lists page by page, then what has come meanwhile, and compares the count with what the server says
// exists.
func (s *scan) run(each func(backfill.Entry) error) error {
	if s.full() && s.c.state.Exists == 0 && !s.c.now {
		if err := s.c.reopen("scan"); err != nil { // EXPUNGEs may have been told twice
			return err
		}
	}
	if s.c.state.Exists == 0 && s.what.UIDs == nil {
		return nil
	}
	gone := s.c.gone
	if s.what.UIDs == nil && s.what.ChangedSince == 0 {
		s.page = make([]listed, 0, min(s.c.state.Exists, pageMessages)) // growing costs more than to list
	}
	for _, page := range s.pages() {
		if err := s.list(page, each); err != nil {
			return err
		}
	}
	if !s.full() {
		return nil
	}
	for range 5 {
		if s.listed >= s.c.state.Exists || s.last == math.MaxUint32 {
			break
		}
		before := s.listed
		if err := s.list(setText(s.last+1, star), each); err != nil {
			return err
		}
		if s.listed == before {
			break
		}
	}
	return s.check(s.c.gone - gone)
}

// check compares the number of messages listed with what exists, gone of which were expunged meanwhile. Where they
// differ, the mailbox is opened anew for a number that does not rest on counting.
func (s *scan) check(gone uint32) error {
	exists := s.c.state.Exists
	if s.listed >= exists && uint64(s.listed) <= uint64(exists)+uint64(gone) {
		return nil
	}
	if err := s.c.reopen("scan"); err != nil {
		return err
	}
	if s.listed == s.c.state.Exists {
		return nil
	}
	return &backfill.Error{
		Op: "scan", Host: s.c.host, Scope: backfill.FolderScope, Patience: backfill.Now,
		Err: fmt.Errorf("the server listed %d messages of %d", s.listed, s.c.state.Exists),
	}
}

func setText(from, to uint32) string {
	return string(appendUID(append(appendUID(nil, goimap.UID(from)), ':'), goimap.UID(to)))
}

// pages cuts the UIDs to be listed so that a page holds about pageMessages if they lie evenly.
func (s *scan) pages() []string {
	step := s.step()
	if s.what.UIDs == nil {
		if step == 0 {
			return []string{"1:*"}
		}
		var out []string
		from := uint64(1)
		for ; from+step < uint64(s.c.state.UIDNext); from += step {
			out = append(out, setText(uint32(from), uint32(from+step-1)))
		}
		return append(out, setText(uint32(from), star))
	}
	if step == 0 {
		return chunks(s.what.UIDs)
	}
	var out []string
	for _, r := range s.what.UIDs {
		from, to := uint64(r.Start), uint64(r.Stop)
		if from == star || to == star || to < from || to-from < step {
			out = append(out, chunks(goimap.UIDSet{r})...)
			continue
		}
		for ; from <= to; from += step {
			out = append(out, setText(uint32(from), uint32(min(to, from+step-1))))
		}
	}
	return out
}

// step is the length of a page in UIDs; 0 if one page holds all.
func (s *scan) step() uint64 {
	exists, next := uint64(s.c.state.Exists), uint64(s.c.state.UIDNext)
	if exists <= pageMessages || next == 0 {
		return 0
	}
	return max(1, next/(exists/pageMessages+1))
}

// list lists one page. What was not told completely is asked for once more.
func (s *scan) list(page string, each func(backfill.Entry) error) error {
	s.page, s.sorted = s.page[:0], true
	lost := s.c.lost
	if err := s.fetch(page); err != nil {
		return err
	}
	s.tidy()
	again := s.incomplete()
	if len(again) > 0 || s.c.lost > lost {
		retry := chunks(backfill.SetOf(again))
		if s.c.lost > lost {
			retry = []string{page} // whose answers were lost cannot be known
			s.vanish = false       // perhaps it was that: of a million numbers, for one
		}
		lost = s.c.lost
		for _, set := range retry {
			if err := s.fetch(set); err != nil {
				return err
			}
		}
		s.tidy()
		if s.c.lost > lost {
			return s.itemError(0)
		}
	}
	for i := range s.page {
		if err := s.tell(&s.page[i], each); err != nil {
			return err
		}
	}
	return nil
}

func (s *scan) fetch(set string) error {
	cmd := "UID FETCH " + set + " " + s.items
	h := handler{fetch: s.answer}
	if s.what.ChangedSince > 0 {
		cmd += " (CHANGEDSINCE " + strconv.FormatUint(s.what.ChangedSince, 10)
		if s.vanish {
			cmd += " VANISHED"
			h.vanished = s.what.Vanished
		}
		cmd += ")"
	}
	st, err := s.c.command(h, cmd)
	if err != nil {
		return err
	}
	if st.ok() {
		return nil
	}
	e := s.c.refused("UID FETCH", st, backfill.FolderScope)
	if s.vanish && e.Scope == backfill.FolderScope && e.Err == nil {
		s.vanish, s.c.noResync = false, true // perhaps it was that
		return s.fetch(set)
	}
	return e
}

// tidy puts the page into ascending order and merges what was told in several answers.
func (s *scan) tidy() {
	if !s.sorted {
		slices.SortStableFunc(s.page, func(a, b listed) int { return cmp.Compare(a.UID, b.UID) })
		out := s.page[:0]
		for _, e := range s.page {
			if n := len(out); n > 0 && out[n-1].UID == e.UID {
				out[n-1].merge(e)
				continue
			}
			out = append(out, e)
		}
		s.page, s.sorted = out, true
	}
}

func (s *scan) incomplete() (uids []uint32) {
	for _, e := range s.page {
		if e.got&s.must != s.must {
			uids = append(uids, e.UID)
		}
	}
	return uids
}

// tell passes one entry on, once.
func (s *scan) tell(e *listed, each func(backfill.Entry) error) error {
	if e.UID <= s.last && s.full() || s.what.UIDs != nil && !contains(s.what.UIDs, e.UID) {
		return nil
	}
	if e.got&s.must&^(gotSize|gotDate) != s.must&^(gotSize|gotDate) {
		if e.got&^(gotUID|gotFlags|gotModSeq) == 0 && s.what.Details {
			return nil // only its flags were told, unasked: it does not exist any more
		}
		return s.itemError(e.UID)
	}
	if s.must&gotSize != 0 && e.got&gotSize == 0 {
		if s.must == gotUID|gotSize && e.got&gotFlags != 0 {
			return nil // likewise
		}
		e.Size = -1
	}
	s.last = max(s.last, e.UID)
	s.listed++
	return each(e.Entry)
}

func (s *scan) itemError(uid uint32) error {
	return &backfill.Error{Op: "scan", Host: s.c.host, Scope: backfill.Item, Patience: backfill.Later, UID: uid, Err: errOdd}
}
