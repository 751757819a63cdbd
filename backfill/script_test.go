package backfill

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"crossfade/mapping"
)

// soak is how many times the usual count a test runs: 1, or CROSSFADE_SOAK.
func soak() int {
	if n, err := strconv.Atoi(os.Getenv("CROSSFADE_SOAK")); err == nil && n > 0 {
		return n
	}
	return 1
}

// fates are the states in which each message may end: by its short name, the alternatives, each of them the
// sorted places "folder|flags" where it must be, once each.
type fates map[string][]string

func place(folder string, flags ...string) string {
	return folder + "|" + string(mapping.NewFlags(flags...))
}

func places(p ...string) string {
	slices.Sort(p)
	return strings.Join(p, "; ")
}

// then is a command's effect: what was answered with OK must have happened, what failed may have.
func (f fates) then(id string, err error, after ...string) {
	now := places(after...)
	if err != nil {
		f[id] = append(f[id], now)
		return
	}
	f[id] = []string{now}
}

// script is what a client does while its mail is moved, and what happens on the source meanwhile. It stops at the first
// error, as the process died.
type script struct {
	*bed
	kv  mortal
	f   fates
	s   *Session
	m   *Mailbox
	err error
}

// step is one command on the message with that UID and number.
func (c *script) step(uid uint32, after []string, do func(uids []uint32) error) {
	if c.err == nil {
		c.err = do([]uint32{uid})
		c.f.then(name(int(uid)), c.err, after...)
	}
}

func (c *script) flag(uids []uint32) error {
	return c.m.Store(c.t.Context(), uids, FlagsAdd, mapping.NewFlags(`\Flagged`, "$Todo"))
}

func (c *script) copyTo(to string) func([]uint32) error {
	return func(uids []uint32) error { _, err := c.m.Copy(c.t.Context(), uids, to); return err }
}

func (c *script) moveTo(to string) func([]uint32) error {
	return func(uids []uint32) error { _, err := c.m.Move(c.t.Context(), uids, to); return err }
}

func (c *script) expunge(uids []uint32) error { return c.m.Expunge(c.t.Context(), uids) }

// add appends a message; one that failed may be there or not.
func (c *script) add(id int, folder string) {
	if c.err == nil {
		_, _, c.err = c.s.Append(c.t.Context(), folder, []AppendItem{item(message(id, "mine"), `\Seen`, "$Mine")})
		c.f.then(name(id), c.err, place(folder, `\Seen`, "$Mine"))
		if c.err != nil {
			c.f[name(id)] = append(c.f[name(id)], "")
		}
	}
}

// round is one of every command, on the messages first to first + 5 of INBOX.
func (c *script) round(first uint32) {
	c.step(first, []string{place("INBOX", `\Seen`, `\Flagged`, "$Todo")}, c.flag)
	c.step(first+1, nil, c.expunge)
	c.step(first+2, []string{place("Kunden", `\Seen`)}, c.moveTo("Kunden"))
	c.step(first+3, []string{place("INBOX", `\Seen`), place("Sent Items", `\Seen`)}, c.copyTo("Sent Items"))
	c.step(first+4, []string{place("INBOX", `\Seen`), place("INBOX", `\Seen`)}, c.copyTo("INBOX"))
	c.step(first+5, []string{place("Plain", `\Seen`)}, c.moveTo("Plain"))
}

// source is what an old client does on the source: whether that is seen before the message is copied, chance decides.
func (c *script) source() {
	c.src.with("INBOX", func(box *fakeBox) {
		box.put(message(60, "late"))
		c.f[name(60)] = []string{place("INBOX")}
		box.mark(16, `\Seen`, `\Answered`)
		c.f[name(16)] = []string{place("INBOX", `\Seen`, `\Answered`)}
		box.remove(17)
		c.f[name(17)] = []string{place("INBOX", `\Seen`), ""}
	})
}

// flying waits until the first APPEND to INBOX is under way, has do run while it is, and lets it go on.
func (c *script) flying(do func()) {
	in, out := make(chan struct{}), make(chan struct{})
	var first sync.Once
	c.dst.set(func() {
		c.dst.onAppend = func(box string, _ int) {
			if box == "INBOX" {
				first.Do(func() { close(in); <-out })
			}
		}
	})
	c.e.Release()
	select {
	case <-in:
		do()
	case <-c.kv.ended():
	}
	close(out)
}

// run is the script.
func (c *script) run() {
	if c.s, c.err = c.e.Login(c.t.Context(), "Ann@example.test", "pw"); c.err != nil {
		return
	}
	if c.m, c.err = c.s.Open(c.t.Context(), "INBOX", false); c.err != nil {
		return
	}
	defer c.m.Close()
	c.round(10)
	c.add(901, "Kunden")
	c.source()
	c.flying(func() {
		c.step(50, []string{place("INBOX", `\Seen`, `\Flagged`, "$Todo")}, c.flag)
		c.step(51, nil, c.expunge)
		c.step(52, []string{place("Kunden", `\Seen`)}, c.moveTo("Kunden"))
	})
	c.round(20)
	c.add(902, "INBOX")
	c.add(904, "Sent Items")
	c.round(30)
	if c.err == nil {
		c.err = c.copied()
	}
	c.round(40)
	c.add(903, "Plain")
}

// copied waits until all is copied or the process is dead.
func (c *script) copied() error {
	for !c.e.Status().Done {
		select {
		case <-c.kv.ended():
			return errDead
		case <-c.t.Context().Done():
			return c.t.Context().Err()
		case <-tick():
		}
	}
	return nil
}

// name is how message(id, ...) is called in fates.
func name(id int) string { return fmt.Sprintf("<%d@test>", id) }

// refusedID is a message that the destination never takes.
const refusedID = 88
