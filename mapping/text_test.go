package mapping

import "testing"

// TestTextSum: headers and the spelling of line ends make no difference, anything else does, and it does not matter how
// the bytes are cut.
func TestTextSum(t *testing.T) {
	sum := func(text string, step int) [16]byte {
		s := NewTextSum()
		for len(text) > 0 {
			n := min(step, len(text))
			_, _ = s.Write([]byte(text[:n]))
			text = text[n:]
		}
		return s.Digest()
	}
	const text = "A: b\r\nC: d\r\n\r\none\r\n\r\ntwo\r\n"
	for _, c := range []struct {
		text string
		same bool
	}{
		{text, true},
		{"X: y\r\n" + text, true},
		{"\r\none\r\n\r\ntwo\r\n", true},
		{"A: b\n\none\n\ntwo\n", true},
		{"A: b\n\none\n\ntwo\n\n\n", true},
		{"A: b\n\none\n\ntwo", true},
		{"A: b\n\none\ntwo\n", false},
		{"A: b\n\none\n\ntwo ", false},
		{"A: b\n\none\n\r\rtwo\n", false},
		{"A: b\none\n\ntwo\n", false},
		{"", false},
	} {
		for _, step := range []int{1, 2, 3, 100} {
			if (sum(c.text, step) == sum(text, 100)) != c.same {
				t.Errorf("%q in steps of %d: same is not %v", c.text, step, c.same)
			}
		}
	}
}
