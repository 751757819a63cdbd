//go:build integration

package main

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"crossfade/internal/faults"
)

// runProgram is runClient; PORT stands for the address's port.
func runProgram(addr, name string, args ...string) ([]byte, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if i := slices.Index(args, "PORT"); i >= 0 {
		args[i] = port
	}
	return runClient(nil, name, args...)
}

// tap is a way to a server or a proxy that hears what is said.
type tap struct {
	addr string

	mu     sync.Mutex
	verbs  map[string]string // by tag: of commands that were not answered yet
	no     []string
	bodies int
}

func newTap(t *testing.T, to string) *tap {
	t.Helper()
	r := faults.NewRelay(t, to, 0)
	x := &tap{addr: r.Addr, verbs: map[string]string{}}
	r.Filter(faults.ToServer, x.command)
	r.Filter(faults.ToClient, x.answer)
	return x
}

func (x *tap) command(line string, _ func(string)) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	words := strings.SplitN(strings.ToUpper(line), " ", 4)
	if len(words) > 2 && words[1] == "UID" {
		words[1] += " " + words[2]
	}
	if len(words) > 1 {
		x.verbs[strings.ToUpper(words[0])] = words[1]
	}
	return []string{line}
}

var (
	wholeBody  = regexp.MustCompile(`(?i)^\* \d+ FETCH \(.*\b(BODY\[\]|RFC822)[ <]`)
	refusal    = regexp.MustCompile(`(?i)^(\S+) (NO|BAD) (.*)$`)
	untaggedNo = []string{"*", "+"}
)

func (x *tap) answer(line string, _ func(string)) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	if m := refusal.FindStringSubmatch(line); m != nil && !slices.Contains(untaggedNo, m[1]) {
		x.no = append(x.no, fmt.Sprintf("%s %s %s", x.verbs[strings.ToUpper(m[1])], strings.ToUpper(m[2]), m[3]))
	}
	if wholeBody.MatchString(line) {
		x.bodies++
	}
	return []string{line}
}

// refused is what was answered NO or BAD, with the command's verb, sorted.
func (x *tap) refused() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Sorted(slices.Values(x.no))
}

// read is how many whole messages were, since the last call.
func (x *tap) read() (n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	n, x.bodies = x.bodies, 0
	return n
}
