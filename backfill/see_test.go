package backfill

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"crossfade/mapping"
)

// told remembers which message every shown UID named, for as long as the test lives: none may ever name another, and what
// is new has a greater one than all that were told.
type told struct {
	mu   sync.Mutex
	was  map[string]string
	high map[string]uint32
}

func (h *told) note(t tester, folder string, validity, uid uint32, body string) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.was == nil {
		h.was, h.high = map[string]string{}, map[string]uint32{}
	}
	key := fmt.Sprintf("%s %d/%d", folder, validity, uid)
	old, ok := h.was[key]
	if ok && old != body {
		t.Errorf("%s was told for %q and now for %q", key, old, body)
	}
	if high := h.high[fmt.Sprint(folder, validity)]; !ok && uid <= high {
		t.Errorf("%s is new, and %d was told before", key, high)
	}
	h.was[key] = body
}

// seen notes the greatest UID of a look that is through.
func (h *told) seen(folder string, validity uint32, uids []uint32) {
	if len(uids) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	key := fmt.Sprint(folder, validity)
	h.high[key] = max(h.high[key], uids[len(uids)-1])
}

// shownMessage is one message as a client sees it.
type shownMessage struct {
	uid   uint32
	body  string
	flags mapping.Flags
}

// see reads a folder as a client would: all UIDs, flags and bodies.
func (b *bed) see(m *Mailbox) []shownMessage {
	b.t.Helper()
	out, err := b.trySee(m)
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

// trySee is see for a folder from which somebody may just have deleted mail on the destination.
func (b *bed) trySee(m *Mailbox) ([]shownMessage, error) {
	b.t.Helper()
	uids := m.Changes(0).UIDs
	out := make([]shownMessage, 0, len(uids))
	for _, it := range m.Items(uids) {
		out = append(out, shownMessage{uid: it.UID, flags: it.Flags})
	}
	got := 0
	err := m.Fetch(b.t.Context(), uids, []string{"BODY.PEEK[]"}, func(it *RawItem) error {
		att, err := it.Next()
		if err != nil {
			return err
		}
		body, err := io.ReadAll(att.Literal)
		i := slices.IndexFunc(out, func(s shownMessage) bool { return s.uid == it.UID })
		if i < 0 || out[i].body != "" {
			b.t.Errorf("%s: an answer for UID %d, which is not shown or was answered", m.Name(), it.UID)
			return err
		}
		out[i].body = string(body)
		got++
		return err
	})
	if err != nil || got != len(uids) {
		return nil, fmt.Errorf("%s: %d of %d messages read: %w", m.Name(), got, len(uids), err)
	}
	v := m.Status().UIDValidity
	for _, s := range out {
		b.told.note(b.t, m.Name(), v, s.uid, s.body)
	}
	b.told.seen(m.Name(), v, uids)
	return out, nil
}

// lines are the messages without their numbers, sorted.
func lines(msgs []shownMessage) []string {
	out := make([]string, len(msgs))
	for i, s := range msgs {
		out[i] = subject(s.body) + " " + string(s.flags)
	}
	slices.Sort(out)
	return out
}

// subject is the short name of a test message.
func subject(body string) string {
	for l := range strings.SplitSeq(body, "\r\n") {
		if s, ok := strings.CutPrefix(l, "Message-ID: "); ok {
			return s
		}
	}
	return body
}
