//go:build integration

package main

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"

	"crossfade/internal/testbed"
)

// program is a mail program that always does the same things in a user's mailbox. dir is where it keeps what it knows;
// what it says is the same whatever the UIDs are.
type program struct {
	name string
	work func(addr, user, dir string) (said []byte, err error)
}

var (
	imapflow = program{"imapflow", func(addr, user, _ string) ([]byte, error) {
		cache := cmp.Or(os.Getenv("CROSSFADE_TEST_CACHE"), "/var/cache/crossfade-test")
		return runProgram(addr, "env", "NODE_PATH="+filepath.Join(cache, "imapflow/node_modules"), "node", "../../testdata/clients/imapflow/work.js", "PORT", user, testbed.Pass)
	}}
	offlineimap = program{"offlineimap", func(addr, user, dir string) ([]byte, error) {
		return runProgram(addr, "python3", "../../testdata/clients/offlineimap.py", "work", "PORT", user, testbed.Pass, dir)
	}}
	neomutt = program{"neomutt", func(addr, user, dir string) ([]byte, error) {
		return runProgram(addr, "python3", "../../testdata/clients/neomutt.py", "PORT", user, testbed.Pass, dir)
	}}
	thunderbird = program{"thunderbird", func(addr, user, dir string) ([]byte, error) {
		return runProgram(addr, "python3", "../../testdata/clients/thunderbird.py", "PORT", user, testbed.Pass, dir)
	}}
)

var kindOfNo = regexp.MustCompile(`^(\S+(?: \S+)?) (NO|BAD)`)

// kinds leaves out the words of refusals, and codes: Dovecot has none for a folder that is not there.
func kinds(refused []string) (out []string) {
	for _, no := range refused {
		out = append(out, kindOfNo.FindString(no))
	}
	return out
}
