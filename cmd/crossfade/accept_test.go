package main

import (
	"slices"
	"strings"
	"testing"
)

func TestAccept(t *testing.T) {
	e := &fakeEngine{}
	state := control(t, e)
	for _, c := range []struct {
		args []string
		code int
		out  string
		errs string
	}{
		{[]string{"--folder", "Alt & Neu"}, exitWell, "7 messages stay deleted\n", ""},
		{[]string{"--folder", "Alt & Neu", "--copy-again", "--json"}, exitWell, `{"account":"a@x","folder":"Alt \u0026 Neu","done":"7 messages stay deleted"}` + "\n", ""},
		{[]string{"--whole"}, exitWell, "1 mailbox\n", ""},
		{[]string{"--whole", "--folder", "Alt"}, exitUsage, "", "--whole"},
		{[]string{"--account", ""}, exitUsage, "", "whose"},
		{[]string{"--folder", "Calm"}, exitFailed, "", "nothing waits"},
	} {
		code, out, errs := call(append([]string{"accept", "--state", state, "--account", "a@x"}, c.args...)...)
		if code != c.code || out != c.out || !strings.Contains(errs, c.errs) {
			t.Errorf("%q: %d %q %q", c.args, code, out, errs)
		}
	}
	if want := []string{"accept a@x Alt & Neu false", "accept a@x Alt & Neu true", "whole a@x"}; !slices.Equal(e.asked, want) {
		t.Errorf("asked %q", e.asked)
	}
}
