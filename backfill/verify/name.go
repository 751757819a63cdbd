package verify

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"crossfade/store"
)

// refusals adds the messages that were refused; in a folder that the destination refuses, all of them. Their records are
// read after the links: a message without one, that was refused when its link was judged, is on its way again. It waits,
// so that no message is neither here nor there.
func (j *comparison) refusals() error {
	refused, whole, err := j.folder.Refused()
	if err != nil {
		return err
	}
	r := &j.report
	for _, q := range refused {
		at, ok := j.quarantined[q.UID]
		if !ok {
			continue // on its way again
		}
		delete(j.quarantined, q.UID)
		r.Refused = append(r.Refused, q)
		if q.SignedOff != nil {
			r.SignedOff++
			j.done(!j.head.borrowed(at.box) && j.below[at.box].at(at.uid) != nil)
		}
	}
	for _, uid := range slices.Sorted(maps.Keys(j.quarantined)) {
		at := j.quarantined[uid]
		j.waits(Link{Link: &store.Link{UID: uid, Src: at.uid, Box: at.box, State: store.Listed}}, nil)
	}
	if whole == "" {
		return nil
	}
	waiting := 0
	j.folder.Links(func(l Link) {
		if l.State == store.Listed {
			r.Refused = append(r.Refused, Refused{UID: l.UID, Class: "folder", Reason: "the destination refuses the folder", Words: whole})
			waiting++
		}
	})
	r.Waiting -= min(r.Waiting, waiting)
	return nil
}

// nameThem asks for the Message-IDs of the messages that are named: of the source, of the destination where only that
// has it. A server that does not tell them spoils nothing.
func (j *comparison) nameThem(ctx context.Context) error {
	r := &j.report
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
	var errs error
	for b, asked := range bySource {
		errs = errors.Join(errs, messageIDs(ctx, &j.head.Sources[b], asked))
	}
	if len(byDest) > 0 {
		errs = errors.Join(errs, messageIDs(ctx, &j.head.Dest, byDest))
	}
	return errs
}

// messageIDs fills in the Message-IDs of one server's folder.
func messageIDs(ctx context.Context, s *Side, asked map[uint32][]*Difference) error {
	box, err := s.Open(ctx)
	if err != nil {
		return err
	}
	var uids imap.UIDSet
	for uid := range asked {
		uids.AddNum(imap.UID(uid))
	}
	return box.Headers(ctx, uids, func(uid uint32, header []byte) {
		for _, d := range asked[uid] {
			d.MessageID = messageIDText(header)
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
