package mapping

import (
	"flag"
	"os"
	"testing"
)

// TestMain lets rapid draw more than its 100 cases, which random trees need; -rapid.checks still rules.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("1500"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
