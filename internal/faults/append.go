package faults

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"crossfade/internal/imapwire"
)

// appended reads an APPEND's messages behind the mailbox's name.
func appended(sc *imapwire.Scanner) ([]Message, bool) {
	var out []Message
	for sc.SP(); !sc.End(); sc.SP() {
		var m Message
		if sc.Peek() == '(' {
			m.Flags, _ = sc.Flags(nil, false)
			sc.SP()
		}
		if sc.Peek() == '"' {
			text, _ := sc.Quoted()
			t, err := time.Parse("2-Jan-2006 15:04:05 -0700", strings.TrimSpace(string(text)))
			if err != nil {
				return nil, false
			}
			m.Date = t
			sc.SP()
		}
		body, ok := sc.Literal()
		if !ok {
			return nil, false
		}
		m.Body = body
		out = append(out, m)
	}
	return out, len(out) > 0
}

func (c *conn) append(cmd *command) error {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if len(cmd.Messages) == 0 {
		return bad("APPEND mailbox (flags) \"date\" {literal}")
	}
	if len(cmd.Messages) > 1 && !c.s.quirks.has("MULTIAPPEND") {
		return bad("one at a time")
	}
	b, err := c.find(cmd.Mailbox, "TRYCREATE")
	if err != nil {
		return err
	}
	for _, m := range cmd.Messages { // all or none
		if err := c.refuse(m); err != nil {
			return err
		}
	}
	if err := c.s.throttled(); err != nil {
		return err
	}
	var uids []string
	for _, m := range cmd.Messages {
		uids = append(uids, strconv.Itoa(int(c.take(b, m))))
	}
	c.s.changed()
	return c.appendUID(b, uids)
}

// refuse says why a message is not taken; the caller holds mu.
func (c *conn) refuse(m Message) error {
	q := &c.s.quirks
	if q.Dates == DatesRefused && !m.Date.IsZero() {
		return bad("I set the dates here")
	}
	if q.MaxSize > 0 && int64(len(m.Body)) > q.MaxSize {
		return no("TOOBIG", "no message may be as large")
	}
	if q.Quota > 0 && c.acct.size()+int64(len(m.Body)) > q.Quota {
		return no("OVERQUOTA", "the mailbox is full")
	}
	if q.Refuse != nil {
		if answer := q.Refuse(m); answer != "" {
			return answerError(answer)
		}
	}
	return nil
}

// throttled refuses a command that comes too soon; the caller holds mu.
func (s *Server) throttled() error {
	t := s.quirks.Throttle
	if t.Appends == 0 {
		return nil
	}
	now := time.Now()
	for len(s.appends) > 0 && now.Sub(s.appends[0]) >= t.Per {
		s.appends = s.appends[1:]
	}
	if len(s.appends) < t.Appends {
		s.appends = append(s.appends, now)
		return nil
	}
	s.counts["THROTTLED"]++
	if t.Answer != "" {
		return answerError(t.Answer)
	}
	return no("THROTTLED", "too fast")
}

// take adds a message the way this server does and returns its UID; the caller holds mu.
func (c *conn) take(b *mailbox, m Message) uint32 {
	q := &c.s.quirks
	if q.Dedup != nil {
		if key := q.Dedup(m); key != "" {
			for _, old := range b.msgs {
				if q.Dedup(old.Message) == key {
					return old.UID
				}
			}
		}
	}
	if q.Deliver != nil {
		if to := q.Deliver(b.name, m); to != "" {
			uid := b.next // the number is used, the message is elsewhere, if anywhere
			if b.next++; c.acct.boxes[to] != nil {
				c.s.add(c.acct.boxes[to], m)
			}
			return uid
		}
	}
	if q.Rewrite != nil {
		m.Body = q.Rewrite(m.Body)
	}
	switch q.Dates {
	case DatesNow:
		m.Date = time.Time{}
	case DatesShifted:
		if !m.Date.IsZero() {
			m.Date = m.Date.Add(time.Hour)
		}
	}
	keep := ""
	if q.DropKeywords || q.NoKeywords || q.ForgetKeywords {
		keep = `\`
	}
	var flags []string
	for _, f := range m.Flags {
		if strings.HasPrefix(f, keep) {
			flags = append(flags, f)
		}
	}
	m.Flags, m.UID = flags, 0
	return c.s.add(b, m).UID
}

// appendUID is the answer to an APPEND (RFC 4315 3); the caller holds mu.
func (c *conn) appendUID(b *mailbox, uids []string) error {
	if !c.s.quirks.has("UIDPLUS") {
		return nil
	}
	validity, list := c.s.validity(b), strings.Join(uids, ",")
	switch c.s.quirks.AppendUID {
	case UIDMissing:
		return nil
	case UIDZeroValidity:
		validity, list = 0, "1"
	case UIDTooLow:
		list = strconv.Itoa(int(b.msgs[0].UID))
	case UIDTooHigh:
		list = strconv.Itoa(int(b.next) + 1000)
	case UIDOfOther:
		for name, o := range c.acct.boxes {
			if name != b.name && !o.noselect {
				validity = c.s.validity(o)
			}
		}
		if validity == c.s.validity(b) {
			validity++
		}
	}
	return okWith(fmt.Sprintf("APPENDUID %d %s", validity, list))
}
