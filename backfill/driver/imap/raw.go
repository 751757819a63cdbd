package imap

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
)

// FetchRaw implements backfill.Mail. Messages whose answer made no sense are asked for once more; a part of
// them may then be told twice.
func (a *account) FetchRaw(ctx context.Context, box string, want backfill.RawFetch, each func(*backfill.RawItem) error) error {
	for _, item := range want.Items {
		if strings.ContainsAny(item, "\r\n") || item == "" {
			return &backfill.Error{Op: "fetch", Host: a.d.Host(), Scope: backfill.FolderScope, Patience: backfill.Never, Text: "bad attribute name"}
		}
	}
	return a.do(ctx, need{op: "fetch", box: box, validity: want.UIDValidity, uids: want.UIDs}, func(c *conn) error {
		r := &rawFetch{c: c, want: want, need: map[string]bool{}, done: map[uint32]bool{}, each: each}
		for _, item := range want.Items {
			if !strings.EqualFold(item, "UID") {
				r.need[kind(item)] = true
			}
			r.partial = r.partial || strings.Contains(item, "<")
		}
		return r.run()
	})
}

// rawFetch passes FETCH answers through.
type rawFetch struct {
	c       *conn
	want    backfill.RawFetch
	need    map[string]bool // kinds of attributes asked for; a missing part of a message may be left out
	partial bool
	each    func(*backfill.RawItem) error

	seen map[uint32]map[string]bool // kinds told of messages not yet complete
	done map[uint32]bool            // complete ones
	bad  map[uint32]bool
}

func (r *rawFetch) run() error {
	set := r.want.UIDs
	for try := 0; ; try++ {
		r.seen, r.bad = map[uint32]map[string]bool{}, map[uint32]bool{}
		lost := r.c.lost
		for _, part := range chunks(set) {
			st, err := r.c.command(handler{fetch: r.answer}, "UID FETCH "+part+" (UID "+strings.Join(r.want.Items, " ")+")")
			if err != nil {
				return err
			}
			if !st.ok() {
				return r.c.refused("UID FETCH", st, backfill.FolderScope)
			}
		}
		unclear := r.c.lost > lost
		uid := r.incomplete()
		if uid == 0 && !unclear {
			return nil
		}
		if try > 0 {
			return &backfill.Error{Op: "fetch", Host: r.c.host, Scope: backfill.Item, Patience: backfill.Later, UID: uid, Err: errOdd}
		}
		if unclear {
			set = without(set, slices.Sorted(maps.Keys(r.done)))
		} else {
			set = backfill.SetOf(r.pending())
		}
	}
}

// incomplete returns one of the messages that were told in part; 0 if there is none.
func (r *rawFetch) incomplete() uint32 {
	if p := r.pending(); len(p) > 0 {
		return p[0]
	}
	return 0
}

func (r *rawFetch) pending() []uint32 {
	var out []uint32
	for uid := range r.seen {
		out = append(out, uid)
	}
	for uid := range r.bad {
		if r.seen[uid] == nil {
			out = append(out, uid)
		}
	}
	return sortedUIDs(out)
}

// answer passes one FETCH answer on, if it holds something that was asked for.
func (r *rawFetch) answer(_ uint32, text []byte, lit *imapwire.Literal) error {
	a, err := newAnswer(r.c, text, lit)
	if err != nil {
		return err
	}
	it := &rawItem{r: r, a: a}
	defer it.free()
	asked, err := it.lookAhead()
	if err != nil {
		return err
	}
	if it.uid == 0 || !contains(r.want.UIDs, it.uid) {
		return a.drain()
	}
	if !asked {
		r.tell(it) // it exists, so what was asked for must come yet
		return nil
	}
	err = r.each(&backfill.RawItem{UID: it.uid, Next: it.next})
	for err == nil {
		if _, err = it.next(); err == io.EOF { // what each has left
			r.tell(it)
			return nil
		}
	}
	if errors.Is(err, errOdd) {
		r.bad[it.uid] = true
	}
	return err
}

// tell counts what was told of a message.
func (r *rawFetch) tell(it *rawItem) {
	if r.done[it.uid] {
		return
	}
	have := r.seen[it.uid]
	if have == nil {
		have = map[string]bool{}
	}
	for k := range it.told {
		have[k] = true
	}
	for k := range r.need {
		if !have[k] {
			r.seen[it.uid] = have
			return
		}
	}
	delete(r.seen, it.uid)
	if !r.bad[it.uid] {
		r.done[it.uid] = true
	}
}

// kind makes equal the spellings of attributes that answer each other: sections are compared by their number only,
// since servers echo them in other case and spacing.
func kind(name string) string {
	name = strings.ToUpper(name)
	if i := strings.IndexByte(name, '['); i >= 0 {
		name = name[:i+1]
	}
	return strings.Replace(name, ".PEEK", "", 1)
}

// senseless tells whether a value cannot be what a message that exists has: no whole body, header or text
// at all, or an empty body.
func (r *rawFetch) senseless(t att) bool {
	name := strings.ToUpper(t.name)
	name, _, _ = strings.Cut(name, "<")
	switch name {
	case "BODY[]", "RFC822":
		return strings.EqualFold(string(t.value), "NIL") || !r.partial && (t.lit != nil && t.lit.Size == 0 || string(t.value) == `""`)
	case "BODY[HEADER]", "BODY[TEXT]", "RFC822.HEADER", "RFC822.TEXT", "RFC822.SIZE", "BODYSTRUCTURE", "ENVELOPE":
		return strings.EqualFold(string(t.value), "NIL")
	}
	return false
}
