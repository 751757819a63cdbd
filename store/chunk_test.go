package store

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"crossfade/mapping"
)

func TestChunkKeepsEveryLink(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chunk := rapid.Uint32Range(0, 1<<24-1).Draw(t, "chunk")
		links := drawLinks(t, chunk)
		value, err := encodeChunk(chunk, links)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeChunk(nil, chunk, value)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(links) {
			t.Fatalf("%d links became %d", len(links), len(got))
		}
		for i := range got {
			if got[i] != links[i] {
				t.Fatalf("link %d\n got %+v\nwant %+v", i, got[i], links[i])
			}
		}
	})
}

// drawLinks draws anything that a chunk may hold.
func drawLinks(t *rapid.T, chunk uint32) []Link {
	var links []Link
	low := rapid.SliceOfNDistinct(rapid.ByteRange(0, 255), 1, 256, rapid.ID).Draw(t, "low")
	seen := [256]bool{}
	for _, b := range low {
		seen[b] = true
	}
	for b, is := range seen {
		if uid := chunk<<8 | uint32(b); is && uid != 0 {
			links = append(links, drawLink(t, uid))
		}
	}
	if links == nil {
		links = []Link{drawLink(t, chunk<<8|1)}
	}
	return links
}

func drawLink(t *rapid.T, uid uint32) Link {
	num := rapid.OneOf(rapid.Just(uint32(0)), rapid.Just(uid), rapid.Uint32())
	set := rapid.OneOf(rapid.Just(uint32(1)), rapid.Uint32())
	l := Link{
		UID:     uid,
		Src:     num.Draw(t, "src"),
		Dst:     num.Draw(t, "dst"),
		Box:     rapid.Uint16().Draw(t, "box"),
		Ref:     rapid.OneOf(rapid.Just(""), rapid.StringN(0, 40, maxRef)).Draw(t, "ref"),
		State:   State(rapid.Uint8Range(uint8(Listed), uint8(Above)).Draw(t, "state")),
		Paired:  rapid.Bool().Draw(t, "paired"),
		Touched: rapid.Bool().Draw(t, "touched"),
		Lost:    rapid.Bool().Draw(t, "lost"),
		Leaving: rapid.Bool().Draw(t, "leaving"), Altered: rapid.Bool().Draw(t, "altered"),
		Flags: FlagSet(set.Draw(t, "flags")),
		Base:  FlagSet(set.Draw(t, "base")),
		Sent:  FlagSet(set.Draw(t, "sent")),
		Size:  -1,
	}
	if rapid.Bool().Draw(t, "details") {
		l.HasDetails = true
		l.Size = rapid.Int64Range(0, math.MaxInt64).Draw(t, "size")
		l.Date = rapid.Int64().Draw(t, "date")
		l.Zone = rapid.Int16().Draw(t, "zone")
		l.MsgID = mapping.MessageID(rapid.Uint64().Draw(t, "msgid"))
	}
	if rapid.Bool().Draw(t, "hash") {
		copy(l.Hash[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "sha"))
	}
	return l
}

func TestChunkRefusesWhatCannotBeKept(t *testing.T) {
	ok := Link{UID: 256, State: Listed}
	with := func(change func(*Link)) []Link {
		l := ok
		change(&l)
		return []Link{l}
	}
	for name, links := range map[string][]Link{
		"none":        {},
		"too many":    make([]Link, 257),
		"no state":    with(func(l *Link) { l.State = 0 }),
		"bad state":   with(func(l *Link) { l.State = Above + 1 }),
		"other chunk": with(func(l *Link) { l.UID = 512 }),
		"twice":       {ok, ok},
		"descending":  {{UID: 258, State: Listed}, {UID: 257, State: Listed}},
		"size":        with(func(l *Link) { l.HasDetails, l.Size = true, -1 }),
		"long ref":    with(func(l *Link) { l.Ref = string(make([]byte, maxRef+1)) }),
	} {
		if _, err := encodeChunk(1, links); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := encodeChunk(1, []Link{ok}); err != nil {
		t.Error(err)
	}
	if _, err := encodeChunk(0, []Link{{State: Listed}}); err == nil {
		t.Error("UID 0: no error")
	}
}

func TestDamagedChunkIsAnError(t *testing.T) {
	links := copied(200)
	for ChunkOf(links[len(links)-1].UID) != 0 {
		links = links[:len(links)-1]
	}
	value, err := encodeChunk(0, links)
	if err != nil {
		t.Fatal(err)
	}
	for i := range value {
		bad := bytes.Clone(value)
		bad[i] ^= 0x10
		if _, err := decodeChunk(nil, 0, bad); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		if _, err := decodeChunk(nil, 0, value[:i]); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("cut after %d bytes: %v", i, err)
		}
	}
	if got, err := decodeChunk(links[:3:3], 1, value); err == nil || len(got) != 3 {
		t.Fatalf("read as another chunk: %v, %d links", err, len(got))
	}
}
