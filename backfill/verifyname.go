package backfill

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/emersion/go-imap/v2"

	"crossfade/store"
)

// refusals adds the quarantined messages; in a folder that the destination refuses, all of them.
func (f *folder) refusals(r *FolderReport, j *comparison) error {
	qs, err := f.quarantined()
	if err != nil {
		return err
	}
	for _, q := range qs {
		l, ok := f.get(q.UID)
		if !ok || l.State != store.Quarantined {
			continue // on its way again
		}
		r.Refused = append(r.Refused, Refused{UID: q.UID, Class: classOf(q).String(), Reason: q.Reason, Code: q.Code, Words: q.Words, SignedOff: q.SignedOff})
		if q.SignedOff != nil {
			r.SignedOff++
			j.done(!isBorrowed(j.rec, l.Box) && j.below[l.Box].at(l.Src) != nil)
		}
	}
	f.mu.RLock()
	refused, ok := f.problems["create"]
	f.mu.RUnlock()
	if ok {
		for _, l := range f.where(func(l *store.Link) bool { return l.State == store.Listed }) {
			r.Refused = append(r.Refused, Refused{UID: l.UID, Class: "folder", Reason: "the destination refuses the folder", Words: refused.Text})
		}
		r.Waiting -= min(r.Waiting, f.counted().states[store.Listed])
	}
	return nil
}

// isBorrowed tells whether a source folder is one of which only single messages are linked here.
func isBorrowed(rec store.Folder, b uint16) bool {
	return int(b) < len(rec.Sources) && rec.Sources[b].Borrowed
}

// nameThem asks for the Message-IDs of the messages that are named: of the source, of the destination where only that
// has it. A server that does not tell them spoils nothing.
func (f *folder) nameThem(ctx context.Context, r *FolderReport) {
	rec := f.record()
	bySource := make(map[uint16]map[uint32][]*Difference)
	byDest := make(map[uint32][]*Difference)
	for i := range r.Differences {
		d := &r.Differences[i]
		switch {
		case d.SourceUID != 0:
			if bySource[d.box] == nil {
				bySource[d.box] = make(map[uint32][]*Difference)
			}
			bySource[d.box][d.SourceUID] = append(bySource[d.box][d.SourceUID], d)
		case d.DestUID != 0:
			byDest[d.DestUID] = append(byDest[d.DestUID], d)
		}
	}
	var first error
	for b, asked := range bySource {
		src, err := f.acct.source(ctx)
		if err == nil {
			err = messageIDs(ctx, src, rec.Sources[b].Name, rec.Sources[b].UIDValidity, asked)
		}
		first = errors.Join(first, err)
	}
	if len(byDest) > 0 {
		w, err := f.acct.dest(ctx)
		if err == nil {
			err = messageIDs(ctx, w, rec.Name, rec.DestUIDValidity, byDest)
		}
		first = errors.Join(first, err)
	}
	if first != nil {
		f.acct.log.Warn("not all messages of a comparison could be named", "folder", rec.Name, "err", first)
	}
}

// messageIDs fills in the Message-IDs of one server's folder.
func messageIDs(ctx context.Context, m Mail, box string, validity uint32, asked map[uint32][]*Difference) error {
	want := RawFetch{UIDValidity: validity, Items: []string{"BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"}}
	for uid := range asked {
		want.UIDs.AddNum(imap.UID(uid))
	}
	return m.FetchRaw(ctx, box, want, func(it *RawItem) error {
		for {
			att, err := it.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			text := att.Value
			if att.Literal != nil {
				if text, err = io.ReadAll(io.LimitReader(att.Literal, headerKept)); err != nil {
					return err
				}
				if _, err := io.Copy(io.Discard, att.Literal); err != nil {
					return err
				}
			}
			for _, d := range asked[it.UID] {
				d.MessageID = messageIDText(headerOf(text))
			}
		}
	})
}

// maxMessageID keeps a report readable.
const maxMessageID = 250

// messageIDText finds the Message-ID in a header block, as it stands there.
func messageIDText(header []byte) string {
	for len(header) > 0 {
		line, rest, _ := bytes.Cut(header, []byte("\n"))
		header = rest
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || !strings.EqualFold(string(bytes.TrimSpace(name)), "message-id") {
			continue
		}
		text := strings.TrimSpace(string(value))
		if text == "" { // folded behind the colon
			next, _, _ := bytes.Cut(header, []byte("\n"))
			text = strings.TrimSpace(string(next))
		}
		text = strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f {
				return -1
			}
			return r
		}, strings.ToValidUTF8(text, "?"))
		return text[:min(len(text), maxMessageID)]
	}
	return ""
}
