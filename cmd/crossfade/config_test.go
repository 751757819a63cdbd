package main

import (
	"testing"

	"github.com/alecthomas/kong"
)

// TestSettingNames: every setting has the same name as a flag as it has in the file.
func TestSettingNames(t *testing.T) {
	var c cli
	parser, err := kong.New(&c, kong.Name("crossfade"))
	if err != nil {
		t.Fatal(err)
	}
	flags := map[string]bool{}
	for _, n := range parser.Model.Children {
		if n.Name == "serve" {
			for _, f := range n.Flags {
				flags[f.Name] = true
			}
		}
	}
	for _, name := range known() {
		if !flags[name] {
			t.Errorf("there is no flag --%s", name)
		}
	}
}
