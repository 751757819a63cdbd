package store

import (
	"math/rand/v2"
	"testing"

	"crossfade/mapping"
)

// copied makes the links of a folder that was copied: gaps in the UIDs, ten years of mail in mixed zones, sizes
// from 1 kB to some MB, a dozen combinations of flags, 1 in 50 without Message-ID.
func copied(n int) []Link {
	r := rand.New(rand.NewPCG(1, 2))
	links := make([]Link, n)
	uid, dst, date := uint32(0), uint32(0), int64(1_400_000_000)
	for i := range links {
		uid++
		if r.IntN(20) == 0 {
			uid += uint32(r.IntN(5))
		}
		dst++
		date += int64(r.ExpFloat64() * 3000)
		l := Link{
			UID: uid, Src: uid, Dst: dst, State: Copied, HasDetails: true,
			Flags: 1, Base: 1, Sent: 1,
			Size: int64(1000 + r.ExpFloat64()*40_000), Date: date, Zone: 60,
			MsgID: mapping.MessageID(r.Uint64()),
		}
		if r.IntN(4) == 0 {
			l.Flags = FlagSet(r.IntN(12))
			l.Base = l.Flags
		}
		if r.IntN(10) == 0 {
			l.Zone = int16(r.IntN(24)*60 - 720)
		}
		if r.IntN(50) == 0 {
			l.MsgID = 0
		}
		l.Lost = r.IntN(50) == 0
		for j := range l.Hash {
			l.Hash[j] = byte(r.Uint32())
		}
		links[i] = l
	}
	return links
}

// listed makes the same folder before its copying.
func listed(n int, details bool) []Link {
	links := copied(n)
	for i, l := range links {
		links[i] = Link{UID: l.UID, Src: l.Src, State: Listed, Flags: l.Flags, Base: l.Base, Size: -1}
		if details {
			links[i].HasDetails = true
			links[i].Size, links[i].Date, links[i].Zone, links[i].MsgID = l.Size, l.Date, l.Zone, l.MsgID
		}
	}
	return links
}

// encoded is the size of all keys and values.
func encoded(t testing.TB, links []Link) (bytes int) {
	for len(links) > 0 {
		chunk, n := ChunkOf(links[0].UID), 0
		for n < len(links) && ChunkOf(links[n].UID) == chunk {
			n++
		}
		value, err := encodeChunk(chunk, links[:n])
		if err != nil {
			t.Fatal(err)
		}
		bytes += len(folderKey(keyLinks, 1, 1, chunk)) + len(value)
		links = links[n:]
	}
	return bytes
}

func TestBytesPerMessage(t *testing.T) {
	const n = 100_000
	for _, c := range []struct {
		name  string
		links []Link
		most  float64
	}{
		{"copied", copied(n), 40},
		{"listed with details", listed(n, true), 20},
		{"listed", listed(n, false), 3},
	} {
		got := float64(encoded(t, c.links)) / n
		t.Logf("%s: %.2f bytes a message", c.name, got)
		if got > c.most {
			t.Errorf("%s: %.2f bytes a message, at most %g are allowed", c.name, got, c.most)
		}
	}
}

func BenchmarkDecode100k(b *testing.B) {
	links := copied(100_000)
	var chunks []uint32
	var values [][]byte
	for rest := links; len(rest) > 0; {
		chunk, n := ChunkOf(rest[0].UID), 0
		for n < len(rest) && ChunkOf(rest[n].UID) == chunk {
			n++
		}
		value, err := encodeChunk(chunk, rest[:n])
		if err != nil {
			b.Fatal(err)
		}
		chunks, values = append(chunks, chunk), append(values, value)
		rest = rest[n:]
	}
	b.ReportAllocs()
	for b.Loop() {
		out := make([]Link, 0, len(links))
		for i, v := range values {
			var err error
			if out, err = decodeChunk(out, chunks[i], v); err != nil {
				b.Fatal(err)
			}
		}
	}
}
