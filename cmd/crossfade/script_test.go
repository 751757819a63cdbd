package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(sideBySide{m}, map[string]func(){"crossfade": main})
}

// sideBySide runs more tests at a time than there are processors, unless -parallel says how many: those with servers of
// their own wait most of the time, for mail on slow lines, for what is killed to come back, for the next look.
type sideBySide struct{ *testing.M }

func (s sideBySide) Run() int {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		if err := flag.Set("test.parallel", strconv.Itoa(max(4, 2*runtime.GOMAXPROCS(0)))); err != nil {
			panic(err) // there is no such flag: this is not a test
		}
	}
	return s.M.Run()
}

// TestScripts plays the stories in testdata/script with the real command line. 'exits N command...' wants that
// exit code; 'oneline' wants that the last command said one line on standard error.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("TMPDIR", env.WorkDir) // state directories and sockets
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"oneline": oneline,
			"mode":    mode,
		},
	})
}

// exits runs a command and compares its exit code, which testscript's own exec does not tell.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N command...")
	}
	// The shell writes the code behind the command's own output, in a file.
	quoted := ""
	for _, a := range args[1:] {
		quoted += " '" + a + "'"
	}
	ts.Check(ts.Exec("sh", "-c", quoted[1:]+`; echo $? >"$WORK/.code"`))
	code, err := os.ReadFile(ts.MkAbs(ts.Getenv("WORK") + "/.code"))
	ts.Check(err)
	if got := string(code); got != args[0]+"\n" {
		ts.Fatalf("exit code %swanted %s; it said:\n%s%s", got, args[0], ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// oneline wants exactly one line on standard error, of the program's own.
func oneline(ts *testscript.TestScript, neg bool, _ []string) {
	text := ts.ReadFile("stderr")
	lines := 0
	for _, c := range text {
		if c == '\n' {
			lines++
		}
	}
	if got := lines == 1 && len(text) > 11 && text[:11] == "crossfade: "; got == neg {
		ts.Fatalf("standard error is not one line of crossfade:\n%s", text)
	}
}

// mode wants a file to have these permissions, in octal.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode 0600 file")
	}
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
		ts.Fatalf("%s has mode %s, want %s", args[1], got, args[0])
	}
}
