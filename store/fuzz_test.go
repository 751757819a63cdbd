package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

// seal makes the fuzzer's bytes pass the checksum, so that it gets to the columns.
func seal(chunk uint32, body []byte) []byte {
	return binary.BigEndian.AppendUint32(bytes.Clone(body), checksum(chunk, body))
}

func FuzzDecodeChunk(f *testing.F) {
	odd := []Link{
		{UID: 300, State: Above, Dst: 1 << 31, Size: -1},
		{UID: 400, State: Whiteout, Touched: true, Ref: "/dav/x.ics", Size: -1, Box: 7},
		{UID: 511, State: Copying, Src: 4_000_000_000, Paired: true, HasDetails: true, Date: -1, Zone: -720, Hash: [16]byte{1}},
	}
	for _, links := range [][]Link{odd, copied(100), listed(100, true)} {
		chunk := ChunkOf(links[0].UID)
		value, err := encodeChunk(chunk, links)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(chunk, value[:len(value)-4])
	}
	f.Fuzz(func(t *testing.T, chunk uint32, body []byte) {
		chunk &= 1<<24 - 1
		if links, err := decodeChunk(nil, chunk, body); err != nil && (len(links) != 0 || !errors.Is(err, ErrCorrupt)) {
			t.Fatalf("%d links beside %v", len(links), err)
		}
		links, err := decodeChunk(nil, chunk, seal(chunk, body))
		if err != nil {
			if !errors.Is(err, ErrCorrupt) || len(links) != 0 {
				t.Fatalf("%d links beside %v", len(links), err)
			}
			return
		}
		value, err := encodeChunk(chunk, links)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := decodeChunk(nil, chunk, value)
		if err != nil || len(again) != len(links) {
			t.Fatalf("written and read again: %d links, %v", len(again), err)
		}
		for i := range links {
			if links[i] != again[i] {
				t.Fatalf("link %d\n got %+v\nwant %+v", i, again[i], links[i])
			}
		}
	})
}

func FuzzDecodeFolder(f *testing.F) {
	f.Add([]byte(`{"ID":1,"Account":1,"Name":"\u0000b64:RW50d/xyZmU="}`))
	f.Add([]byte(`{"Name":"\u0000b64:!"}`))
	f.Fuzz(func(t *testing.T, value []byte) {
		folder, err := decodeRecord[Folder](value)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		written, err := encodeRecord(folder)
		if err != nil {
			return // a time that JSON cannot carry
		}
		again, err := decodeRecord[Folder](written)
		if err != nil || again.Name != folder.Name || !again.Path.Equal(folder.Path) {
			t.Fatalf("%q, %v: %v", again.Name, again.Path, err)
		}
	})
}
