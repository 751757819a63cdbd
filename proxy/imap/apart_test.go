package imap

import (
	"strings"
	"testing"
)

// TestApart: what is run apart has been done when apart returns, and its panic is the caller's.
func TestApart(t *testing.T) {
	ran := false
	apart(func() { ran = true })
	if !ran {
		t.Error("it was not waited for")
	}
	defer func() {
		if p, ok := recover().(string); !ok || !strings.HasPrefix(p, "ouch\n") || !strings.Contains(p, "TestApart") {
			t.Errorf("the caller's net caught %v", p)
		}
	}()
	apart(func() { panic("ouch") })
}
