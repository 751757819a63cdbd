package spool

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
	"testing"

	"crossfade/internal/durable"
	"crossfade/mapping"
	"crossfade/store"
)

// way is one of the ways into a room: Room.Read or Ahead.Read.
type way func(ctx context.Context, size int64, body io.Reader) (*Message, error)

// TestMessagesComeOutAsTheyWent: whichever way a body takes, its bytes are given as often as they are asked for, its hash
// and its Message-ID are those of the bytes, and its room is given back.
func TestMessagesComeOutAsTheyWent(t *testing.T) {
	r := NewRoom(2*inMemoryMost, durable.NewSpool(t.TempDir(), 0)) // not enough for all that are read alone
	ahead := r.NewAhead(1)
	var held []*Message
	for _, c := range []struct {
		name string
		in   way
		size int
	}{
		{"ahead, small", ahead.Read, 1000},
		{"ahead, nothing", ahead.Read, 0},
		{"ahead, large", ahead.Read, 2 * inMemoryMost},
		{"alone, nothing", r.Read, 0},
		{"alone, small", r.Read, 1000},
		{"alone, all there is", r.Read, inMemoryMost - 2000},
		{"alone, no room in memory", r.Read, inMemoryMost - 2000},
		{"alone, large", r.Read, 2 * inMemoryMost},
	} {
		body := bytes.Repeat([]byte("Subject: a\r\nMessage-ID: <a@example.test>\r\n\r\n\x00text "), c.size/50+1)[:c.size]
		m, err := c.in(t.Context(), int64(c.size), bytes.NewReader(body))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		held = append(held, m)
		sum := sha256.Sum256(body)
		if m.Size != int64(c.size) || m.Hash != [16]byte(sum[:16]) || m.MsgID != mapping.MessageIDFromHeader(body[:min(c.size, 45)]) {
			t.Errorf("%s: told as %d bytes, %x, %v", c.name, m.Size, m.Hash, m.MsgID)
		}
		for range 2 {
			if got := bytesOf(t, m); !bytes.Equal(got, body) {
				t.Errorf("%s: %d bytes came out as %d others", c.name, c.size, len(got))
			}
		}
	}
	for _, m := range held {
		m.Close()
		m.Close() // takes nothing from others
	}
	ahead.Drop()
	if n := r.InUse(); n != 0 {
		t.Errorf("%d bytes are taken by nobody", n)
	}
}

func bytesOf(t *testing.T, m *Message) []byte {
	t.Helper()
	r, err := m.Open()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestShortBodyIsNoMessage: a body that ends early, or cannot be kept, is an error, and leaves nothing behind.
func TestShortBodyIsNoMessage(t *testing.T) {
	r := NewRoom(shareLeast, durable.NewSpool(t.TempDir(), 0))
	ahead := r.NewAhead(1)
	for name, in := range map[string]way{"alone": r.Read, "ahead": ahead.Read} {
		for _, size := range []int64{10, inMemoryMost + 1} {
			if _, err := in(t.Context(), size, strings.NewReader("abc")); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s, 3 of %d bytes: %v", name, size, err)
			}
			full := io.MultiReader(strings.NewReader("abc"), failing{store.ErrFull})
			if _, err := in(t.Context(), size, full); !errors.Is(err, store.ErrFull) {
				t.Errorf("%s, %d bytes on a full disk: %v", name, size, err)
			}
		}
	}
	ahead.Drop()
	if n := r.InUse(); n != 0 {
		t.Errorf("%d bytes are taken by nobody", n)
	}
}

type failing struct{ err error }

func (r failing) Read([]byte) (int, error) { return 0, r.err }
