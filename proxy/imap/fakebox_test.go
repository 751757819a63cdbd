package imap

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/mapping"
)

// fakeMailbox implements proxy.Mailbox.
type fakeMailbox struct {
	*fakeFolder
	readOnly bool
}

func (b *fakeMailbox) Name() string   { return b.name }
func (b *fakeMailbox) ReadOnly() bool { return b.readOnly }

func (b *fakeMailbox) Status() backfill.Status {
	b.acc.mu.Lock()
	defer b.acc.mu.Unlock()
	return b.status()
}

func (b *fakeMailbox) Flags() (flags, permanent mapping.Flags, anyKeyword bool) {
	b.acc.mu.Lock()
	defer b.acc.mu.Unlock()
	all := mapping.NewFlags(`\Seen`, `\Answered`, `\Flagged`, `\Deleted`, `\Draft`)
	for _, m := range b.msgs {
		flags = flags.Add(m.Flags)
	}
	return all.Add(flags), all, true
}

func (b *fakeMailbox) Changes(since uint64) backfill.Changes {
	b.acc.mu.Lock()
	defer b.acc.mu.Unlock()
	ch := backfill.Changes{Version: b.version, UIDs: b.uids, Same: b.moved <= since, Switched: b.life.Err() != nil}
	if since == b.version {
		return ch
	}
	for _, u := range b.uids {
		if m := b.msgs[u]; m.Version > since {
			ch.Flags = append(ch.Flags, m.ItemState)
		}
	}
	return ch
}

func (b *fakeMailbox) Changed(since uint64) <-chan struct{} {
	b.acc.mu.Lock()
	defer b.acc.mu.Unlock()
	if b.version > since {
		c := make(chan struct{})
		close(c)
		return c
	}
	return b.changed
}

func (b *fakeMailbox) Recent(upTo uint32) uint32 {
	b.acc.mu.Lock()
	defer b.acc.mu.Unlock()
	from := b.recent
	if !b.readOnly {
		b.recent = max(from, upTo+1)
	}
	return from
}

func (b *fakeMailbox) Life() context.Context { return b.life }

func (b *fakeMailbox) Refresh(context.Context) error { return b.acc.failWith }

func (b *fakeMailbox) Items(uids []uint32) []backfill.ItemState {
	b.acc.mu.Lock()
	defer b.acc.mu.Unlock()
	out := make([]backfill.ItemState, 0, len(uids))
	for _, u := range uids {
		if m := b.msgs[u]; m != nil {
			it := m.ItemState
			if m.unknown {
				it.Size, it.Date = -1, time.Time{}
			}
			out = append(out, it)
		}
	}
	return out
}

func (b *fakeMailbox) Fetch(ctx context.Context, uids []uint32, items []string, each func(*backfill.RawItem) error) error {
	b.acc.mu.Lock()
	err := b.acc.failWith
	b.acc.fetched = append(b.acc.fetched, strings.Join(items, " "))
	b.acc.mu.Unlock()
	if err != nil {
		return err
	}
	for _, u := range uids {
		b.acc.mu.Lock()
		m := b.msgs[u]
		cut, hollow, split, mute := b.acc.cutAfter, b.acc.hollow, b.acc.split, b.acc.mute
		fails := b.acc.failAfter == 1
		b.acc.failAfter = max(0, b.acc.failAfter-1)
		b.acc.mu.Unlock()
		if fails {
			return backfill.ErrUnavailable
		}
		if m == nil || mute {
			continue
		}
		groups := [][]string{items}
		if split {
			groups = nil
			for _, it := range items {
				groups = append(groups, []string{it})
			}
		}
		for _, g := range groups {
			raw := &backfill.RawItem{UID: u, Next: renderer(m, g, cut, hollow)}
			if err := each(raw); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func (b *fakeMailbox) Search(_ context.Context, key backfill.SearchKey) (imap.UIDSet, error) {
	b.acc.mu.Lock()
	defer b.acc.mu.Unlock()
	asked := key.Charset + "|"
	for i, t := range key.Text {
		asked += t
		if i < len(key.Literals) {
			asked += fmt.Sprintf("{%q}", key.Literals[i])
		}
	}
	b.acc.searched = append(b.acc.searched, asked)
	if b.acc.failWith != nil {
		return nil, b.acc.failWith
	}
	words := strings.Fields(strings.ReplaceAll(strings.Join(key.Text, " "), `"`, ""))
	var set imap.UIDSet
	for _, u := range b.uids {
		if m := b.msgs[u]; len(words) > 0 && strings.Contains(strings.ToLower(m.body), strings.ToLower(words[len(words)-1])) {
			set.AddNum(imap.UID(u))
		}
	}
	return set, nil
}

func (b *fakeMailbox) Store(_ context.Context, uids []uint32, op backfill.FlagOp, flags mapping.Flags) error {
	b.acc.mu.Lock()
	defer b.acc.mu.Unlock()
	if b.acc.failWith != nil {
		return b.acc.failWith
	}
	for _, u := range uids {
		if m := b.msgs[u]; m != nil {
			b.flag(u, apply(m.Flags, op, flags))
		}
	}
	return nil
}

func (b *fakeMailbox) Expunge(_ context.Context, uids []uint32) error {
	b.acc.mu.Lock()
	defer b.acc.mu.Unlock()
	if b.acc.failWith != nil {
		return b.acc.failWith
	}
	for _, u := range uids {
		b.remove(u)
	}
	return nil
}

func (b *fakeMailbox) Copy(_ context.Context, uids []uint32, to string) (backfill.CopyResult, error) {
	b.acc.mu.Lock()
	defer b.acc.mu.Unlock()
	f, err := b.acc.find(to)
	if err != nil {
		return backfill.CopyResult{}, err
	}
	res := backfill.CopyResult{UIDValidity: f.val}
	for _, u := range uids {
		if m := b.msgs[u]; m != nil {
			res.From = append(res.From, u)
			res.To = append(res.To, f.add(m.body, m.Flags, m.Date))
		}
	}
	return res, nil
}

func (b *fakeMailbox) Move(ctx context.Context, uids []uint32, to string) (backfill.CopyResult, error) {
	res, err := b.Copy(ctx, uids, to)
	if err == nil {
		err = b.Expunge(ctx, res.From)
	}
	return res, err
}

func (b *fakeMailbox) Close() {
	b.acc.mu.Lock()
	defer b.acc.mu.Unlock()
	b.acc.opened--
}
