package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "benchmove:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	tools   []string
	sizes   []size
	delays  []time.Duration
	single  bool // also without MULTIAPPEND
	runs    int
	dir     string
	binary  string
	verbose bool
	limit   time.Duration
}

// size is a mailbox to move.
type size struct{ count, bytes int }

func (s size) String() string {
	if s.bytes%1024 == 0 {
		return fmt.Sprintf("%dx%dKB", s.count, s.bytes/1024)
	}
	return fmt.Sprintf("%dx%d", s.count, s.bytes)
}

func parseSize(text string) (size, error) {
	count, bytes, ok := strings.Cut(strings.ToUpper(text), "X")
	number, unit := strings.TrimSuffix(bytes, "KB"), 1
	if number != bytes {
		unit = 1 << 10
	}
	c, err := strconv.Atoi(count)
	b, err2 := strconv.Atoi(number)
	if !ok || errors.Join(err, err2) != nil || c < 1 || b*unit < 512 {
		return size{}, fmt.Errorf("-sizes: %q: say COUNTxBYTES or COUNTxNKB, at least 512 bytes each", text)
	}
	return size{c, b * unit}, nil
}

func parse(args []string) (o options, err error) {
	fs := flag.NewFlagSet("benchmove", flag.ContinueOnError)
	tools := fs.String("tools", "crossfade,mbsync,doveadm,offlineimap,imapsync", "what to compare; imapsync is the program that the environment's IMAPSYNC names")
	sizes := fs.String("sizes", "10000x4KB,500x400KB,300000x1KB", "mailboxes, COUNTxBYTES")
	delays := fs.String("delays", "0,20,100", "round trips added between tool and source, in ms; \"\" leaves only -single")
	fs.BoolVar(&o.single, "single", true, "try the first size also with a destination without MULTIAPPEND")
	fs.IntVar(&o.runs, "runs", 1, "runs of each; the median counts")
	fs.StringVar(&o.dir, "dir", "/dev/shm", "where the servers keep their mail and the tools their state")
	fs.StringVar(&o.binary, "crossfade", "", "the program to measure (default: built from this tree)")
	fs.BoolVar(&o.verbose, "v", false, "print each run as it ends, and what a tool says that fails")
	fs.DurationVar(&o.limit, "limit", 5*time.Minute, "longest time for one run")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	for _, s := range strings.Split(*sizes, ",") {
		parsed, err := parseSize(s)
		if err != nil {
			return o, err
		}
		o.sizes = append(o.sizes, parsed)
	}
	for _, d := range strings.FieldsFunc(*delays, func(r rune) bool { return r == ',' }) {
		ms, err := strconv.Atoi(d)
		if err != nil || ms < 0 {
			return o, fmt.Errorf("-delays: %q is no number of milliseconds", d)
		}
		o.delays = append(o.delays, time.Duration(ms)*time.Millisecond)
	}
	o.runs = max(1, o.runs)
	for _, name := range strings.Split(*tools, ",") {
		if !slices.ContainsFunc(allTools(), func(t tool) bool { return t.name == name }) {
			return o, fmt.Errorf("-tools: there is no %q", name)
		}
		o.tools = append(o.tools, name)
	}
	if st, err := os.Stat(o.dir); err != nil || !st.IsDir() {
		fmt.Fprintf(os.Stderr, "benchmove: %s is no directory: the disk at %s is measured too\n", o.dir, os.TempDir())
		o.dir = os.TempDir()
	}
	return o, nil
}

// tb lets the testbed, which is made for tests, serve a program.
type tb struct {
	testing.TB // nil: what is not below is not used
	cleanups   []func()
	failed     error
}

func (t *tb) Helper()                      {}
func (t *tb) Cleanup(f func())             { t.cleanups = append(t.cleanups, f) }
func (t *tb) Failed() bool                 { return t.failed != nil }
func (t *tb) Logf(f string, args ...any)   { fmt.Fprintf(os.Stderr, f+"\n", args...) }
func (t *tb) Errorf(f string, args ...any) { t.failed = errors.Join(t.failed, fmt.Errorf(f, args...)) }
func (t *tb) Fatal(args ...any)            { t.Errorf("%s", fmt.Sprint(args...)); runtime.Goexit() }
func (t *tb) Fatalf(f string, args ...any) { t.Errorf(f, args...); runtime.Goexit() }
func (t *tb) clean() {
	for _, f := range slices.Backward(t.cleanups) {
		f()
	}
}

// with runs work with a testbed's TB and cleans up behind it.
func with(work func(t *tb) error) error {
	t := &tb{}
	done := make(chan struct{})
	go func() { // Fatal ends a goroutine
		defer close(done)
		defer t.clean()
		if err := work(t); err != nil {
			t.failed = errors.Join(t.failed, err)
		}
	}()
	<-done
	return t.failed
}

// run makes the table.
func run(args []string) error {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp(o.dir, "cf") // short: the servers make Unix sockets below
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }() // all that counts has been printed
	if err := os.Chmod(work, 0o755); err != nil {
		return err
	}
	if err := os.Setenv("TMPDIR", work); err != nil { // the testbed and all tools work in there
		return err
	}
	if o.binary == "" {
		o.binary = filepath.Join(work, "crossfade")
		if out, err := exec.Command("go", "build", "-o", o.binary, "./cmd/crossfade").CombinedOutput(); err != nil {
			return fmt.Errorf("go build: %w\n%s", err, out)
		}
	}
	var rows []row
	for i, s := range o.sizes {
		err := with(func(t *tb) error {
			b := newBench(t, o, s, work)
			defer func() { rows = append(rows, b.rows...) }()
			return b.all(i == 0 && o.single)
		})
		if err != nil {
			print(rows)
			return err
		}
	}
	print(rows)
	return nil
}
