package imap

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"crossfade/internal/durable"
)

// TestFullDiskIsTold: a client reads that it may try again, and the spool says so before a large message is taken.
func TestFullDiskIsTold(t *testing.T) {
	room := durable.NewSpool(t.TempDir(), math.MaxInt64/2)
	_, spoolErr := newSpool(room, inMemory+1, strings.NewReader(""))
	for _, err := range []error{spoolErr, fmt.Errorf("store: %w", durable.ErrFull)} {
		a, unexpected := explain(err, false)
		if a.status != "NO" || a.code != "UNAVAILABLE" || a.text != textFull || !unexpected {
			t.Errorf("%v is answered with %+v", err, a)
		}
	}
	if sp, err := newSpool(room, 4, strings.NewReader("text")); err != nil || string(sp.mem) != "text" {
		t.Error("a small message needs no disk:", err)
	}
}
