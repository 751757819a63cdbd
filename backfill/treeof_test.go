package backfill

import (
	"testing"

	"github.com/emersion/go-imap/v2"

	"crossfade/mapping"
)

// What a server's capabilities tell of it reaches the mapping; without any the folders alone tell.
func TestTreeOfServer(t *testing.T) {
	caps := imap.CapSet{"IMAP4rev1": {}, "X-GM-EXT-1": {}}
	if got := TreeOf(nil, Features{Caps: caps}).Server; got != mapping.Gmail {
		t.Errorf("Gmail is %q", got)
	}
	if got := TreeOf(nil, Features{}).Server; got != "" {
		t.Errorf("an unknown server is %q", got)
	}
}
