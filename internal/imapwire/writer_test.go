package imapwire

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// TestManyLiterals: literals that fill the buffer again and again come out whole, and need no new buffer each time.
func TestManyLiterals(t *testing.T) {
	const count = 100
	body := strings.Repeat("0123456789abcde\n", 250) // 4,000 bytes: they end anywhere in the buffer
	var out bytes.Buffer
	out.Grow(count * (len(body) + 20))
	w := NewWriter(&out)
	write := func() {
		for range count {
			if err := w.Literal(int64(len(body)), false, strings.NewReader(body)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	write()
	if want := strings.Repeat("{4000}\r\n"+body, count); out.String() != want {
		t.Error("what came out differs")
	}
	w.dst = io.Discard
	used := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			write()
		}
	}).AllocedBytesPerOp()
	if limit := int64(2 * writeBuffer); used > limit { // readers and markers need some
		t.Errorf("%d literals took %d bytes of memory, want at most %d", count, used, limit)
	}
}
