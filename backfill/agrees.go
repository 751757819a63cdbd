package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"

	"crossfade/store"
)

// agrees lists both sides afresh and completely and compares them with the links, while clients go on. It tells what
// stands in the way of settling, or else what the destination does not keep, which does not. What changes while it
// compares may count as a difference: then it is tried again later.
func (f *folder) agrees(ctx context.Context) (notes, why []string, err error) {
	for _, b := range ownSources(f.record()) {
		w, err := f.sourceAgrees(ctx, b)
		if err != nil {
			return nil, nil, fmt.Errorf("source: %w", err)
		}
		why = append(why, w...)
	}
	if why != nil {
		return nil, why, nil
	}
	c := &comparing{f: f}
	if err := c.destination(ctx); err != nil {
		return nil, nil, fmt.Errorf("destination: %w", err)
	}
	if err := c.bytes(ctx); err != nil {
		return nil, nil, err
	}
	return c.notes(), c.why(), nil
}

// sourceAgrees compares a source folder's UIDs with the links.
func (f *folder) sourceAgrees(ctx context.Context, b uint16) (why []string, err error) {
	src, err := f.acct.source(ctx)
	if err != nil {
		return nil, err
	}
	box := f.record().Sources[b]
	f.mu.RLock()
	known := bySource(f.links, b)
	f.mu.RUnlock()
	listed, fresh, seen := 0, 0, make(map[uint32]struct{}, len(known))
	st, err := src.Scan(ctx, box.Name, Scan{UIDValidity: box.UIDValidity}, func(en Entry) error {
		listed++
		if _, ok := known[en.UID]; !ok {
			fresh++
		}
		seen[en.UID] = struct{}{}
		return nil
	})
	if errors.Is(err, ErrNoFolder) && f.hasNote(lostFolder(b)) {
		return nil, nil // it is not there any more, and its copies stay
	}
	if err != nil {
		return nil, err
	}
	gone := len(f.where(func(l *store.Link) bool {
		_, ok := seen[l.Src]
		return onSource(l, b) && !ok
	}))
	if listed != int(st.Exists) {
		why = append(why, fmt.Sprintf("the source lists %d messages and says that it has %d", listed, st.Exists))
	}
	if fresh > 0 {
		why = append(why, fmt.Sprintf("%d messages are new on the source", fresh))
	}
	if gone > 0 {
		why = append(why, fmt.Sprintf("%d messages are gone from the source, which was not looked into yet", gone))
	}
	return why, nil
}

// comparing compares the destination's folder with the links.
type comparing struct {
	f     *folder
	known map[uint32]uint32 // shown UIDs by destination UID
	page  []Entry

	listed, exists, found, fresh, high int
	odd                                []uint32 // shown UIDs of copies that may have other bytes
	differ, altered, undated, unkept   int
}

// comparePage is how many messages are compared at a time.
const comparePage = 4096

func (c *comparing) destination(ctx context.Context) error {
	f := c.f
	w, err := f.acct.dest(ctx)
	if err != nil {
		return err
	}
	f.mu.RLock()
	c.known = byDest(f.links)
	f.mu.RUnlock()
	rec := f.record()
	st, err := w.Scan(ctx, rec.Name, Scan{UIDValidity: rec.DestUIDValidity, Flags: true, Details: true}, func(en Entry) error {
		if c.page = append(c.page, en); len(c.page) == comparePage {
			c.compare()
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.compare()
	c.exists = int(st.Exists)
	return nil
}

// compare compares what was listed with the links as they are now.
func (c *comparing) compare() {
	f := c.f
	f.mu.RLock()
	defer f.mu.RUnlock()
	for i := range c.page {
		en := &c.page[i]
		c.listed++
		if en.UID >= provisional {
			c.high++
		}
		at, ok := find(f.links, c.known[en.UID])
		if !ok || f.links[at].Dst != en.UID {
			c.fresh++
			continue
		}
		c.found++
		l := &f.links[at]
		if l.Altered {
			c.altered++
		}
		if l.State != store.Copied {
			continue
		}
		if !l.HasHash() || !l.HasDetails || !l.Altered && (l.Size != en.Size || l.MsgID != en.MsgID) {
			c.odd = append(c.odd, l.UID)
		}
		if l.HasDetails && l.Date != en.Date.Unix() {
			c.undated++
		}
		if f.sets.get(l.Flags) != en.Flags {
			c.unkept++
		}
	}
	c.page = c.page[:0]
}

// bytes reads copies that have another size or Message-ID than the source told, or of which that is not known: servers
// lie about sizes.
func (c *comparing) bytes(ctx context.Context) error {
	f := c.f
	for some := range slices.Chunk(c.odd, confirmLinks) {
		links := slices.DeleteFunc(f.snapshotAll(some), func(l store.Link) bool { return l.State != store.Copied || l.Altered })
		w, err := f.acct.dest(ctx)
		if err != nil {
			return err
		}
		var set imap.UIDSet
		for i := range links {
			set.AddNum(imap.UID(links[i].Dst))
		}
		if len(set) == 0 {
			continue
		}
		rec, above := f.record(), make(map[uint32]digest)
		if err := readDigests(ctx, w, rec.Name, rec.DestUIDValidity, set, above); err != nil {
			return fmt.Errorf("destination: %w", err)
		}
		below, err := f.hashUnknown(ctx, links)
		if err != nil {
			return err
		}
		for i := range links {
			want, ok := below[links[i].UID]
			if links[i].HasHash() {
				want, ok = links[i].Hash, true
			}
			if a, read := above[links[i].Dst]; !ok || !read || a.hash != want {
				c.differ++
			}
		}
	}
	return nil
}

// hashUnknown reads messages whose bytes were never hashed from the source. The result is by shown UID.
func (f *folder) hashUnknown(ctx context.Context, links []store.Link) (map[uint32][16]byte, error) {
	out := make(map[uint32][16]byte)
	unknown := slices.DeleteFunc(slices.Clone(links), func(l store.Link) bool { return l.HasHash() || l.Lost })
	sourceOrder(unknown)
	for _, layer := range layers(unknown) {
		read, err := f.hashLower(ctx, layer)
		if err != nil {
			return nil, err
		}
		for _, l := range layer {
			if d, ok := read[l.Src]; ok {
				out[l.UID] = d.hash
			}
		}
	}
	return out, nil
}

// why tells what stands in the way.
func (c *comparing) why() (why []string) {
	say := func(is bool, format string, args ...any) {
		if is {
			why = append(why, fmt.Sprintf(format, args...))
		}
	}
	say(c.listed != c.exists, "the destination lists %d messages and says that it has %d", c.listed, c.exists)
	say(c.fresh > 0, "%d messages are new on the destination", c.fresh)
	say(c.found < c.f.countDest(), "%d messages are gone from the destination, which was not looked into yet", c.f.countDest()-c.found)
	say(c.high > 0, "the destination's UIDs are too great: %d are above %d", c.high, uint32(provisional))
	say(c.differ > 0, "%d copies have other bytes than the source's messages", c.differ)
	return why
}

// notes tells what the destination does not keep as the source has it.
func (c *comparing) notes() (notes []string) {
	say := func(n int, text string) {
		if n > 0 {
			notes = append(notes, fmt.Sprintf("%d messages %s", n, text))
		}
	}
	say(c.altered, "were altered by the destination")
	say(c.undated, "have another date there")
	say(c.unkept, "have flags or keywords that it does not keep")
	return notes
}
