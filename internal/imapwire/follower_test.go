package imapwire

import (
	"bytes"
	"testing"
)

// ends are the places behind which a response Reader stands after each response, and whether it could read on to the end.
func ends(wire []byte) (at map[int]bool) {
	src := bytes.NewReader(wire)
	r := NewResponseReader(src, Limits{})
	at = map[int]bool{0: true}
	for {
		text, lit, err := r.Next()
		if err != nil {
			return at
		}
		if lit == nil {
			at[len(wire)-src.Len()-r.Buffered()] = true
		}
		_ = text
	}
}

// FuzzFollower compares it with the Reader, whatever comes and however it is cut.
func FuzzFollower(f *testing.F) {
	for _, s := range []string{
		"* OK hi\r\na OK {3}\r\n* 1 FETCH (BODY[] {5}\r\na\nb}\n FLAGS ())\r\nb OK\r\n",
		"* 1 FETCH (X {0}\r\n Y {2+}\r\n\r\n)\r\n* BYE {9}\r\n+ {4}\r\n* LIST () \"/\" {3}\r\nabc\r\n",
		"\n\r\n}\n{1}\n* {1}\nx\n*  ok {5}\r\n* okay {5}\r\n12345\r\n",
		"* 1 FETCH (BODY[] ~{99999999999999999999}\r\nx",
	} {
		f.Add([]byte(s), uint8(7))
		f.Add([]byte(s), uint8(1))
	}
	f.Fuzz(func(t *testing.T, wire []byte, cut uint8) {
		if len(wire) > 1<<16 {
			return
		}
		want := ends(wire)
		var whole, parts Follower
		for i := 0; i < len(wire); i++ {
			whole.Feed(wire[i : i+1])
			if whole.Between() != want[i+1] {
				t.Fatalf("behind %q: %t, the reader says %t", wire[:i+1], whole.Between(), want[i+1])
			}
		}
		for at, to := 0, 0; at < len(wire); at = to {
			to = min(at+int(cut)+1, len(wire))
			if left := parts.Literal(); left > 0 {
				to = int(min(int64(to), int64(at)+left))
				parts.Skip(int64(to - at))
			} else {
				parts.Feed(wire[at:to])
			}
			if parts.Between() != want[to] {
				t.Fatalf("in pieces of %d, behind %q: %t", int(cut)+1, wire[:to], parts.Between())
			}
		}
		if whole.Literal() != parts.Literal() {
			t.Fatalf("%d bytes are left of a literal, or %d", whole.Literal(), parts.Literal())
		}
	})
}

func BenchmarkFollower(b *testing.B) {
	for name, wire := range map[string][]byte{
		"flags":  bytes.Repeat([]byte("* 12345 FETCH (UID 123456 FLAGS (\\Seen))\r\n"), 1500),
		"bodies": bytes.Repeat(append([]byte("* 12345 FETCH (UID 1 BODY[] {4096}\r\n"), append(bytes.Repeat([]byte("x"), 4096), ")\r\n"...)...), 16),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(wire)))
			for b.Loop() {
				var f Follower
				f.Feed(wire)
			}
		})
	}
}
