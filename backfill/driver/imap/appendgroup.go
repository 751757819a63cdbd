package imap

import (
	"errors"
	"time"

	"crossfade/backfill"
)

// settleFor waits for answers until a message of this size may be sent.
func (p *appending) settleFor(size int64) error {
	keep := len(p.out)
	if !p.c.pipelines(size) {
		keep = 0 // its literal waits for the server anyway
	} else if keep >= appendMessages || p.bytes+size > appendBytes {
		keep /= 2
	}
	return p.settle(keep)
}

// settle takes answers, in order, until only keep are missing.
func (p *appending) settle(keep int) error {
	if len(p.out) <= keep {
		return nil
	}
	if err := p.c.wire.Flush(); err != nil {
		return p.uncertain(err)
	}
	for len(p.out) > keep {
		if len(p.out) > keep+fewAnswers && p.c.wire.Buffered() == 0 {
			time.Sleep(forAnswers)
		}
		st, err := p.c.wait(p.out[0].tag, handler{tagged: p.early})
		if err != nil {
			return errors.Join(err, backfill.ErrUncertain)
		}
		p.answered(st)
	}
	return nil
}

// Where many answers are still to come, they are let gather for a moment: to be woken for each costs both ends more
// than the answer does. The server has enough to do meanwhile.
const (
	fewAnswers = 20
	forAnswers = 2 * time.Millisecond
)

// answered takes the answer to the message that was sent first.
func (p *appending) answered(st status) {
	p.bytes -= p.items[p.out[0].i].Size
	p.out = p.out[1:]
	if st.ok() {
		p.results = append(p.results, learnAppended(st, 1)...)
		return
	}
	e := p.c.refused("APPEND", st, backfill.Item)
	p.results = append(p.results, backfill.AppendResult{Err: e})
	if e.Scope > backfill.Item && p.stop == nil {
		p.stop = e
	}
}

// early takes answers that come while another is waited for: those sent before it.
func (p *appending) early(tag string, st status) bool {
	if len(p.out) == 0 || p.out[0].tag != tag {
		return false
	}
	p.answered(st)
	return true
}

// refusedEarly takes a NO where leave to send the literal was due. The message sent last has this answer.
func (p *appending) refusedEarly(st status) error {
	last := p.out[len(p.out)-1].tag
	if err := p.settleBefore(last); err != nil {
		return err
	}
	p.answered(st)
	return nil
}

func (p *appending) settleBefore(tag string) error {
	for p.out[0].tag != tag {
		st, err := p.c.wait(p.out[0].tag, handler{tagged: p.early})
		if err != nil {
			return errors.Join(err, backfill.ErrUncertain)
		}
		p.answered(st)
	}
	return nil
}

// groupFew is how many messages at least are tried with one command.
const groupFew = 5

// groupSize tells how many messages from i on go into one MULTIAPPEND (RFC 3502).
func (p *appending) groupSize(i int) int {
	most := appendMessages
	if g := int(p.c.a.grouped.Load()); g > 0 {
		most = min(most, g)
	}
	n, size := 0, int64(0)
	for i+n < len(p.items) && n < most {
		it := p.items[i+n]
		if size += it.Size; it.Binary || it.Size > appendSmall || size > appendBytes || p.bad[i+n] != nil {
			break
		}
		n++
	}
	return n
}

// group sends n messages in one command: all or none. If the server refuses them, they are sent again one by
// one, so that only the guilty one is refused, and the next groups are smaller: a server that refuses often should not
// get most messages twice.
func (p *appending) group(i, n int) error {
	if err := p.settle(0); err != nil || p.stop != nil {
		return err
	}
	bodies := make([][]byte, n)
	for k := range bodies {
		var err error
		if bodies[k], err = p.load(i + k); err != nil {
			p.bad[i+k] = err
			return nil // the group ends before it
		}
	}
	st, err := p.sendGroup(i, bodies)
	if err != nil {
		return err
	}
	grouped := &p.c.a.grouped
	if st.ok() {
		p.results = append(p.results, learnAppended(st, n)...)
		if g := grouped.Load(); g > 0 && g < appendMessages && n >= int(g) {
			grouped.Store(g + g/4 + 1)
		}
		return nil
	}
	grouped.Store(int32(max(groupFew, n/4)))
	e := p.c.refused("APPEND", st, backfill.Item)
	if e.Scope == backfill.HostScope || e.Scope == backfill.FolderScope {
		p.stop = e
	}
	p.alone = i + n
	return nil
}

func (p *appending) sendGroup(i int, bodies [][]byte) (status, error) {
	c := p.c
	tag := c.begin()
	c.leave(tag, handler{})
	_, _ = c.wire.WriteString("APPEND ") // the error sticks
	err := c.wire.String(p.box)
	for k := 0; err == nil && k < len(bodies); k++ {
		p.head(i + k)
		err = c.wire.LiteralBytes(bodies[k])
	}
	var no *refusal
	if errors.As(err, &no) {
		return no.st, nil
	}
	if err != nil {
		return status{}, p.uncertain(err)
	}
	if err := c.send(); err != nil {
		return status{}, errors.Join(err, backfill.ErrUncertain)
	}
	st, err := c.wait(tag, handler{})
	if err != nil {
		return status{}, errors.Join(err, backfill.ErrUncertain)
	}
	return st, nil
}
